package policy

import (
	"errors"
	"math/bits"
)

// Cube is the set of numbers that have Value in the bits of Mask.
type Cube struct{ Mask, Value uint64 }

// maxCubes bounds what conditions may be taken apart into.
const maxCubes = 4096

// ErrComplex says that conditions fall apart into too many pieces.
var ErrComplex = errors.New("the conditions are too complex")

// Cubes returns disjoint cubes that together are the numbers for which all conditions hold, all of one argument.
func Cubes(conds []Cond) ([]Cube, error) {
	cubes := []Cube{{}}
	for i := range conds {
		c := &conds[i]
		var next []Cube
		for _, from := range cubes {
			if c.Not {
				next = append(next, from.without(c)...)
			} else {
				next = append(next, from.with(c)...)
			}
			if len(next) > maxCubes {
				return nil, ErrComplex
			}
		}
		cubes = next
	}
	return cubes, nil
}

// Intersect returns what two cubes have in common, if there is something.
func (c Cube) Intersect(o Cube) (Cube, bool) {
	return Cube{c.Mask | o.Mask, c.Value | o.Value}, (c.Value^o.Value)&c.Mask&o.Mask == 0
}

// with returns what of the cube has one of a condition's values. Those differ, so the results are disjoint.
func (c Cube) with(cond *Cond) []Cube {
	var found []Cube
	for _, v := range cond.Values {
		if both, ok := c.Intersect(Cube{cond.Mask, v}); ok {
			found = append(found, both)
		}
	}
	return found
}

// without returns what of the cube has none of a condition's values.
func (c Cube) without(cond *Cond) []Cube {
	left := []Cube{c}
	for _, v := range cond.Values {
		var next []Cube
		for _, l := range left {
			next = append(next, l.Minus(Cube{cond.Mask, v})...)
		}
		left = next
		if len(left) > maxCubes {
			break // the caller says so
		}
	}
	return left
}

// Minus returns the cube without another: for each bit that only the other has, what differs there and agrees in the bits
// above.
func (c Cube) Minus(o Cube) []Cube {
	if (c.Value^o.Value)&c.Mask&o.Mask != 0 {
		return []Cube{c} // they have nothing in common
	}
	var left []Cube
	alike := c
	for free := o.Mask &^ c.Mask; free != 0; {
		bit := uint64(1) << (63 - bits.LeadingZeros64(free))
		left = append(left, Cube{alike.Mask | bit, alike.Value | ^o.Value&bit})
		alike = Cube{alike.Mask | bit, alike.Value | o.Value&bit}
		free &^= bit
	}
	return left
}

// overlap reports whether some arguments fulfil both conditions.
func overlap(a, b []Cond) (bool, error) {
	for arg := range 6 {
		both := append(of(a, arg), of(b, arg)...)
		cubes, err := Cubes(both)
		if err != nil {
			return false, err
		}
		if len(cubes) == 0 {
			return false, nil
		}
	}
	return true, nil
}

// of returns the conditions on one argument.
func of(conds []Cond, arg int) []Cond {
	var found []Cond
	for _, c := range conds {
		if c.Arg == arg {
			found = append(found, c)
		}
	}
	return found
}
