// Package seccompprofile compiles the system call filters of a sandbox, see seccomp(2).
//
// The built-in policies are text (policies/), compiled by libseccomp when box is built; a start only loads the result.
package seccompprofile

import (
	"encoding/binary"
	"slices"

	"box/internal/early"
	"box/plan"
	"box/spec"

	"golang.org/x/sys/unix"
)

// Off is the name of the policy that loads nothing.
const Off = "off"

// Default is the name of the policy that a sandbox has if nothing else is said; Nested is the same for a command that
// may make namespaces of its own.
const (
	Default = "default"
	Nested  = "nested"
)

// builtins are the policies that come with box.
var builtins = [...]struct {
	name    string
	program []byte
}{
	{Default, defaultProgram},
	{Nested, nestedProgram},
}

// Names returns the names that --seccomp-policy takes.
func Names() []string {
	names := []string{Off}
	for _, p := range builtins {
		names = append(names, p.name)
	}
	slices.Sort(names)
	return names
}

// Refuses returns what a policy refuses that other layers refuse as well.
func Refuses(name string) spec.Refusals {
	switch name {
	case Default:
		return spec.NewUserns | spec.Keyrings
	case Nested:
		return spec.Keyrings
	}
	return 0
}

// Known says whether name is one of Names.
func Known(name string) bool { return name == Off || builtin(name) != nil }

func builtin(name string) []byte {
	for i := range builtins {
		if builtins[i].name == name {
			return builtins[i].program
		}
	}
	return nil
}

// Compile writes the loading of all filters. It must come last: a filter may forbid everything before it. Built-in
// policies come before raw programs, since those may forbid the loading of another.
func Compile(b *plan.Builder, s *spec.Spec) error {
	for i := range s.Filters {
		f := &s.Filters[i]
		b.For(spec.FilterRef(i))
		program := f.Program
		if f.Policy != "" {
			program = builtin(f.Policy)
		}
		switch {
		case f.Policy == Off:
		case f.Ask:
			b.Send(plan.Listener, b.Listen(asking(program)), 0)
		default:
			b.LoadFilter(program)
		}
	}
	return nil
}

// asking returns a program that asks the monitor where the given one refuses with an errno. Its answer is the same errno: the
// given program tells it which.
//
//go:noinline
func asking(program []byte) []byte {
	early.Ordinary()
	const ret = unix.BPF_RET | unix.BPF_K
	asks := slices.Clone(program)
	for at := 0; at+InstructionSize <= len(asks); at += InstructionSize {
		code, k := binary.NativeEndian.Uint16(asks[at:]), binary.NativeEndian.Uint32(asks[at+4:])
		if code == ret && k&unix.SECCOMP_RET_ACTION_FULL == unix.SECCOMP_RET_ERRNO {
			binary.NativeEndian.PutUint32(asks[at+4:], unix.SECCOMP_RET_USER_NOTIF)
		}
	}
	return asks
}

// InstructionSize is the size of a struct sock_filter in bytes, see linux/filter.h.
const InstructionSize = 8

// MaxInstructions is what the kernel takes at most, BPF_MAXINSNS.
const MaxInstructions = unix.BPF_MAXINSNS
