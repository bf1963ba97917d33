package userns

import (
	"box/internal/host"
	"box/plan"
	"box/spec"

	"golang.org/x/sys/unix"
)

// Box is what leads into a sandbox that runs: descriptors of its namespaces, in the order of plan.SpaceKinds, and of the user
// namespace that owns all but the first. Which of them are the caller's own, Look finds out.
type Box struct {
	Spaces [len(plan.SpaceKinds)]int
	Outer  int
	own    [len(plan.SpaceKinds)]bool // it is not the caller's
	inner  bool                       // the command's user namespace is another one than Outer
}

// The places of namespaces in plan.SpaceKinds.
const (
	userPlace = 0
	pidPlace  = 2
)

// spaceFlags are the CLONE_NEW* flags of plan.SpaceKinds.
var spaceFlags = [len(plan.SpaceKinds)]uintptr{
	unix.CLONE_NEWUSER, unix.CLONE_NEWNS, unix.CLONE_NEWPID, unix.CLONE_NEWNET, unix.CLONE_NEWIPC, unix.CLONE_NEWUTS,
	unix.CLONE_NEWCGROUP,
}

// Look finds out which of the namespaces are the sandbox's own. The kernel refuses to enter the others: EPERM, or EINVAL for the
// current user namespace, see setns(2). It returns an errno of stat(2).
func (x *Box) Look() unix.Errno {
	for i, fd := range x.Spaces {
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
	commands, errno := host.Look(x.Spaces[userPlace], "")
	outer, errno2 := host.Look(x.Outer, "")
	x.inner = !outer.Same(commands)
	return max(errno, errno2)
}

// ownPaths are the caller's namespaces, in the order of plan.SpaceKinds.
var ownPaths = [len(plan.SpaceKinds)]string{
	"/proc/self/ns/user", "/proc/self/ns/mnt", "/proc/self/ns/pid", "/proc/self/ns/net", "/proc/self/ns/ipc", "/proc/self/ns/uts",
	"/proc/self/ns/cgroup",
}

// OwnsPID reports whether the sandbox has a pid namespace that is not the caller's: what enters ends with it.
func (x *Box) OwnsPID() bool { return x.own[pidPlace] }

// EnterOuter enters the user namespace that the sandbox was built in, with all capabilities there.
func (x *Box) EnterOuter(b *plan.Builder) {
	if x.own[userPlace] {
		b.Setns(x.Outer, unix.CLONE_NEWUSER)
	}
}

// Enter enters the others, the mounts last: paths are the sandbox's then. Only a child gets into the pid namespace, see
// setns(2). That would be a child of the monitor, or, when this has been killed, of whoever takes its orphans over: where these
// are waited for late, as by many a pid 1 of a container, the sandbox could not end until then (zap_pid_ns_processes()). So it
// becomes one of the sandbox's own pid 1.
func (x *Box) Enter(b *plan.Builder) {
	for i := len(x.Spaces) - 1; i > userPlace; i-- {
		if x.own[i] {
			b.Setns(x.Spaces[i], spaceFlags[i])
		}
	}
	b.Hop(0)
	b.Orphan()
}

// Finish enters the command's user namespace, and gives up all privilege but the capabilities that s keeps. Supplementary groups
// are given up where the sandbox has given them up: groups.
func (x *Box) Finish(b *plan.Builder, s *spec.Spec, groups bool) {
	if groups {
		b.Setgroups()
	}
	if x.inner && x.own[userPlace] {
		b.Setns(x.Spaces[userPlace], unix.CLONE_NEWUSER)
	}
	if !s.Life.Keyring {
		newKeyring(b, s)
	}
	drop(b, s.Caps.Keep)
}

// EnterFlags are those for the clone of a process that makes no namespace.
const EnterFlags = cloneClearSighand
