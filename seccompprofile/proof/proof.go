// Package proof compares programs with the policies that they are made from, by running them.
package proof

import (
	"fmt"
	"slices"

	"box/seccompprofile/bpf"
	"box/seccompprofile/policy"

	"golang.org/x/sys/unix"
)

// Mismatch is a call that a program doesn't treat as it should.
type Mismatch struct {
	Data      bpf.Data
	Got, Want policy.Action
	Why       error // why there is no Got
}

func (m *Mismatch) Error() string {
	name := fmt.Sprintf("architecture %#x", m.Data.Arch)
	if a := policy.ArchOfAudit(m.Data.Arch); a != nil {
		name = a.Machine
	}
	call := fmt.Sprintf("call %#x of %s with the arguments %#x", m.Data.Number, name, m.Data.Args)
	if m.Why != nil {
		return fmt.Sprintf("the program is wrong: %s: %v", call, m.Why)
	}
	return fmt.Sprintf("the program is wrong: %s ends with %#x (%s), and the policy says %#x (%s)",
		call, m.Got.Ret(), m.Got, m.Want.Ret(), m.Want)
}

// CheckAll compares a program with what the rules of its architectures plainly mean. It runs each number from 0 to 1023,
// those around the marks that foreign calls have, and each call that has rules about its arguments with all combinations
// of the values at which one of these begins or ends to hold. Other architectures must end the process.
//
// What except is true for is left out, if there is one.
func CheckAll(program []byte, except func(a *policy.Arch, nr uint32) bool, rules ...*policy.Rules) error {
	seen := map[uint32]bool{}
	for _, r := range rules {
		seen[r.Arch.Audit] = true
		err := each(r, func(d bpf.Data) error {
			if except != nil && except(r.Arch, d.Number) {
				return nil
			}
			return run(program, d, r.Decide(d.Number, d.Args).Action)
		})
		if err != nil {
			return err
		}
	}
	for _, audit := range audits {
		if seen[audit] {
			continue
		}
		for _, nr := range numbers() {
			if err := run(program, bpf.Data{Number: nr, Arch: audit}, policy.Kill); err != nil {
				return err
			}
		}
	}
	return nil
}

