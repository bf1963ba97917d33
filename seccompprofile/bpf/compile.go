package bpf

import (
	"errors"
	"fmt"
	"slices"

	"box/seccompprofile/policy"

	"golang.org/x/sys/unix"
)

// Compile writes a program for the rules of one architecture or of several: a search tree over the ranges of calls that
// end alike, and behind it the conditions on arguments. A call of another architecture ends the process.
//
// A call without conditions is decided without a look at its arguments: such calls the kernel lets through later on
// without running the program (its bitmap of constant actions, Linux 5.11).
func Compile(rules ...*policy.Rules) ([]byte, error) {
	if len(rules) == 0 {
		return nil, errors.New("there are no rules to compile")
	}
	a := &assembler{rets: map[uint32]int{}}
	entries := make([]int, len(rules))
	for i := len(rules) - 1; i >= 0; i-- {
		r := rules[i]
		root := a.tree(ranges(r))
		entries[i] = a.load(atNumber, root).at
	}
	next := a.ret(policy.Kill.Ret()).at
	for i := len(rules) - 1; i >= 0; i-- {
		next = a.test(jumpEq, rules[i].Arch.Audit, entries[i], next)
	}
	a.load(atArch, next)
	if len(a.code) > unix.BPF_MAXINSNS {
		return nil, fmt.Errorf("the program has %d instructions, and the kernel takes %d", len(a.code), unix.BPF_MAXINSNS)
	}
	return encode(a.program()), nil
}

// span is a range of numbers that end alike: from this one to where the next span begins.
type span struct {
	from   uint32
	action uint32        // where no case decides
	cases  []policy.Case // what depends on arguments
	weight int
}

// like reports whether calls of both spans end alike.
func (s *span) like(o *span) bool {
	return s.action == o.action && slices.EqualFunc(s.cases, o.cases, func(a, b policy.Case) bool {
		return a.Rule.Action == b.Rule.Action && slices.EqualFunc(a.Conds, b.Conds, func(a, b policy.Cond) bool {
			return a.Arg == b.Arg && a.Mask == b.Mask && a.Not == b.Not && slices.Equal(a.Values, b.Values)
		})
	})
}

// ranges returns the spans of all numbers.
func ranges(r *policy.Rules) []span {
	normal := r.Default.Action.Ret()
	spans := []span{{from: 0, action: normal}}
	add := func(s span) {
		last := &spans[len(spans)-1]
		switch {
		case last.like(&s):
		case last.from == s.from:
			spans = spans[:len(spans)-1]
			if len(spans) == 0 || !spans[len(spans)-1].like(&s) {
				spans = append(spans, s)
			}
		default:
			spans = append(spans, s)
		}
	}
	foreign := false
	for i := range r.Calls {
		c := &r.Calls[i]
		s := span{from: c.Number, action: normal, cases: c.Cases}
		if c.Otherwise != nil {
			s.action = c.Otherwise.Action.Ret()
		}
		add(s)
		add(span{from: c.Number + 1, action: normal})
	}
	for _, edge := range []uint32{1 << 30, policy.Minus1} {
		switch now := r.Arch.Foreign(edge); {
		case now && !foreign:
			add(span{from: edge, action: policy.Kill.Ret()})
		case foreign && !now:
			add(span{from: edge, action: normal})
		}
		foreign = r.Arch.Foreign(edge)
	}
	weigh(spans)
	return spans
}

// weigh says how often spans are looked for. When a program is loaded the kernel runs it for each of its calls once, and
// afterwards it runs for those only whose arguments are looked at, or that are refused.
func weigh(spans []span) {
	const (
		calls       = 472 // that the kernel has
		conditional = 24  // times as often
	)
	for i := range spans {
		s := &spans[i]
		end := uint32(calls)
		if i+1 < len(spans) {
			end = min(spans[i+1].from, calls)
		}
		s.weight = 1
		if s.from < end {
			s.weight = int(end - s.from)
		}
		if len(s.cases) > 0 {
			s.weight *= conditional
		}
	}
}

// tree adds the search for a number, which is loaded, and returns where it begins.
func (a *assembler) tree(spans []span) int {
	switch {
	case len(spans) == 1:
		return a.leaf(&spans[0])
	case len(spans) == 3 && spans[0].like(&spans[2]) && spans[2].from == spans[1].from+1:
		around, one := a.leaf(&spans[0]), a.leaf(&spans[1])
		return a.test(jumpEq, spans[1].from, one, around)
	}
	middle := half(spans)
	above := a.tree(spans[middle:])
	below := a.tree(spans[:middle])
	return a.test(jumpGe, spans[middle].from, above, below)
}

// half returns where the weight of the spans is halved best, neither before the first nor behind the last.
func half(spans []span) int {
	total, left := 0, 0
	for i := range spans {
		total += spans[i].weight
	}
	best, least := 1, -1
	for i := 1; i < len(spans); i++ {
		left += spans[i-1].weight
		differs := max(left-(total-left), total-left-left)
		if least < 0 || differs < least {
			best, least = i, differs
		}
	}
	return best
}

// leaf returns what decides in a span: what another span like it has, if that is near.
func (a *assembler) leaf(s *span) int {
	if len(s.cases) == 0 {
		return a.ret(s.action).at
	}
	for _, l := range a.leaves {
		if l.like(s) && a.skip(l.at) <= farthest {
			return l.at
		}
	}
	next := a.ret(s.action)
	for i := len(s.cases) - 1; i >= 0; i-- {
		c := &s.cases[i]
		next = a.conditions(c.Conds, a.ret(c.Rule.Action.Ret()), next)
	}
	a.leaves = append(a.leaves, leaf{*s, next.at})
	return next.at
}
