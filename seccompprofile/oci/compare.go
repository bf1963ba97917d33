package oci

import (
	"fmt"
	"math"
	"math/bits"
	"slices"

	"box/seccompprofile/policy"
)

// conditional adds the lines of a call under conditions. If two are about the same argument, each of all is a rule of its
// own: that is how runc reads it.
func (i *importer) conditional(name string, action policy.Action, args []argument) error {
	if action == i.fallback {
		return nil // the engines leave it out, too
	}
	var all [][]policy.Cond // of which one must hold
	seen := [6]bool{}
	alternatives := false
	sets := make([][][]policy.Cond, len(args))
	for at := range args {
		arg := &args[at]
		if arg.Index == nil || *arg.Index > 5 {
			return fmt.Errorf("args[%d]: index: no argument of a call: 0 to 5", at)
		}
		set, err := i.alternatives(name, arg)
		if err != nil {
			return fmt.Errorf("args[%d]: %s: %w", at, name, err)
		}
		sets[at] = set
		alternatives = alternatives || seen[*arg.Index]
		seen[*arg.Index] = true
	}
	if alternatives {
		for _, set := range sets {
			all = append(all, set...)
		}
	} else if all = product(sets); all == nil {
		return fmt.Errorf("args: %s: ordered comparisons of so many arguments together need more than %d lines", name, mostLines)
	}
	for _, conds := range all {
		if err := i.say(name, action, len(conds) > 0); err != nil {
			return err
		}
		i.add(line{action, []string{name}, conds})
	}
	return nil
}

// mostLines bounds what one element becomes: two ordered comparisons of 32 bits fit, and nothing is known that has more.
const mostLines = 1 << 10

// product returns the ways to take one of each set, together, and nil if they are too many.
func product(sets [][][]policy.Cond) [][]policy.Cond {
	all := [][]policy.Cond{nil}
	for _, set := range sets {
		if len(all)*len(set) > mostLines {
			return nil
		}
		next := [][]policy.Cond{}
		for _, before := range all {
			for _, conds := range set {
				next = append(next, append(slices.Clip(before), conds...))
			}
		}
		all = next
	}
	return all
}

// alternatives returns lists of conditions: the comparison holds where all of one list hold. Without a list it never
// does, and an empty list always holds.
//
// An ordered comparison becomes comparisons of bits, which is exact: x < 12 is x & ~7 == 0 or x & ~3 == 8. libseccomp
// has miscompiled pairs of ordered ones (GHSA-4q85-33p6-j5g6), and a policy has none.
func (i *importer) alternatives(name string, a *argument) ([][]policy.Cond, error) {
	arg := int(*a.Index)
	width := i.target.Arch.Width(name, arg)
	if width == 0 {
		return nil, fmt.Errorf("the call has no argument %d", arg)
	}
	ones := ^uint64(0) >> (64 - width)
	if a.Value > ones || a.Op == "SCMP_CMP_MASKED_EQ" && a.ValueTwo > ones {
		return nil, fmt.Errorf("argument %d has %d bits, which can't hold %#x", arg, width, max(a.Value, a.ValueTwo))
	}
	one := func(mask, value uint64, not bool) []policy.Cond {
		return []policy.Cond{{Arg: arg, Mask: mask, Values: []uint64{value}, Not: not}}
	}
	switch a.Op {
	case "SCMP_CMP_EQ":
		return [][]policy.Cond{one(^uint64(0), a.Value, false)}, nil
	case "SCMP_CMP_NE":
		return [][]policy.Cond{one(^uint64(0), a.Value, true)}, nil
	case "SCMP_CMP_MASKED_EQ":
		if a.ValueTwo&^a.Value != 0 {
			return nil, fmt.Errorf("valueTwo %#x has bits that the mask %#x leaves out", a.ValueTwo, a.Value)
		}
		if a.Value == 0 {
			return [][]policy.Cond{nil}, nil
		}
		return [][]policy.Cond{one(a.Value, a.ValueTwo, false)}, nil
	case "SCMP_CMP_LT":
		return below(arg, ones, a.Value, false), nil
	case "SCMP_CMP_LE":
		return below(arg, ones, a.Value+1, a.Value == ones), nil
	case "SCMP_CMP_GE":
		return notBelow(below(arg, ones, a.Value, false)), nil
	case "SCMP_CMP_GT":
		return notBelow(below(arg, ones, a.Value+1, a.Value == ones)), nil
	case "":
		return nil, fmt.Errorf("op: is missing")
	}
	return nil, fmt.Errorf("op: %q: no such comparison", a.Op)
}

// below returns the conditions, of which one must hold, for an argument to be less than a limit, or for all if every one is:
// for each bit of the limit, what agrees above it and lacks it.
func below(arg int, ones, limit uint64, every bool) (sets [][]policy.Cond) {
	if every {
		return [][]policy.Cond{nil}
	}
	for left := limit; left != 0; {
		bit := uint64(1) << (63 - bits.LeadingZeros64(left))
		left &^= bit
		mask := ^(bit - 1) & ones
		value := limit & mask &^ bit
		if mask == ones {
			mask = math.MaxUint64 // as equality has it
		}
		sets = append(sets, []policy.Cond{{Arg: arg, Mask: mask, Values: []uint64{value}}})
	}
	return sets
}

// notBelow returns the opposite: none of the conditions holds.
func notBelow(sets [][]policy.Cond) [][]policy.Cond {
	var none []policy.Cond
	for _, conds := range sets {
		if len(conds) == 0 {
			return nil // nothing is above everything
		}
		c := conds[0]
		c.Not = true
		none = append(none, c)
	}
	return [][]policy.Cond{none}
}
