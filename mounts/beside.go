package mounts

import (
	"strings"

	"box/internal/early"
	"box/internal/host"
	"box/internal/pathname"
	"box/spec"

	"golang.org/x/sys/unix"
)

// looker finds directories that no flag names: beside a /usr that one does name, or at the root. Whoever can write
// there could have planted a link to what the user never meant to show. So a link is followed only where nobody but
// root can have made it, and what is found is bound by a path without links.
//
// Root is user id 0 as the process sees it: in a user namespace somebody else, who rules there as root does
// elsewhere. If the caller is root, that says little: a program in a sandbox of root's makes files as root. Then
// links are followed at "/" only.
type looker struct {
	top  string // the directory
	want uint32 // what is looked for: S_IFREG, or a directory
	// roots reports whether only root can change what is in top, and the way there: 0 is not known yet, 1 yes, -1 no.
	// It is found out when it is asked for first.
	roots int
	path  early.Text // what was found so far, below top
	rest  early.Text // what is still to be looked for
	// next is rest, while it is being made. Target and rest can't be joined in place, and there is no heap.
	next early.Text
}

// find looks for a directory, or a file, at name below top, and returns a read-only bind of it, without a destination.
//
// It reports false for anything else, and for a link that somebody else than root may have made: the caller then leaves
// the name out, as if there were nothing.
func (l *looker) find(name string) (e spec.Entry, is bool) {
	l.rest.Cut(0)
	l.rest.Add(name)
	l.path.Cut(0)
	way, last := true, true // whether only root can change what is in the directories above, and in the present one
	isFile := false
	for links := 0; ; {
		part := cutPart(&l.rest)
		if part == "" {
			is = isFile == (l.want == unix.S_IFREG) && l.path.Len() > 0 && !l.path.Full() && !l.rest.Full()
			return l.bind(way), is
		}
		if isFile {
			return e, false // ENOTDIR
		}
		way, last = way && last, true
		above := l.path.Len()
		enter(&l.path, part)
		mode, uid, errno := host.Owner(below(l.top, l.path.String()), unix.AT_SYMLINK_NOFOLLOW)
		switch {
		case errno != 0:
			return e, false
		case mode&unix.S_IFMT == unix.S_IFDIR:
			last = rootsAlone(mode, uid)
		case mode&unix.S_IFMT == unix.S_IFREG:
			isFile = true
		// The owner of the link alone proves nothing: who can write in a directory on the way can put something else
		// at this name.
		case mode&unix.S_IFMT != unix.S_IFLNK || uid != 0 || !way || !l.topIsRoots() || above > 0 && unix.Getuid() == 0:
			return e, false
		default:
			// The target is looked at part by part, too: it may lead through a directory that others write in.
			if links++; links > maxLinks || !l.follow(above) {
				return e, false
			}
		}
	}
}

// bind returns a bind of what was found; way reports whether only root can change the directories that lead there from
// top.
func (l *looker) bind(way bool) spec.Entry {
	e := spec.Entry{Kind: spec.Bind, RO: true, Source: below(l.top, l.path.String())}
	if l.top != "/" || !way || !l.topIsRoots() {
		e.Below = l.top // else nobody can put a link there until it is opened
	}
	return e
}

// follow puts the target of the link at path in the place of its name, which begins after the first above bytes. An
// absolute one begins at top: that is the root of the system which the link belongs to.
// It returns false if the link can't be read any more.
func (l *looker) follow(above int) bool {
	target := host.Readlink(below(l.top, l.path.String()), l.next.Buffer())
	if target == "" {
		return false
	}
	putTarget(target, &l.path, above, &l.rest, &l.next)
	return true
}

// topIsRoots reports whether only root can change top and what leads there.
func (l *looker) topIsRoots() bool {
	if l.roots == 0 {
		l.roots = -1
		if wayIsRoots(l.top) {
			l.roots = 1
		}
	}
	return l.roots > 0
}

// wayIsRoots reports whether only root can change a directory and those that it lies in.
//
// The way is judged by the real path: a link on it leads through directories that its spelling does not name. An
// error counts as no.
func wayIsRoots(dir string) bool {
	if mode, uid, errno := host.Owner("/", unix.AT_SYMLINK_NOFOLLOW); errno != 0 || !rootsAlone(mode, uid) {
		return false
	}
	if dir == "/" {
		return true
	}
	// See looker: what root owns may have been made in a sandbox of root's.
	if unix.Getuid() == 0 {
		return false
	}
	dir = Absolute(dir)
	for end := 1; end <= len(dir); end++ {
		if end < len(dir) && dir[end] != '/' {
			continue
		}
		if mode, uid, errno := host.Owner(dir[:end], unix.AT_SYMLINK_NOFOLLOW); errno != 0 || !rootsAlone(mode, uid) {
			return false
		}
	}
	return true
}

// rootsAlone reports whether a directory belongs to root, and nobody else may write there. One that is sticky is no
// exception: others can make names in it.
func rootsAlone(mode, uid uint32) bool {
	const others = 0o022
	return mode&unix.S_IFMT == unix.S_IFDIR && uid == 0 && mode&others == 0
}

// enter goes from the directory at path to part of it.
//
// ".." goes up by name. That is right, since path has no links: find replaces each by its target. At the top it stays
// there, as in the kernel.
func enter(path *early.Text, part string) {
	switch part {
	case ".":
	case "..":
		path.Cut(max(strings.LastIndexByte(path.String(), '/'), 0))
	default:
		path.Add("/")
		path.Add(part)
	}
}

// cutPart takes the first part off a path; "" if there is none.
// It is a part of the path's own memory, and holds until that is changed.
func cutPart(path *early.Text) string {
	rest := path.String()
	from, to := pathname.First(rest)
	path.Skip(to)
	return rest[from:to]
}
