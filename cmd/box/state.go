package main

import (
	"strings"

	"box/internal/early"
	"box/internal/host"
	"box/internal/inherited"

	"golang.org/x/sys/unix"
)

// stateDirectory returns where box keeps what it has to know of earlier sandboxes, see the XDG Base Directory
// Specification: a relative path is ignored. It is "" if there is no home either. Nothing is made here.
func stateDirectory() string {
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
