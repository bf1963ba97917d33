package inputs

import (
	"strings"

	"box/internal/early"
	"box/internal/host"
	"box/internal/inherited"

	"golang.org/x/sys/unix"
)

// StateDirectory returns where box keeps what it has to know of earlier
// sandboxes, see the XDG Base Directory Specification: a relative path is
// ignored. It is "" if there is no home either. Nothing is made here. HOME
// counts before the system's own answer, as the specification says; that is
// asked where HOME is not set or relative.
func StateDirectory() string {
	if dir := inherited.Variable("XDG_STATE_HOME"); strings.HasPrefix(dir, "/") {
		return early.Concat(dir, "/box")
	}
	home := inherited.Variable("HOME")
	if !strings.HasPrefix(home, "/") {
		home = host.Home(unix.Getuid())
	}
	if !strings.HasPrefix(home, "/") {
		return ""
	}
	return early.Concat(home, "/.local/state/box")
}

// CacheDirectory returns where box keeps what only costs time if it is lost,
// by the same rules.
func CacheDirectory() string {
	if dir := inherited.Variable("XDG_CACHE_HOME"); strings.HasPrefix(dir, "/") {
		return early.Concat(dir, "/box")
	}
	home := inherited.Variable("HOME")
	if !strings.HasPrefix(home, "/") {
		home = host.Home(unix.Getuid())
	}
	if !strings.HasPrefix(home, "/") {
		return ""
	}
	return early.Concat(home, "/.cache/box")
}

// WorkingDirectory returns where the caller is, by the name that the caller has
// for it (PWD) if that is right, else as getcwd(3) has it; "" if it has none.
// It is os.Getwd. The name in PWD is right if it leads to the same inode as
// ".". It keeps the links that the user has gone through.
func WorkingDirectory() string {
	if pwd := inherited.Variable("PWD"); strings.HasPrefix(pwd, "/") && host.Same(pwd, ".") {
		return pwd
	}
	buffer := early.Buffer(unix.PathMax)
	dir := host.Getwd(buffer)
	return dir
}
