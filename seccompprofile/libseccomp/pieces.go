package libseccomp

import (
	"slices"

	"box/seccompprofile/policy"

	seccomp "github.com/seccomp/libseccomp-golang"
)

// piece is a set of arguments with a masked comparison for each, and the rule about them, nil if none is. libseccomp gets
// pieces that have nothing in common: what it makes of rules that overlap depends on their order, and of ordered
// comparisons version 2.5.4 makes wrong programs (GHSA-4q85-33p6-j5g6).
type piece struct {
	rule  *policy.Rule
	conds []seccomp.ScmpCondition
}

// space is the set of arguments that are in its cubes.
type space [6]policy.Cube

// maxPieces bounds what libseccomp has to make a tree of.
const maxPieces = 1024

// takeApart returns the pieces of all arguments that a call can have, but for those that no rule is about where that is
// the default's business.
//
// Rules about fewer arguments come first: x != 1 leaves x == 1, but what x == 1 and y == 2 leaves is dozens of pieces, which the
// next rules take apart further. No arguments fulfil two rules with different actions.
func takeApart(c *policy.Call, rest bool) ([]piece, error) {
	left := []space{{}}
	var pieces []piece
	cases := slices.SortedStableFunc(slices.Values(c.Cases), func(a, b policy.Case) int { return len(a.Conds) - len(b.Conds) })
	for i := range cases {
		ofCase, err := spaces(cases[i].Conds)
		if err != nil {
			return nil, err
		}
		last := i == len(cases)-1 && !rest
		for _, s := range ofCase {
			var next []space
			for _, l := range left {
				if both, ok := l.intersect(s); ok {
					pieces = append(pieces, piece{cases[i].Rule, both.conditions()})
				}
				if !last { // the parts of one case have nothing in common
					next = append(next, l.without(s)...)
				}
			}
			if last {
				next = left
			}
			if left = next; len(left)+len(pieces) > maxPieces {
				return nil, policy.ErrComplex
			}
		}
	}
	for _, l := range left {
		if !rest {
			break
		}
		pieces = append(pieces, piece{c.Otherwise, l.conditions()})
	}
	return pieces, nil
}

// spaces returns where all conditions hold, in parts that have nothing in common.
func spaces(conds []policy.Cond) ([]space, error) {
	list := []space{{}}
	for arg := range 6 {
		var ofArg []policy.Cond
		for _, c := range conds {
			if c.Arg == arg {
				ofArg = append(ofArg, c)
			}
		}
		cubes, err := policy.Cubes(ofArg)
		if err != nil {
			return nil, err
		}
		var next []space
		for _, s := range list {
			for _, cube := range cubes {
				s[arg] = cube
				next = append(next, s)
			}
		}
		if list = next; len(list) > maxPieces {
			return nil, policy.ErrComplex
		}
	}
	return list, nil
}

func (s space) intersect(o space) (space, bool) {
	for arg := range s {
		both, ok := s[arg].Intersect(o[arg])
		if !ok {
			return s, false
		}
		s[arg] = both
	}
	return s, true
}

// without returns what of a space is not in another: argument by argument what differs there, and agrees in those before.
func (s space) without(o space) []space {
	if _, ok := s.intersect(o); !ok {
		return []space{s}
	}
	var left []space
	for arg := range s {
		for _, cube := range s[arg].Minus(o[arg]) {
			rest := s
			rest[arg] = cube
			left = append(left, rest)
		}
		s[arg], _ = s[arg].Intersect(o[arg])
	}
	return left
}

// conditions returns the space as libseccomp wants it.
func (s space) conditions() []seccomp.ScmpCondition {
	var conds []seccomp.ScmpCondition
	for arg, cube := range s {
		if cube.Mask != 0 {
			conds = append(conds, seccomp.ScmpCondition{
				Argument: uint(arg), Op: seccomp.CompareMaskedEqual, Operand1: cube.Mask, Operand2: cube.Value,
			})
		}
	}
	return conds
}
