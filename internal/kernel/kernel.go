// Package kernel asks the running kernel and machine what they allow. It holds the tables of kernel versions; nothing
// else compares them.
package kernel

import (
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// call is a system call, and the Linux version that brought it.
type call struct {
	name, version string
	number        uintptr
}

// needs are the calls that box can't do without.
var needs = [...]call{
	{"pidfd_open", "5.3", unix.SYS_PIDFD_OPEN},
}

// Oldest is the oldest Linux that has everything that box needs.
const Oldest = "5.3"

// likes are calls that box does without where it has to, and how: see package launch.
var likes = [...]struct {
	call
	instead string
}{
	{call{"open_tree", "5.2", unix.SYS_OPEN_TREE}, "what is bound is mounted in a tmpfs, and moved from there"},
	{call{"move_mount", "5.2", unix.SYS_MOVE_MOUNT}, "mount moves what is mounted"},
	{call{"fsopen", "5.2", unix.SYS_FSOPEN}, mountedAside},
	{call{"fsconfig", "5.2", unix.SYS_FSCONFIG}, mountedAside},
	{call{"fsmount", "5.2", unix.SYS_FSMOUNT}, mountedAside},
	{call{"clone3", "5.3", unix.SYS_CLONE3}, "clone, and handlers of signals are reset one by one"},
	{call{"openat2", "5.6", unix.SYS_OPENAT2}, "a path is resolved part by part"},
	{call{"close_range", "5.9", unix.SYS_CLOSE_RANGE}, "descriptors are closed one by one"},
	{call{"mount_setattr", "5.12", unix.SYS_MOUNT_SETATTR}, "mounts are looked up in the mount table and remounted one by one"},
}

const mountedAside = "mount makes file systems, and they are cloned"

// Needs returns a sentence about this kernel's version and the one that box needs.
func Needs() string {
	return "box needs Linux " + Oldest + " or newer, and this is " + Release() +
		"; an outer container may also forbid newer system calls"
}

// Missing returns the first of the system calls that box needs which the kernel, or a filter around box, doesn't have,
// with the version that brought it; or "".
func Missing() string {
	for _, n := range needs {
		if n.missing() {
			return n.String()
		}
	}
	return ""
}

// Substituted says of each system call that others are made for that this kernel doesn't have it, with the version that brought
// it, or that it is refused, and what is done instead.
func Substituted() (found []string) {
	for _, l := range likes {
		switch {
		case l.missing():
			found = append(found, "has no "+l.String()+": "+l.instead)
		case l.refused():
			found = append(found, "refuses "+l.name+", by a system call filter: "+l.instead)
		}
	}
	return found
}

func (c call) String() string { return c.name + " (Linux " + c.version + ")" }

// missing reports whether the kernel doesn't have the call.
func (c call) missing() bool { return c.try() == unix.ENOSYS }

// refused reports whether a filter refuses the call. Of some calls it can't be known: the kernel itself refuses them to who may not
// mount, before it looks at the arguments.
func (c call) refused() bool {
	switch c.number {
	case unix.SYS_MOVE_MOUNT, unix.SYS_FSOPEN, unix.SYS_FSMOUNT:
		return false
	}
	return c.try() == unix.EPERM
}

// try makes the call with invalid arguments, so that nothing happens.
func (c call) try() unix.Errno {
	const none = ^uintptr(0)
	_, _, errno := unix.RawSyscall6(c.number, none, 0, none, none, 0, 0)
	return errno
}

// Release returns the kernel's version, see uname(2).
func Release() string {
	var u unix.Utsname
	if unix.Uname(&u) != nil {
		return "unknown"
	}
	return unix.ByteSliceToString(u.Release[:])
}

// Sysctl returns the value below /proc/sys, or "" if it can't be read.
func Sysctl(path string) string { return read("/proc/sys/" + path) }

// HasProc reports whether proc(5) is mounted where it belongs.
func HasProc() bool {
	var fs unix.Statfs_t
	return unix.Statfs("/proc", &fs) == nil && fs.Type == unix.PROC_SUPER_MAGIC
}

// SysctlsFixed reports whether /proc/sys can only be read here, as in most containers.
func SysctlsFixed() bool {
	var fs unix.Statfs_t
	return unix.Statfs("/proc/sys/user", &fs) != nil || fs.Flags&unix.ST_RDONLY != 0
}

func read(path string) string {
	data, err := os.ReadFile(path)
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(data))
}
