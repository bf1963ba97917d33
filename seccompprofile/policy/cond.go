package policy

import "slices"

// Cond is a condition on an argument of a call: of the bits of Mask, the argument has one of Values, or none of them. It
// has been masked to the bits that the kernel looks at: in the others an argument may have anything.
type Cond struct {
	Arg    int
	Mask   uint64
	Values []uint64 // within Mask, each once
	Not    bool
}

// Holds reports whether the condition holds for the arguments of a call.
func (c *Cond) Holds(args [6]uint64) bool {
	return slices.Contains(c.Values, args[c.Arg]&c.Mask) != c.Not
}

// narrowed returns the condition for an argument of so many bits. A value that these bits can't hold is never equal to one.
func (c *Cond) narrowed(bits int) Cond {
	n := Cond{Arg: c.Arg, Mask: c.Mask & ones(bits), Not: c.Not}
	for _, v := range c.Values {
		// A negative number is written with all its bits.
		if fits(v, bits) {
			n.Values = append(n.Values, v&n.Mask)
		}
	}
	slices.Sort(n.Values)
	n.Values = slices.Compact(n.Values)
	return n
}

// fits reports whether a value can be written with so many bits, with or without sign.
func fits(v uint64, bits int) bool {
	return v&^ones(bits) == 0 || int64(v) < 0 && int64(v) >= -(1<<(bits-1))
}

func ones(bits int) uint64 { return ^uint64(0) >> (64 - bits) }

// maskWritten returns the mask as the policy has it, and 0 where it has none.
func (c *Cond) maskWritten() uint64 {
	if c.Mask == ^uint64(0) {
		return 0
	}
	return c.Mask
}
