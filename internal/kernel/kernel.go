// Package kernel asks the running kernel and machine what they allow. It holds the tables of kernel versions; nothing
// else compares them.
package kernel

import (
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// needs are the system calls that box can't do without, and the Linux versions that brought them.
var needs = [...]struct {
	call, version string
	number        uintptr
}{
	{"open_tree", "5.2", unix.SYS_OPEN_TREE},
	{"move_mount", "5.2", unix.SYS_MOVE_MOUNT},
	{"clone3", "5.3", unix.SYS_CLONE3},
	{"openat2", "5.6", unix.SYS_OPENAT2},
	{"close_range", "5.9", unix.SYS_CLOSE_RANGE},
	{"mount_setattr", "5.12", unix.SYS_MOUNT_SETATTR},
}

// Oldest is the oldest Linux that has everything that box needs: mount_setattr(2).
const Oldest = "5.12"

// Needs returns a sentence about this kernel's version and the one that box needs.
func Needs() string {
	return "box needs Linux " + Oldest + " or newer, and this is " + Release() +
		"; an outer container may also forbid newer system calls"
}

// Missing returns the first of the system calls that box needs which the kernel, or a filter around box, doesn't have,
// with the version that brought it; or "". The arguments of the trials are invalid, so that nothing happens.
func Missing() string {
	for _, n := range needs {
		const none = ^uintptr(0)
		if _, _, errno := unix.RawSyscall6(n.number, none, 0, none, none, 0, 0); errno == unix.ENOSYS {
			return n.call + " (Linux " + n.version + ")"
		}
	}
	return ""
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

func read(path string) string {
	data, err := os.ReadFile(path)
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(data))
}
