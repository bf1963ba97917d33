package plan

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// LandlockABI returns the version of Landlock that the kernel has, see landlock_create_ruleset(2): 0 where it has none, has it
// turned off at boot (EOPNOTSUPP), or where a filter around box refuses it.
func LandlockABI() int {
	const version = 1 // LANDLOCK_CREATE_RULESET_VERSION
	r, _, errno := unix.RawSyscall(unix.SYS_LANDLOCK_CREATE_RULESET, 0, 0, version)
	if errno != 0 {
		return 0
	}
	return int(r)
}

// Ruleset begins a Landlock ruleset that handles the access rights fs on files and net on ports, and the scopes, see
// landlock_create_ruleset(2). Older kernels know a shorter structure, and take this one if what they don't know is zero.
func (b *Builder) Ruleset(fs, net, scopes uint64) Reg {
	const size = 24 // struct landlock_ruleset_attr: handled_access_fs, handled_access_net, scoped
	r := b.Reg()
	b.add(WhyConfine, unix.SYS_LANDLOCK_CREATE_RULESET, uintptr(b.Words64(fs, net, scopes)), size, 0).out(r)
	return r
}

// AllowBelow allows the rights on what the register below has open and on all that lies under it, see landlock_add_rule(2),
// LANDLOCK_RULE_PATH_BENEATH.
func (b *Builder) AllowBelow(ruleset, below Reg, rights uint64) {
	attr := b.Words64(rights, storedLater)
	b.add(WhyConfine, Poke, uintptr(attr)+unsafe.Sizeof(rights)).fd(1, below)
	b.addRule(ruleset, attr)
}

// AllowFile is AllowBelow for a descriptor of the command. What has no path (EBADFD: a pipe, a socket, memory) needs no rule.
func (b *Builder) AllowFile(ruleset Reg, fd int, rights uint64) {
	b.addRule(ruleset, b.Words64(rights, uint64(fd)))
	b.Ignoring(unix.EBADFD)
}

// storedLater stands for a descriptor that is known when the plan is walked.
const storedLater = 0xffffffff

func (b *Builder) addRule(ruleset Reg, attr Ptr) {
	const pathBeneath = 1 // LANDLOCK_RULE_PATH_BENEATH
	b.add(WhyConfine, unix.SYS_LANDLOCK_ADD_RULE, 0, pathBeneath, uintptr(attr), 0).fd(0, ruleset)
}

// Restrict puts the walking process, and what it will start, under a ruleset, see landlock_restrict_self(2).
func (b *Builder) Restrict(ruleset Reg) {
	b.add(WhyConfine, unix.SYS_LANDLOCK_RESTRICT_SELF, 0, 0).fd(0, ruleset)
}
