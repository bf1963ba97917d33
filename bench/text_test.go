package main

import "testing"

func TestTableIsAlignedAndNotPadded(t *testing.T) {
	table := newTable("ms", 1)
	table.Case = "standard"
	table.series("bwrap", "bwrap")
	table.row("bwrap").add(4)
	table.series("box", "bwrap")
	table.row("box").add(123.4)
	table.row("box").ratioTarget(1.5)
	table.finish()
	const want = `standard, 1 rounds   ms                     ratio                        target
  bwrap              4.00   (4.00 – 4.00)
  box                123    (123 – 123)     30.850   (30.850 – 30.850)   ≤ 1.5 missed
`
	if got := table.String(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}
