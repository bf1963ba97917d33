package mounts

import (
	"box/internal/host"

	"golang.org/x/sys/unix"
)

// public reports whether a directory is a meeting place: others than the caller may make files in it, and either it is sticky, as
// /tmp is, so that they are meant to, or it is not the caller's own. Programs that have nothing to do with the command put their
// sockets there (tmux, X11, ssh-agent), and who can connect to one of these may run what it likes outside: a read-only bind
// doesn't hinder connect(2). A directory of the caller's own that its group may write in is not one of them.
func public(mode, owner, caller uint32) bool {
	const others = unix.S_IWGRP | unix.S_IWOTH
	return mode&others != 0 && (mode&unix.S_ISVTX != 0 || owner != caller)
}

// isPublic is public for the directory at path.
// Links are followed. What can't be looked at counts as one: nothing is known in its favour.
func isPublic(path string, caller int) bool {
	mode, owner, errno := host.Owner(path, 0)
	return errno != 0 || public(mode, owner, uint32(caller))
}
