package mounts

import (
	"strings"

	"box/internal/early"
	"box/internal/host"
	"box/plan"
	"box/spec"

	"golang.org/x/sys/unix"
)

// Insert puts entries into the tree at a place, in front of those that flags have asked for.
func Insert(s *spec.Spec, at int, entries []spec.Entry) {
	for i := range entries {
		insert(s, at+i, &entries[i])
	}
}

// Locks locks what the project's Locks name, wherever it can be written to.
//
// A lock is of a file of the host, and not of a place in the sandbox: it comes after each entry that brings the project, or a part
// of it, or what it lies in, by whatever name. So a flag that comes later can cover it. An entry that brings what is locked itself,
// or a part of that, is left alone: its flag has named it.
//
// A directory above a lock could be renamed, and another one made in its place. So each one between what the entry brings and the
// lock is mounted on itself: a mount point can't be renamed or removed. rename(2) from one side of it to the other is EXDEV.
func Locks(s *spec.Spec) {
	p := &s.Project
	if len(p.Locks) == 0 {
		return
	}
	for i := 0; i < len(s.Tree); i++ {
		source := s.Tree[i].Writes()
		if source == "" {
			continue
		}
		above, part, is := relation(p, source)
		if !is {
			continue
		}
		at := i + 1
		for n := range p.Locks {
			switch path := p.Locks[n].Path; {
			case part == "":
				at = lockIn(s, i, at, early.Concat(above, path), &p.Locks[n])
			case path != part && spec.Within(path, part):
				at = lockIn(s, i, at, path[len(part)+1:], &p.Locks[n])
			}
		}
		i = at - 1
	}
}

// lockIn inserts, at a place of the tree, the lock of path below what entry i brings, and the mounts above it that are missing. It
// returns the next place.
func lockIn(s *spec.Spec, i, at int, path string, l *spec.LockedPath) int {
	dir, source := s.Tree[i].Dest, s.Tree[i].Source
	for end := 1; end <= len(path); end++ {
		if end < len(path) && path[end] != '/' {
			continue
		}
		e := spec.Entry{
			Kind: spec.Lock, RO: end == len(path), Below: dir,
			Dest:   early.Concat(strings.TrimSuffix(dir, "/"), "/", path[:end]),
			Source: early.Concat(strings.TrimSuffix(source, "/"), "/", path[:end]),
		}
		if e.RO {
			e.Origin.Note = early.Concat("locked in a writable project: ", l.Why)
		} else {
			e.Origin.Note = "the way to a lock: rename(2) from one side of it to the other is EXDEV"
		}
		if !e.RO && locked(s.Tree[i+1:at], e.Dest) {
			continue
		}
		insert(s, at, &e)
		at++
	}
	return at
}

// locked reports whether one of the entries is a mount on dest.
func locked(entries []spec.Entry, dest string) bool {
	for i := range entries {
		if entries[i].Dest == dest {
			return true
		}
	}
	return false
}

// relation returns where a source lies, by device and inode: above is the path from it down to the project, with a slash at its
// end, or part the path from the project down to it. It reports false for what is neither.
func relation(p *spec.Project, source string) (above, part string, is bool) {
	f, errno := host.LookFor(host.Here, source)
	if errno != 0 {
		return "", "", false
	}
	if n := steps(p.Source, f); n >= 0 {
		above = tail(p.Top, n)
		if above != "" {
			above = early.Concat(above, "/")
		}
		return above, "", true
	}
	if !f.Is(unix.S_IFDIR) {
		return "", "", false // a file is brought because its flag has named it
	}
	if n := steps(source, host.File{Dev: p.Dev, Ino: p.Ino}); n >= 0 {
		return "", tail(RealPath(Spelled(source)), n), true
	}
	return "", "", false
}

// steps returns how many directories above the one at path a directory is; -1 if it is not above it.
func steps(path string, dir host.File) int {
	fd, errno := host.OpenAt(host.Here, path, unix.O_PATH|unix.O_DIRECTORY)
	before := host.File{}
	for n := 0; errno == 0; n++ {
		f, wrong := host.Look(fd, "")
		if wrong != 0 || f.Same(before) || f.Same(dir) {
			host.Close(fd)
			if wrong == 0 && f.Same(dir) {
				return n
			}
			return -1
		}
		var next int
		next, errno = host.OpenAt(fd, "..", unix.O_PATH|unix.O_DIRECTORY)
		host.Close(fd)
		fd, before = next, f
	}
	return -1
}

// tail returns the last n parts of a path.
func tail(path string, n int) string {
	at := len(path)
	for ; n > 0 && at > 0; n-- {
		at = strings.LastIndexByte(path[:at], '/')
	}
	return spec.Relative(path[max(at, 0):])
}

// lock mounts what is at an entry's Dest on itself. Only the last part may be a link, and then the link is what is mounted: who
// replaces it, or a directory on the way, by a link leads the lock nowhere else.
func (t *tree) lock(e *spec.Entry) {
	above := plan.Root
	if dir := spec.Relative(e.Below); dir != "" {
		above = t.b.OpenInRoot(plan.WhyPlace, plan.Root, t.b.String(dir), unix.O_PATH|unix.O_DIRECTORY, 0)
	}
	at := t.b.OpenLastLink(plan.WhyPlace, above, t.b.String(spec.Relative(e.Dest[len(e.Below):])))
	if above != plan.Root {
		t.b.Close(above)
	}
	r := t.b.Reg()
	t.b.OpenTreeOf(plan.WhySource, r, at)
	if e.RO {
		t.b.MountSetattr(plan.WhyAttributes, r, unix.MOUNT_ATTR_RDONLY, t.propagation(), true)
	}
	t.b.MoveMount(plan.WhyAttach, r, at)
	t.masked(r)
	t.b.Close(r)
	t.b.Close(at)
}
