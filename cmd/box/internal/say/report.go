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
}

// Refusal is a line of it. Text is what others may have chosen, and is escaped.
type Refusal struct {
	Text  string
	Flag  string // what would allow it, or ""
	Count int    // how often
}

// mostLines is how many lines a section has.
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
	var text strings.Builder
	for _, s := range sections {
		for i := range s.Lines {
			if i == mostLines {
				fmt.Fprintf(&text, "box: %s: and %d more\n", s.Title, len(s.Lines)-i)
				break
			}
			fmt.Fprintf(&text, "box: %s: %s\n", s.Title, Visible(s.Lines[i].String()))
		}
	}
	if text.Len() > 0 {
		fmt.Fprint(os.Stderr, text.String())
	}
}
