package relay

import (
	"fmt"
	"strings"
)

// Line is something that was refused, or that could not be reached.
type Line struct {
	Text  string // without control characters
	Flag  string // the flag of box that allows it, or ""
	Count int    // how often
	Told  bool   // Config.Tell has had it
}

// The bounds of the report.
const (
	maxReport = 64 << 10 // bytes of text
	maxTold   = 20       // lines that are told at once
)

// report collects lines.
type report struct {
	at    map[string]int // by Text
	all   []Line
	bytes int
	more  int // what there was no room for
	told  int
}

// add counts a line. The first time of a line is told at once.
func (r *report) add(text, flag string, tell func(Line)) {
	if r.at == nil {
		r.at = map[string]int{}
	}
	if i, ok := r.at[text]; ok {
		r.all[i].Count++
		return
	}
	if r.bytes+len(text)+len(flag) > maxReport {
		r.more++
		return
	}
	r.bytes += len(text) + len(flag)
	line := Line{Text: text, Flag: flag, Count: 1, Told: tell != nil && r.told < maxTold}
	r.at[text] = len(r.all)
	r.all = append(r.all, line)
	if line.Told {
		r.told++
		tell(line)
	}
}

// refuse notes a connection that is refused.
func (r *Relay) refuse(v verdict) {
	r.log.refused(&v)
	if !v.quiet {
		r.report.add(v.subject()+": "+v.reason, v.flag, r.tell)
	}
}

// unreached notes a connection that is allowed and fails. What leads to a private network by a rule about many names is allowed by
// one about its name alone.
func (r *Relay) unreached(v *verdict, why string) {
	flag := ""
	if v.forbidden {
		v.reason = why
		if strings.Contains(why, "private") {
			flag = allowFlag(v.name, v.port)
		}
	}
	r.report.add(v.subject()+": "+why, flag, r.tell)
}

// escape makes text of the sandbox's fit for a terminal and a line: what is not printable ASCII becomes \xNN.
func escape(text string) string {
	var b strings.Builder
	for i := range len(text) {
		if c := text[i]; c < ' ' || c > '~' || c == '\\' {
			fmt.Fprintf(&b, `\x%02x`, c)
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}
