package say

import (
	"fmt"
	"os"
	"strings"
)

// Section is a part of the report that box gives when a sandbox has ended and the terminal is as it was: what was refused, each
// thing once, with the flag that would allow it.
type Section struct {
	Title string
	Lines []Refusal
	More  int // what there was no room for
}

// Refusal is a line of it. Text and what follows it may be what others have chosen, and are escaped.
type Refusal struct {
	Text  string
	Count int    // how often, if more than once
	Flag  string // what would allow it, or ""
	Cause string // a line of its own, or ""
	Hint  string // another one, where no flag would allow it
}

// mostLines is how many refusals of a section are told.
const mostLines = 20

// String returns the line without the name of the program.
func (r *Refusal) String() string {
	var line strings.Builder
	line.WriteString(r.Text)
	if r.Count > 1 {
		fmt.Fprintf(&line, ", %d times", r.Count)
	}
	if r.Flag != "" {
		fmt.Fprintf(&line, " (%s allows it)", r.Flag)
	}
	return line.String()
}

// Sum prints sections on stderr, at once, and nothing for those without lines.
func Sum(sections ...Section) {
	var text lines
	for i := range sections {
		sections[i].add(&text)
	}
	text.print()
}

func (s *Section) add(text *lines) {
	told := s.Lines[:min(len(s.Lines), mostLines)]
	for i := range told {
		r := &told[i]
		text.add("", "", s.Title+": "+r.String())
		text.add(yellow, "cause: ", r.Cause)
		text.add(cyan, "hint: ", r.Hint)
	}
	if more := len(s.Lines) - len(told) + s.More; more > 0 {
		text.add("", "", fmt.Sprintf("%s: and %d more", s.Title, more))
	}
}

// lines is what is printed in one piece, so that no line of the command comes between those that belong together.
type lines struct{ text strings.Builder }

// The colours of labels, see console_codes(4).
const yellow, cyan = "33", "36"

// add adds a line, if there is anything to say.
func (l *lines) add(colour, label, s string) {
	if s == "" {
		return
	}
	if label != "" && colours() {
		label = "\x1b[" + colour + "m" + label + "\x1b[0m"
	}
	fmt.Fprintf(&l.text, "box: %s%s\n", label, Visible(s))
}

func (l *lines) print() {
	if l.text.Len() > 0 {
		fmt.Fprint(os.Stderr, l.text.String())
	}
}
