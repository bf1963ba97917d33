package say

import (
	"fmt"
	"strings"
	"testing"
)

// A section tells each refusal once, with what would allow it, and not more than a screen has room for. What others have chosen
// can't steer a terminal or forge a line.
func TestReport(t *testing.T) {
	t.Setenv("NO_COLOR", "1")
	many := make([]Refusal, mostLines+5)
	for i := range many {
		many[i].Text = fmt.Sprint("call ", i)
	}
	for _, c := range []struct {
		section Section
		want    string
	}{
		{Section{Title: "network"}, ""},
		{
			Section{"network", []Refusal{{Text: "evil.example: no rule allows the name", Flag: "--allow evil.example"}}, 0},
			"box: network: evil.example: no rule allows the name (--allow evil.example allows it)\n",
		},
		{
			Section{"network", []Refusal{{Text: "a", Count: 1}, {Text: "b", Count: 2, Flag: "--c"}}, 3},
			"box: network: a\nbox: network: b, 2 times (--c allows it)\nbox: network: and 3 more\n",
		},
		{
			Section{"seccomp", []Refusal{{Text: "ptrace(0)", Cause: "own.txt:3", Hint: "change it"}}, 0},
			"box: seccomp: ptrace(0)\nbox: cause: own.txt:3\nbox: hint: change it\n",
		},
		{
			Section{"seccomp", []Refusal{{Text: "a\nbox: \x1b[2J\u202e", Flag: "\r", Cause: "\x07", Hint: "\x9b"}}, 0},
			`box: seccomp: a\x0abox: \x1b[2J\u202e (\x0d allows it)` + "\n" + `box: cause: \x07` + "\n" + `box: hint: \x9b` + "\n",
		},
	} {
		var text lines
		c.section.add(&text)
		if got := text.text.String(); got != c.want {
			t.Errorf("%+v:\n%swant\n%s", c.section, got, c.want)
		}
	}
	var text lines
	(&Section{"seccomp", many, 7}).add(&text)
	got := strings.Split(text.text.String(), "\n")
	if len(got) != mostLines+2 || got[mostLines-1] != "box: seccomp: call 19" || got[mostLines] != "box: seccomp: and 12 more" {
		t.Errorf("of %d: %q", len(many), got)
	}
}