// Same compares two programs for the same rules with each other, over what CheckAll runs.
func Same(a, b []byte, except func(a *policy.Arch, nr uint32) bool, rules ...*policy.Rules) error {
	for _, r := range rules {
		err := each(r, func(d bpf.Data) error {
			if except != nil && except(r.Arch, d.Number) {
				return nil
			}
			want, err := bpf.Run(a, d)
			if err != nil {
				return &Mismatch{Data: d, Why: err}
			}
			return run(b, d, policy.Action(want))
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// audits are architectures that a program meets: those that box knows, arm, which arm64 can run, none, and one that only
// differs in its marks.
var audits = [...]uint32{
	unix.AUDIT_ARCH_X86_64, unix.AUDIT_ARCH_AARCH64, unix.AUDIT_ARCH_I386, unix.AUDIT_ARCH_ARM, 0, 0xffffffff, 62, 1 << 30, 1 << 31,
}

func run(program []byte, d bpf.Data, want policy.Action) error {
	got, err := bpf.Run(program, d)
	if err != nil {
		return &Mismatch{Data: d, Want: want, Why: err}
	}
	if got != want.Ret() {
		return &Mismatch{Data: d, Got: policy.Action(got), Want: want}
	}
	return nil
}

// numbers are the numbers that are tried whatever the rules: all that a kernel may have, and those around the marks.
func numbers() []uint32 {
	var list []uint32
	for nr := range uint32(1024) {
		list = append(list, nr, 1<<30|nr)
	}
	for bit := 10; bit < 32; bit++ {
		list = append(list, 1<<bit-1, 1<<bit, 1<<bit+1)
	}
	return append(list, policy.Minus1, policy.Minus1-1)
}

// each calls f with all calls to compare for one architecture.
func each(r *policy.Rules, f func(bpf.Data) error) error {
	plain := [...][6]uint64{{}, {^uint64(0), ^uint64(0), ^uint64(0), ^uint64(0), ^uint64(0), ^uint64(0)}}
	list := numbers()
	for i := range r.Calls { // a policy may name numbers that no kernel has yet
		nr := r.Calls[i].Number
		list = append(list, nr-1, nr, nr+1)
	}
	for _, nr := range list {
		for _, args := range plain {
			if err := f(bpf.Data{Number: nr, Arch: r.Arch.Audit, Args: args}); err != nil {
				return err
			}
		}
	}
	for i := range r.Calls {
		if err := eachArgument(r, &r.Calls[i], f); err != nil {
			return err
		}
	}
	return nil
}

// maxCombinations bounds how many combinations of arguments are tried for one call. Where there are more, each condition's
// values are tried with those of each case's other arguments that fulfil it.
const maxCombinations = 50000

// eachArgument calls f with the interesting arguments of one call.
func eachArgument(r *policy.Rules, c *policy.Call, f func(bpf.Data) error) error {
	if len(c.Cases) == 0 {
		return nil
	}
	d := bpf.Data{Number: c.Number, Arch: r.Arch.Audit}
	var values [6][]uint64
	product := 1
	for arg := range values {
		values[arg] = interesting(c, arg)
		product = min(product*len(values[arg]), maxCombinations+1)
	}
	if product <= maxCombinations {
		return combine(values[:], 0, d, f)
	}
	for _, base := range bases(c) {
		for arg := range values {
			for _, v := range values[arg] {
				d.Args = base
				d.Args[arg] = v
				if err := f(d); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// combine calls f with each combination of values from an argument on.
func combine(values [][]uint64, arg int, d bpf.Data, f func(bpf.Data) error) error {
	if arg == len(values) {
		return f(d)
	}
	for _, v := range values[arg] {
		d.Args[arg] = v
		if err := combine(values, arg+1, d, f); err != nil {
			return err
		}
	}
	return nil
}

// interesting returns the values of an argument at which a condition begins or ends to hold, those beside them, and the
// same with bits that the kernel doesn't look at.
func interesting(c *policy.Call, arg int) []uint64 {
	list := []uint64{0}
	asked := false
	for i := range c.Cases {
		for _, cond := range c.Cases[i].Conds {
			if cond.Arg != arg {
				continue
			}
			asked = true
			for _, v := range cond.Values {
				list = append(list, v, v-1, v+1, v|1<<32, v^1<<32, v|^cond.Mask, v^cond.Mask, v&^(v&-v))
			}
			list = append(list, ^uint64(0), cond.Mask, cond.Mask+1, cond.Mask|1<<32, ^cond.Mask, 1<<32, 1<<31, 1<<63)
			if cond.Mask != ones32 && cond.Mask != ^uint64(0) {
				list = append(list, singles(cond.Mask)...)
			}
		}
	}
	if !asked {
		return list[:1]
	}
	slices.Sort(list)
	return slices.Compact(list)
}

const ones32 = 1<<32 - 1

// singles returns each bit of a mask.
func singles(mask uint64) []uint64 {
	var list []uint64
	for ; mask != 0; mask &= mask - 1 {
		list = append(list, mask&-mask)
	}
	return list
}

// bases returns arguments that fulfil each case, and none.
func bases(c *policy.Call) [][6]uint64 {
	list := [][6]uint64{{}, {^uint64(0), ^uint64(0), ^uint64(0), ^uint64(0), ^uint64(0), ^uint64(0)}}
	for i := range c.Cases {
		var args [6]uint64
		for arg := range args {
			var conds []policy.Cond
			for _, cond := range c.Cases[i].Conds {
				if cond.Arg == arg {
					conds = append(conds, cond)
				}
			}
			if cubes, err := policy.Cubes(conds); err == nil && len(cubes) > 0 {
				args[arg] = cubes[0].Value
			}
		}
		list = append(list, args)
	}
	return list
}
