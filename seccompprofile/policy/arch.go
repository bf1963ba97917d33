package policy

import "golang.org/x/sys/unix"

// Arch is an architecture: what a program sees of it, and its calls.
type Arch struct {
	Name    string // as Go has it: amd64
	Machine string // as uname(2) has it: x86_64
	Audit   uint32 // AUDIT_ARCH_*
	Narrow  bool   // registers have 32 bits
	column  int    // of the table of calls
}

// The architectures that box knows the calls of.
var (
	AMD64 = &Arch{Name: "amd64", Machine: "x86_64", Audit: unix.AUDIT_ARCH_X86_64, column: 0}
	ARM64 = &Arch{Name: "arm64", Machine: "aarch64", Audit: unix.AUDIT_ARCH_AARCH64, column: 1}
	I386  = &Arch{Name: "386", Machine: "i386", Audit: unix.AUDIT_ARCH_I386, Narrow: true, column: 2}
)

var arches = [...]*Arch{AMD64, ARM64, I386}

// ArchOf returns the architecture of a name, Go's or the machine's, or nil.
func ArchOf(name string) *Arch {
	for _, a := range arches {
		if name == a.Name || name == a.Machine {
			return a
		}
	}
	return nil
}

// ArchOfAudit returns the architecture of an AUDIT_ARCH_* value, or nil.
func ArchOfAudit(audit uint32) *Arch {
	for _, a := range arches {
		if audit == a.Audit {
			return a
		}
	}
	return nil
}

// The numbers that x86_64's calls may not have: bit 30 marks those of x32, a second, looser kernel, and none is above.
// -1 is what a tracer writes to skip a call.
const (
	x32Bit = 1 << 30
	Minus1 = ^uint32(0)
)

// Foreign reports whether a number is not one of the architecture's own: such a call ends the process whatever the policy.
func (a *Arch) Foreign(nr uint32) bool { return a == AMD64 && nr >= x32Bit && nr != Minus1 }

// Number returns the number of a call.
func (a *Arch) Number(call string) (uint32, bool) {
	c := callOf(call)
	if c == nil || c.numbers[a.column] < 0 {
		return 0, false
	}
	return uint32(c.numbers[a.column]), true
}

// CallName returns the name of a number, or nothing if it is not known.
func (a *Arch) CallName(nr uint32) string {
	if c := a.call(nr); c != nil {
		return c.name
	}
	return ""
}

// call returns the call of a number, or nil.
func (a *Arch) call(nr uint32) *call {
	for i := range table() {
		c := &table()[i]
		if c.numbers[a.column] >= 0 && uint32(c.numbers[a.column]) == nr {
			return c
		}
	}
	return nil
}

// Numbers calls f with each number that has a name, and the name.
func (a *Arch) Numbers(f func(nr uint32, name string)) {
	for i := range table() {
		if c := &table()[i]; c.numbers[a.column] >= 0 {
			f(uint32(c.numbers[a.column]), c.name)
		}
	}
}
