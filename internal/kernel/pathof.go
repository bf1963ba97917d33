package kernel

import (
	"os"
	"path/filepath"
	"strconv"

	"golang.org/x/sys/unix"

	"box/internal/early"
)

// PathOf returns the real path of what a descriptor names. It is bound by this path, since a descriptor belongs to the
// caller's mount namespace, and nothing of that can be cloned in the sandbox's.
func PathOf(fd int) (string, error) {
	name, err := os.Readlink("/proc/self/fd/" + strconv.Itoa(fd))
	if err != nil {
		return "", err
	}
	if _, err := os.Lstat(name); err != nil {
		return "", err
	}
	if source, err := filepath.EvalSymlinks(name); err == nil {
		return source, nil
	}
	return name, nil // somebody has just swapped a part of it; the child compares what it has opened
}

// TerminalPath returns the path of the terminal that a descriptor is, or "", see ttyname(3).
//
//go:noinline
func TerminalPath(fd int) string {
	early.Ordinary()
	name, err := os.Readlink("/proc/self/fd/" + strconv.Itoa(fd))
	var is, want unix.Stat_t
	if err != nil || unix.Fstat(fd, &want) != nil || unix.Stat(name, &is) != nil || is.Rdev != want.Rdev {
		return ""
	}
	return name
}
