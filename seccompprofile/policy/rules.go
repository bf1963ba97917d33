package policy

import (
	"cmp"
	"maps"
	"slices"
)

// Rules are what a policy means on one architecture.
type Rules struct {
	Policy  *Policy
	Arch    *Arch
	Default *Rule
	Calls   []Call // by number; what is not in it ends as Default says
}

// Call is what the rules say of one call.
type Call struct {
	Number    uint32
	Name      string // empty if it has none
	Cases     []Case // at most one action is that of cases whose conditions hold
	Otherwise *Rule  // decides where no case does; nil is the default
}

// Case is a rule with its conditions, masked to what the architecture's kernel looks at.
type Case struct {
	Rule  *Rule
	Conds []Cond
}

// Decision is what becomes of a call, and why.
type Decision struct {
	Action Action
	Rule   *Rule  // the line that decides; nil if it is the default's, or none is asked
	Why    string // in a few words
}

// Decide says what becomes of a call. It is the meaning that programs are compared with, so it reads the rules and knows
// nothing of how they are compiled.
func (r *Rules) Decide(nr uint32, args [6]uint64) Decision {
	if r.Arch.Foreign(nr) {
		return Decision{Kill, nil, "the number is one of x32, which is another architecture"}
	}
	at, named := slices.BinarySearchFunc(r.Calls, nr, func(c Call, nr uint32) int { return cmp.Compare(c.Number, nr) })
	if !named {
		return Decision{r.Default.Action, nil, "no rule names the call"}
	}
	c := &r.Calls[at]
	for i := range c.Cases {
		if c.Cases[i].Holds(args) {
			return Decision{c.Cases[i].Rule.Action, c.Cases[i].Rule, "the arguments fulfil its conditions"}
		}
	}
	switch {
	case c.Otherwise == nil:
		return Decision{r.Default.Action, nil, "the arguments fulfil no rule's conditions"}
	case len(c.Cases) > 0:
		return Decision{c.Otherwise.Action, c.Otherwise, "the arguments fulfil no other rule's conditions"}
	}
	return Decision{c.Otherwise.Action, c.Otherwise, "it names the call"}
}

// Holds reports whether all conditions hold.
func (c *Case) Holds(args [6]uint64) bool {
	for i := range c.Conds {
		if !c.Conds[i].Holds(args) {
			return false
		}
	}
	return true
}

// For says what the policy means on an architecture. The error is an *Error.
//
// A file's own lines about a call take the place of what it includes about it, and in a file a call's name takes the
// place of its group. Among what is left two lines may not contradict each other.
func (p *Policy) For(a *Arch) (*Rules, error) {
	if line := p.excludes(a); line != nil {
		return nil, &Error{File: line.File, Line: line.Line, Word: line.Text, Msg: "the policy is not for " + a.Machine}
	}
	found, err := p.bind(a)
	if err != nil {
		return nil, err
	}
	r := &Rules{Policy: p, Arch: a, Default: p.Default}
	for _, nr := range slices.Sorted(maps.Keys(found)) { // in order, so that the first error is always the same
		c, err := settle(a, nr, found[nr])
		if err != nil {
			return nil, err
		}
		r.Calls = append(r.Calls, c)
	}
	return r, nil
}

// bound are the rules about one call, and the name by which they have it.
type bound struct {
	name  string
	rules []*Rule
}

// bind finds the rules about each call.
func (p *Policy) bind(a *Arch) (map[uint32]bound, error) {
	found := map[uint32]bound{}
	for _, sub := range p.includes {
		theirs, err := sub.bind(a)
		if err != nil {
			return nil, err
		}
		for nr, b := range theirs {
			b.rules = append(slices.Clone(found[nr].rules), b.rules...)
			found[nr] = b
		}
	}
	for _, kinds := range [][]termKind{{byGroup}, {byName, byNumber}} {
		own := map[uint32]bound{}
		for _, r := range p.rules {
			for _, t := range r.terms {
				if !slices.Contains(kinds, t.kind) {
					continue
				}
				if err := p.bindTerm(own, a, r, t); err != nil {
					return nil, err
				}
			}
		}
		inherit(own, a)
		maps.Copy(found, own)
	}
	return found, nil
}

// bindTerm adds a rule to the calls that one of its words stands for.
func (p *Policy) bindTerm(own map[uint32]bound, a *Arch, r *Rule, t term) error {
	add := func(nr uint32, name string) {
		b := own[nr]
		if len(b.rules) == 0 || b.rules[len(b.rules)-1] != r {
			own[nr] = bound{name, append(b.rules, r)}
		}
	}
	switch t.kind {
	case byName:
		if nr, ok := a.Number(t.name); ok {
			add(nr, t.name)
		}
	case byGroup:
		for _, name := range Group(t.word) {
			if nr, ok := a.Number(name); ok {
				add(nr, name)
			}
		}
	case byNumber:
		// From here on all architectures count alike.
		const common = 424
		if t.number < common && len(p.arches) != 1 {
			return &Error{
				File: r.File, Line: r.Line, Word: t.word,
				Msg: "this number is another call on each architecture: name it, or say one architecture with arch",
			}
		}
		name := a.CallName(t.number)
		if name == "" {
			name = t.name
		} else if t.name != "" {
			return &Error{File: r.File, Line: r.Line, Word: t.word, Msg: "this is the number of " + name}
		}
		add(t.number, name)
	}
	return nil
}

// inherit gives i386's own calls, such as mmap2, the rules of the calls whose place they have, such as mmap, where there
// are none about them.
func inherit(own map[uint32]bound, a *Arch) {
	if a != I386 {
		return
	}
	for i := range table() {
		c := &table()[i]
		nr := uint32(c.numbers[I386.column])
		if _, named := own[nr]; c.like == "" || named {
			continue
		}
		like, ok := a.Number(c.like)
		if !ok {
			continue
		}
		b, ok := own[like]
		if !ok || slices.ContainsFunc(b.rules, func(r *Rule) bool { return len(r.Conds) > 0 }) && !c.arguedAs(c.like) {
			continue
		}
		own[nr] = bound{c.name, b.rules}
	}
}

// arguedAs reports whether the call has the arguments of another.
func (c *call) arguedAs(other string) bool { return callOf(other).args == c.args }
