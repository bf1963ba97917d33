package userns

import (
	"box/internal/host"
	"box/plan"
	"box/spec"

	"golang.org/x/sys/unix"
)

// Box is what leads into a sandbox that runs: descriptors of its namespaces, in the order of plan.NamespaceFlags.
type Box struct {
	Namespaces [len(plan.NamespaceNames)]int
	own        [len(plan.NamespaceNames)]bool // it is not the caller's
	outer      int                            // the user namespace that owns the others, open; -1 if the caller's does
	inner      bool                           // the command's user namespace lies in that one
}

// The places of some in plan.NamespaceFlags.
const (
	userPlace  = 0
	mountPlace = 1
)

// Look finds out which of the namespaces are the sandbox's own, and which user namespace owns them. The kernel refuses to enter the
// others: EPERM, or EINVAL for the current user namespace, see setns(2). It returns an errno of stat(2) or of ioctl_ns(2), EPERM for
// a sandbox that the caller's user namespace does not own. Close closes what it has opened.
func (x *Box) Look() unix.Errno {
	x.outer, x.inner = -1, false
	for i, fd := range x.Namespaces {
		its, errno := host.Look(fd, "")
		if errno != 0 {
			return errno
		}
		callers, errno := host.LookFor(host.Here, ownPaths[i])
		if errno != 0 {
			return errno
		}
		x.own[i] = !its.Same(callers)
	}
	if !x.own[userPlace] {
		return 0
	}
	outer, errno := host.OwningUser(x.Namespaces[mountPlace])
	if errno != 0 {
		return errno
	}
	x.outer = outer
	owner, _ := host.Look(outer, "")
	commands, _ := host.Look(x.Namespaces[userPlace], "")
	x.inner = !owner.Same(commands)
	return 0
}

// ownPaths are the caller's namespaces, in the order of plan.NamespaceFlags.
var ownPaths = [len(plan.NamespaceNames)]string{
	"/proc/self/ns/user", "/proc/self/ns/mnt", "/proc/self/ns/pid", "/proc/self/ns/net", "/proc/self/ns/ipc", "/proc/self/ns/uts",
	"/proc/self/ns/cgroup",
}

// Close closes what Look has opened, but not the Namespaces.
func (x *Box) Close() {
	if x.outer >= 0 {
		host.Close(x.outer)
		x.outer = -1
	}
}

// EnterOuter enters the user namespace that the sandbox was built in, with all capabilities there.
func (x *Box) EnterOuter(b *plan.Builder) {
	if x.outer >= 0 {
		b.Setns(x.outer, unix.CLONE_NEWUSER)
	}
}

// Enter enters the others, the mounts last: paths are the sandbox's then. Only a child gets into the pid namespace, see setns(2).
func (x *Box) Enter(b *plan.Builder) {
	for i := len(x.Namespaces) - 1; i >= mountPlace; i-- {
		if x.own[i] {
			b.Setns(x.Namespaces[i], uintptr(plan.NamespaceFlags[i]))
		}
	}
	b.Hop(0)
}

// Finish enters the command's user namespace, and gives up all privilege but the capabilities that s keeps. Supplementary groups are
// given up where the sandbox has given them up: groups.
func (x *Box) Finish(b *plan.Builder, s *spec.Spec, groups bool) {
	if groups {
		b.Setgroups()
	}
	if x.inner {
		b.Setns(x.Namespaces[userPlace], unix.CLONE_NEWUSER)
	}
	if !s.Life.Keyring {
		newKeyring(b, s)
	}
	drop(b, s.Caps.Keep)
}

// EnterFlags are those for the clone of a process that makes no namespace.
const EnterFlags = cloneClearSighand
