package policy

import (
	"golang.org/x/sys/unix"
)

// Action is how a call ends: a SECCOMP_RET_* value with its data, see seccomp(2).
type Action uint32

// The actions that need no errno.
const (
	Allow Action = unix.SECCOMP_RET_ALLOW
	Log   Action = unix.SECCOMP_RET_LOG // allowed, and noted in the kernel's log
	Kill  Action = unix.SECCOMP_RET_KILL_PROCESS
)

// Errno is the action that ends a call with an errno.
func Errno(e unix.Errno) Action { return Action(unix.SECCOMP_RET_ERRNO | uint32(e)) }

// Ret returns what a program returns for the action.
func (a Action) Ret() uint32 { return uint32(a) }

// Errno returns the errno that the action ends a call with, and 0 if it is another action.
func (a Action) Errno() unix.Errno {
	if uint32(a)&unix.SECCOMP_RET_ACTION_FULL != unix.SECCOMP_RET_ERRNO {
		return 0
	}
	return unix.Errno(uint32(a) & unix.SECCOMP_RET_DATA)
}

// String returns the action as a policy writes it.
func (a Action) String() string {
	switch a {
	case Allow:
		return "allow"
	case Log:
		return "log"
	case Kill:
		return "kill"
	}
	return "errno " + unix.ErrnoName(a.Errno())
}

// actionWords are the words that a rule can begin with.
var actionWords = [...]string{"allow", "errno", "kill", "log"}

// lastErrno is the highest that has a name, EHWPOISON. The architectures that box knows have the same.
const lastErrno = 133

// errnoOf returns the errno of a name.
func errnoOf(name string) (unix.Errno, bool) {
	for e := unix.Errno(1); e <= lastErrno; e++ {
		if unix.ErrnoName(e) == name {
			return e, true
		}
	}
	return 0, false
}

func errnoNames() []string {
	var names []string
	for e := unix.Errno(1); e <= lastErrno; e++ {
		if name := unix.ErrnoName(e); name != "" {
			names = append(names, name)
		}
	}
	return names
}
