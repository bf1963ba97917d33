package mounts

import (
	"box/internal/early"
	"box/internal/host"

	"golang.org/x/sys/unix"
)

// noteSecret is the note of what secrets adds.
const noteSecret = "base view: nobody but root may read it on this machine"

// secretDirs are where a system keeps what nobody but root may read: passwords, who may become root, the keys of the
// machine. Only the names in them are looked at, and not what lies in further directories that all may enter.
var secretDirs = [...]string{"/etc", "/etc/ssh", "/etc/ssl", "/etc/security", "/etc/ppp", "/etc/NetworkManager"}

// secrets hides, from a sandbox that root starts, the files of the base view that an ordinary user could not read: it has
// root's user id, and needs no capability for these.
//
// A directory becomes an empty one that is read-only, and a file an empty file. So a program finds that there is
// nothing, and not that something is forbidden. The names are those at the time of the call.
func (v *view) secrets() {
	var names host.Names
	for _, dir := range secretDirs {
		mode, _, errno := host.Owner(dir, unix.AT_SYMLINK_NOFOLLOW)
		if errno != 0 || mode&unix.S_IFMT != unix.S_IFDIR || hidden(mode) || !names.Open(dir) {
			// One that is hidden itself is covered as a whole, where it is a name in the directory above.
			continue
		}
		for name := names.Next(); name != ""; name = names.Next() {
			path := early.Concat(dir, "/", name)
			mode, _, errno := host.Owner(path, unix.AT_SYMLINK_NOFOLLOW)
			// Links are not followed: what one leads to is judged where it lies.
			if errno != 0 || !hidden(mode) {
				continue
			}
			if mode&unix.S_IFMT == unix.S_IFDIR {
				v.add(emptyDir(path, noteSecret))
				continue
			}
			v.add(emptyFile(path, noteSecret))
		}
	}
}

// hidden reports whether others than the owner and the group may not read a file or enter a directory. The
// permissions of the group are not asked: what only a group may read is a secret, too. Devices, sockets and links are
// none.
func hidden(mode uint32) bool {
	switch mode & unix.S_IFMT {
	case unix.S_IFDIR:
		return mode&0o001 == 0
	case unix.S_IFREG:
		return mode&0o004 == 0
	}
	return false
}
