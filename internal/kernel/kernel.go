// Package kernel asks the running kernel and machine what they allow. It holds the tables of kernel versions; nothing
// else compares them.
package kernel

import (
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// need is a system call that box can't do without, and the Linux version that brought it.
type need struct{ call, version string }

var needs = [...]need{
	{"openat2", "5.6"},
	{"close_range", "5.9"},
	{"mount_setattr", "5.12"},
}

// Oldest is the oldest Linux that has everything that box needs: mount_setattr(2).
const Oldest = "5.12"

// Needs returns a sentence about this kernel's version and the one that box needs.
func Needs() string {
	return "box needs Linux " + Oldest + " or newer, and this is " + Release() +
		"; an outer container may also forbid newer system calls"
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
