package mounts

import (
	"box/internal/early"
	"box/internal/host"

	"golang.org/x/sys/unix"
)

// rooted reports whether only root can have made the way to source what it is: each directory and each link on it belongs to root,
// and nobody else may write in those directories, by their modes and for the caller. What runs in a sandbox of root's own is root:
// then it is never so.
func rooted(source string) bool {
	if unix.Geteuid() == 0 || !early.Clean(source) { // ".." after a link leads elsewhere than it says
		return false
	}
	var at, rest, next early.Text
	rest.Add(source)
	for links := 0; ; {
		if !ownedByRoot(at.String()) {
			return false
		}
		part := cutPart(&rest)
		if part == "" {
			return true
		}
		above := at.Len()
		enter(&at, part)
		if at.Len() == 0 {
			continue // ".." has led to the root
		}
		mode, uid, errno := host.Owner(at.String(), unix.AT_SYMLINK_NOFOLLOW)
		switch {
		case errno != 0 || at.Full() || rest.Full():
			return false
		case mode&unix.S_IFMT == unix.S_IFDIR:
			continue
		case mode&unix.S_IFMT != unix.S_IFLNK:
			return cutPart(&rest) == ""
		}
		if links++; uid != 0 || links > maxLinks {
			return false
		}
		target := host.Readlink(at.String(), next.Buffer())
		if target == "" {
			return false
		}
		putTarget(target, &at, above, &rest, &next)
	}
}

// ownedByRoot reports whether dir belongs to root and only root may write in it.
func ownedByRoot(dir string) bool {
	if dir == "" {
		dir = "/"
	}
	mode, uid, errno := host.Owner(dir, unix.AT_SYMLINK_NOFOLLOW)
	return errno == 0 && uid == 0 && mode&0o022 == 0 && !host.Access(dir, unix.W_OK)
}
