// Package seccompprofile compiles the system call filters of a sandbox, see seccomp(2).
//
// The built-in policies are text (policies/), compiled and compared with libseccomp's programs for them when box is built;
// a start only loads the result. A user's policies are compiled and compared when they are loaded.
package seccompprofile

import (
	"encoding/binary"
	"fmt"
	"slices"

	"box/internal/early"
	"box/plan"
	"box/spec"

	"golang.org/x/sys/unix"
)

// Off is the name of the policy that loads nothing.
const Off = "off"

// Names of policies that come with box: Default is what a sandbox has if nothing else is said, Nested the same for a
// command that may make namespaces of its own, Debug is Default in the variant AllowDebug, Strict allows less, and Docker
// what Docker allows.
const (
	Default = "default"
	Nested  = "nested"
	Debug   = "debug"
	Strict  = "strict"
	Docker  = "docker"
)

// net is the name of the policy of the process that carries a sandbox's connections; no command has it.
const net = "net"

// Net writes the loading of the filter for that process.
func Net(b *plan.Builder) {
	b.LoadFilter(Program(net, 0))
}

// Variant is what a policy is changed by.
type Variant uint8

// The variants that each policy has.
const (
	AllowDebug Variant = 1 << iota // a debugger may work
	Allow32bit                     // i386's programs run as well, under the same policy
	AllowSetid                     // set-user-ID files may be made
)

// builtin is a policy that comes with box, in one variant. It has its program by address, so that a start has nothing to
// initialise.
type builtin struct {
	name    string
	variant Variant
	program *[]byte
}

// Names returns the names of all built-in policies, and Off.
func Names() []string { return []string{Debug, Default, Docker, Nested, Off, Strict} }

// Known reports whether name is one of Names.
func Known(name string) bool {
	switch name {
	case Debug, Default, Docker, Nested, Off, Strict:
		return true
	}
	return false
}

// Refuses returns what a policy refuses that other layers refuse as well.
func Refuses(name string) spec.Refusals {
	switch name {
	case Default, Strict, Debug, Docker:
		return spec.NewUserns | spec.Keyrings | spec.Fanotify
	case Nested:
		return spec.Keyrings | spec.Fanotify
	}
	return 0
}

// Program returns the program of a built-in policy in a variant, or nil if there is none: Off has none, and there are
// architectures without 32-bit programs.
func Program(name string, v Variant) []byte {
	if name == Debug {
		name, v = Default, v|AllowDebug
	}
	for i := range builtins {
		if builtins[i].name == name && builtins[i].variant == v {
			return *builtins[i].program
		}
	}
	return nil
}

// Compile writes the loading of all filters. It must come last: a filter may forbid everything before it. Built-in
// policies come before raw programs, since those may forbid the loading of another.
func Compile(b *plan.Builder, s *spec.Spec) error {
	for i := range s.Filters {
		f := &s.Filters[i]
		was := b.For(spec.FilterRef(i))
		program := f.Program
		named := f.Policy != "" && f.Policy != Off
		if named && program == nil {
			program = Program(f.Policy, 0)
		}
		switch {
		case f.Policy == Off:
		case named && program == nil: // never nothing instead of a filter
			early.Ordinary()
			return fmt.Errorf("there is no program for the policy %s", f.Policy)
		case f.Ask:
			b.Send(plan.Listener, b.Listen(asking(program)), 0)
			setFiles(b, s)
		default:
			b.LoadFilter(program)
		}
		b.For(was)
	}
	return nil
}

// setFiles sets the limits for descriptors at last: the kernel lets nobody send one who has a smaller soft limit than there are
// descriptors of the user on their way, see unix(7), ETOOMANYREFS.
func setFiles(b *plan.Builder, s *spec.Spec) {
	if s.Limits.Files != 0 {
		b.Limit(unix.RLIMIT_NOFILE, s.Limits.Files, s.Limits.FilesMax)
		b.Ignoring(unix.EPERM, unix.ENOSYS) // the policy refuses it, and the soft limit is the hard one
	}
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
