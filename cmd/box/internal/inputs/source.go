package inputs

import (
	"os"
	"path/filepath"
	"strconv"
)

// SourceOf returns the real path of what a descriptor names. It is bound by this path, since a descriptor belongs to the
// caller's mount namespace, and nothing of that can be cloned in the sandbox's.
func SourceOf(fd int) (string, error) {
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
