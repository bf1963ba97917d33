package mounts

import (
	"strings"

	"box/internal/early"
	"box/internal/host"
	"box/spec"

	"golang.org/x/sys/unix"
)

// maxLinks bounds the links that Find follows, as the kernel does: path_resolution(7).
// A kernel ends with ELOOP there, and Find says that there is nothing.
const maxLinks = 40

// Has reports whether there would be anything at name in the sandbox. Links are followed, those of the tree and those
// of the host, with the sandbox's root as theirs.
//
// It looks at the host's files as they are now, and does not allocate.
func Has(s *spec.Spec, name string) bool {
	f := finder{s: s}
	return f.find(name)
}

// Find is Has, and returns the path on the host that a bind brings, or "" for something that the sandbox itself makes.
// The path is a copy: the finder's own memory ends with the call.
//
//go:noinline
func Find(s *spec.Spec, name string) (on string, ok bool) {
	early.Ordinary()
	f := finder{s: s}
	ok = f.find(name)
	return strings.Clone(f.host.String()), ok
}

// Writable returns the place, without links, at which what entry i mounts can be written to in the finished tree, and whether that
// is a directory; "" if it can't be, because it is read-only, or covered by something else.
//
// For a Data entry that is a file; for a bind, what its source is on the host. Links are resolved as the sandbox
// would.
func Writable(s *spec.Spec, i int) (place string, dir bool) {
	e := &s.Tree[i]
	if !e.Kind.Mounts() || e.RO {
		return "", false
	}
	f := finder{s: s}
	// A later entry at the same place, or above it, decides instead.
	if !f.find(e.Dest) || f.decides(f.at.String()) != e {
		return "", false
	}
	// A read-only remount may name the place by another path, so both are compared after their links are followed.
	for later := i + 1; later < len(s.Tree); later++ {
		if e := &s.Tree[later]; e.Kind == spec.ReadOnly {
			r := finder{s: s}
			if r.find(e.Dest) && r.at.String() == f.at.String() {
				return "", false
			}
		}
	}
	file := e.Kind == spec.Data || e.Kind == spec.Bind && !host.IsDir(e.Source)
	return early.Concat(f.at.String()), !file
}

// finder resolves a name of the sandbox. It has room for paths, so that nothing is allocated.
type finder struct {
	s    *spec.Spec
	at   early.Text // the directory that was reached: absolute, and without links
	rest early.Text // what is still to be resolved
	// next is rest, while it is being made: the target of a link and then the old rest. The two change places.
	next early.Text
	host early.Text // the path on the host of what was looked at last; "" if the sandbox makes it
	link bool       // what is there on the host is a link
}

// find resolves name. It returns false if there is nothing, or if a path is too long for the kernel.
func (f *finder) find(name string) bool {
	f.rest.Add(name)
	for links := 0; ; {
		part := cutPart(&f.rest)
		if part == "" {
			return f.here() && !f.tooLong()
		}
		above := f.at.Len()
		enter(&f.at, part)
		target, there := f.look()
		switch {
		case !there, f.tooLong():
			return false
		case target == "":
			continue
		}
		if links++; links > maxLinks {
			return false
		}
		putTarget(target, &f.at, above, &f.rest, &f.next)
	}
}

// putTarget puts the target of a link in front of rest, which is still to be resolved. It begins beside the link, whose name
// begins after the first above bytes of at; an absolute one begins at the root. The target may be in next, and rest and next
// change places.
func putTarget(target string, at *early.Text, above int, rest, next *early.Text) {
	if at.Cut(above); target[0] == '/' {
		at.Cut(0)
	}
	next.Cut(0)
	next.Add(target)
	next.Add("/")
	next.Add(rest.String())
	*rest, *next = *next, *rest
}

// tooLong reports whether a path is longer than the kernel takes (PATH_MAX, ENAMETOOLONG).
func (f *finder) tooLong() bool { return f.at.Full() || f.rest.Full() || f.host.Full() }

// look reports whether there is anything at at, and returns the target if it is a symbolic link.
func (f *finder) look() (target string, there bool) {
	name := f.at.String()
	if e := f.decides(name); e != nil && e.Kind == spec.Symlink && spec.Relative(e.Dest) == spec.Relative(name) {
		return e.Source, true
	}
	if !f.here() {
		return "", false
	}
	if f.host.Len() == 0 {
		// The sandbox makes it, and the links that it makes were looked at above.
		return "", true
	}
	if !f.link {
		return "", true
	}
	return host.Readlink(f.host.String(), f.next.Buffer()), true
}

// decides returns the last entry that decides what is at name, see spec.Lookup.
// It returns a pointer into the tree, or nil, and so without a copy.
func (f *finder) decides(name string) *spec.Entry {
	if i := f.deciding(name); i >= 0 {
		return &f.s.Tree[i]
	}
	return nil
}

// deciding returns the index of that, or -1.
func (f *finder) deciding(name string) int {
	for i := len(f.s.Tree) - 1; i >= 0; i-- {
		if e := &f.s.Tree[i]; e.Kind.Creates() && spec.Within(name, e.Dest) {
			return i
		}
	}
	return -1
}

// here reports whether there is anything at at, the last link not followed, and notes where on the host.
func (f *finder) here() bool {
	name := f.at.String()
	f.host.Cut(0)
	after := 0 // what was made before is covered
	if i := f.deciding(name); i >= 0 {
		e := &f.s.Tree[i]
		if e.Kind.Mounts() {
			after = i + 1
		}
		switch {
		// An overlay shows the directory for writes first, and then its layers from the top.
		case e.Brings():
			below := strings.TrimPrefix(spec.Relative(name), spec.Relative(e.Dest))
			if e.Source != "" && f.onHost(e.Source, below) {
				return true
			}
			for i := len(e.Layers) - 1; i >= 0; i-- {
				if f.onHost(e.Layers[i], below) {
					return true
				}
			}
			f.host.Cut(0)
		case e.Kind == spec.Proc || e.Kind == spec.Dev || spec.Relative(e.Dest) == spec.Relative(name):
			return true // proc and dev have more inside than can be known here
		}
	}
	for i := after; i < len(f.s.Tree); i++ { // a directory that had to be made for something below it
		e := &f.s.Tree[i]
		if spec.Relative(name) == "" || e.Kind.Creates() && spec.Within(e.Dest, name) {
			return true
		}
	}
	return spec.Relative(name) == ""
}

// onHost reports whether there is anything at below in source, and notes it. A source that is a link itself is what the link leads
// to: that is what is mounted.
func (f *finder) onHost(source, below string) bool {
	f.host.Cut(0)
	f.host.Add(source)
	how := 0
	if below = spec.Relative(below); below != "" {
		if !strings.HasSuffix(source, "/") {
			f.host.Add("/")
		}
		f.host.Add(below)
		how = unix.AT_SYMLINK_NOFOLLOW
	}
	mode, errno := host.Stat(f.host.String(), how)
	f.link = mode&unix.S_IFMT == unix.S_IFLNK
	return errno == 0
}
