// Package policy reads seccomp policies, which are text, and says what they mean: which call ends how.
//
// It makes no programs and knows no system: packages bpf and libseccomp compile what it says, and package proof compares.
package policy

import (
	"slices"
	"strings"
)

// Version is the version of the format that this package reads; each text begins with it.
const Version = "1"

// Limits of a text: it is checked at each start, and whoever wrote it isn't believed.
const (
	maxText  = 1 << 20 // bytes, in each file
	maxDepth = 16      // of includes
)

// Policy is a policy as its text says it, with what it includes.
type Policy struct {
	Name     string // of the file, or of a built-in
	Default  *Rule  // the line that decides for what no rule names
	arches   []*Arch
	archLine *Rule // where arches are named
	includes []*Policy
	rules    []*Rule
}

// Rule is a line of a policy: an action for calls, perhaps under conditions.
type Rule struct {
	File   string
	Line   int
	Text   string // the line as written, without comment
	Action Action
	Conds  []Cond // all must hold; none: the rule decides where no rule with conditions does
	terms  []term
}

// term is a word of a rule that stands for calls.
type term struct {
	word   string
	name   string // of a call, empty if it has none
	number uint32 // where byNumber
	kind   termKind
}

type termKind uint8

const (
	byName termKind = iota
	byNumber
	byGroup
)

// Parse reads a policy: name is what errors and rules call its file, and include gives the text of what it includes. A
// name with a slash or a dot is a file, relative to the one that includes it; others are built-in policies. The error is
// an *Error.
//
// What Parse returns is checked for each architecture that it is for: For fails with the others only.
func Parse(name string, text []byte, include func(name string) ([]byte, error)) (*Policy, error) {
	p := &Policy{Name: name}
	if err := p.parse(text, include, nil); err != nil {
		return nil, err
	}
	if err := p.check(); err != nil {
		return nil, err
	}
	return p, nil
}

// Over returns a policy with more lines, in the same format, which take the place of its own about the same calls.
func (p *Policy) Over(name, text string) (*Policy, error) {
	more := &Policy{Name: name, includes: []*Policy{p}}
	if err := more.parse([]byte(text), nil, nil); err != nil {
		return nil, err
	}
	if err := more.check(); err != nil {
		return nil, err
	}
	return more, nil
}

// Instead returns a policy in which another text, in the same format, has the place of a built-in one, wherever the policy
// includes that. A file's own lines still take the place of both.
func (p *Policy) Instead(included, name, text string) (*Policy, error) {
	other := &Policy{Name: name}
	if err := other.parse([]byte(text), nil, nil); err != nil {
		return nil, err
	}
	changed := p.instead(included, other)
	if err := changed.check(); err != nil {
		return nil, err
	}
	return changed, nil
}

func (p *Policy) instead(included string, other *Policy) *Policy {
	changed := *p
	changed.includes = nil
	for _, sub := range p.includes {
		if sub.Name == included {
			sub = other
		} else {
			sub = sub.instead(included, other)
		}
		changed.includes = append(changed.includes, sub)
	}
	return &changed
}

// check looks for what is wrong on each architecture that the policy is for.
func (p *Policy) check() error {
	checked := 0
	for _, a := range arches {
		if p.excludes(a) != nil {
			continue
		}
		if _, err := p.For(a); err != nil {
			return err
		}
		checked++
	}
	if checked == 0 {
		return &Error{File: p.Name, Line: 1, Msg: "this policy and what it includes have no architecture in common"}
	}
	return nil
}

// excludes returns the line that leaves out an architecture, or nil.
func (p *Policy) excludes(a *Arch) *Rule {
	if p.archLine != nil && !slices.Contains(p.arches, a) {
		return p.archLine
	}
	for _, sub := range p.includes {
		if line := sub.excludes(a); line != nil {
			return line
		}
	}
	return nil
}

// parse reads one file of a policy and then what it includes. Above are the files that include it.
func (p *Policy) parse(text []byte, include func(string) ([]byte, error), above []string) error {
	if len(text) > maxText {
		return &Error{File: p.Name, Line: 1, Msg: "the file is too long for a policy"}
	}
	versioned := false
	for i, line := range strings.Split(string(text), "\n") {
		words := fields(line)
		if len(words) == 0 {
			continue
		}
		l := &statement{
			policy: p, words: words, include: include, above: above,
			rule: Rule{File: p.Name, Line: i + 1, Text: strings.Join(words, " ")},
		}
		if !versioned {
			if err := l.version(); err != nil {
				return err
			}
			versioned = true
			continue
		}
		if err := l.read(); err != nil {
			return err
		}
	}
	if !versioned {
		const msg = "the file is empty, and a policy must have a version and a default"
		return &Error{File: p.Name, Line: 1, Msg: msg}
	}
	return p.settleDefault()
}

// fields splits a line into its words, without the comment.
func fields(line string) []string {
	words := strings.Fields(line)
	for i, w := range words {
		if w[0] == '#' {
			return words[:i]
		}
	}
	return words
}

// settleDefault takes the default of what is included where the file has none of its own.
func (p *Policy) settleDefault() error {
	if p.Default != nil {
		return nil
	}
	for _, sub := range p.includes {
		switch {
		case p.Default == nil:
			p.Default = sub.Default
		case p.Default.Action != sub.Default.Action:
			return contradiction(p.Default, sub.Default, "the default")
		}
	}
	if p.Default == nil {
		return &Error{File: p.Name, Line: 1, Msg: "the policy has no default: add a line such as \"default errno ENOSYS\""}
	}
	return nil
}
