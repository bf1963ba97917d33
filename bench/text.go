package main

import (
	"fmt"
	"regexp"
	"strings"
	"text/tabwriter"
)

// padding is what tabwriter leaves at the end of a line whose last cells are empty.
var padding = regexp.MustCompile(`(?m) +$`)

// String is the table as people read it: the note, and a line for each row if there are any.
func (t *table) String() string {
	var b strings.Builder
	if t.Note != "" {
		fmt.Fprintf(&b, "%s: %s\n", t.Case, t.Note)
	}
	if len(t.Rows) == 0 {
		return b.String()
	}
	w := tabwriter.NewWriter(&b, 0, 0, 3, ' ', 0)
	fmt.Fprintf(w, "%s, %d rounds\t%s\t\tratio\t\ttarget\n", t.Case, t.Rounds, t.Unit)
	for _, row := range t.Rows {
		fmt.Fprintln(w, row)
	}
	_ = w.Flush() // into memory, where nothing fails
	return padding.ReplaceAllString(b.String(), "")
}

// String is a line of a table, with tabs between the cells. Empty cells have theirs too: a line without them would
// end the column for the lines below.
func (r row) String() string {
	ratio, target := "\t", ""
	if r.Ratio != nil {
		ratio = r.Ratio.format(3)
	}
	if r.Target != nil {
		target = r.Target.String()
	}
	return fmt.Sprintf("  %s\t%s\t%s\t%s", r.Name, r.Value.format(decimals(r.Value.Median)), ratio, target)
}

// format is two cells: the median and the percentiles, with so many decimals.
func (s spread) format(decimals int) string {
	return fmt.Sprintf("%.*f\t(%.*f – %.*f)", decimals, s.Median, decimals, s.P10, decimals, s.P90)
}

// decimals returns how many decimals make three digits of a value, or all before the point.
func decimals(v float64) int {
	switch {
	case v >= 100:
		return 0
	case v >= 10:
		return 1
	}
	return 2
}
