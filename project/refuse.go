package project

import (
	"box/internal/host"

	"golang.org/x/sys/unix"
)

// refuses returns why the directory that is open as fd can't be a project, or "". It is judged as what it is, by device and inode,
// and not by its path: another may lead to the same directory, and a program can change where a path leads.
func (c *Caller) refuses(fd int) string {
	f, errno := host.Look(fd, "")
	if errno != 0 {
		return "can't be looked at"
	}
	if root, errno := host.Look(host.Here, "/"); errno == 0 && f.Same(root) {
		return "is /"
	}
	var buffer [unix.PathMax]byte
	path := host.PathOf(fd, buffer[:])
	for i := range systems {
		if path != "" && within(path, systems[i].dir) {
			return systems[i].why
		}
	}
	// Whoever can write to a home can have a program run outside later, by the files that a shell reads.
	for _, home := range c.Homes {
		if h, errno := host.LookFor(host.Here, home); errno == 0 && h.Same(f) {
			return "is the home directory"
		}
		if host.Holds(f, home) || path != "" && within(home, path) {
			return "holds the home directory"
		}
	}
	if public(f, c.UID) {
		return "is one that others write in, too"
	}
	return ""
}

// systems are where no project is. Links in /proc lead to descriptors, /dev and /sys are the machine's, and in /run are the sockets
// of its services.
var systems = [...]struct{ dir, why string }{
	{"/proc", "is in /proc"},
	{"/sys", "is in /sys"},
	{"/dev", "is in /dev"},
	{"/run", "is in /run"},
}

// public reports whether a directory is a meeting place: others than the caller may make files in it, and either it is sticky, as
// /tmp is, so that they are meant to, or it is not the caller's own. Programs that have nothing to do with the command put their
// sockets there (tmux, X11, ssh-agent), and who can connect to one of these may run what it likes outside: a read-only bind
// doesn't hinder connect(2). A directory of the caller's own that its group may write in is not one of them.
func public(f host.File, caller int) bool {
	const others = unix.S_IWGRP | unix.S_IWOTH
	return f.Mode&others != 0 && (f.Mode&unix.S_ISVTX != 0 || f.UID != uint32(caller))
}

// secrets are names of what gives a user's rights to whoever can read it. A directory with one of them, above the working
// directory, is not what the user means by the project: it is a home, or a checkout of one.
var secrets = [...]string{
	".ssh", ".gnupg", ".aws", ".azure", ".kube", ".netrc", ".git-credentials", ".password-store", ".mozilla", ".bash_history",
}

func hasSecrets(fd int) bool {
	for i := range secrets {
		if _, errno := host.Look(fd, secrets[i]); errno == 0 {
			return true
		}
	}
	return false
}
