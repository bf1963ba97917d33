package mounts

import (
	"strings"

	"box/internal/early"
	"box/internal/host"
	"box/plan"
	"box/spec"

	"golang.org/x/sys/unix"
)

// A clone of a source is a descriptor until it is attached. Sources beyond the limit for these are cloned when their turn
// comes, under the cover, where only a path without links and ".." still means the host.

// reserve is how many descriptors are left for everything else.
// The walk needs some for directories on the way, terminals, sockets and files of the caller.
const reserve = 64

// descriptors returns how many sources can be kept cloned at a time, see getrlimit(2), RLIMIT_NOFILE.
func descriptors() int {
	soft, _, errno := plan.Limits(unix.RLIMIT_NOFILE)
	if errno != 0 || soft > 1<<30 {
		// No limit is known, or one that no list of binds comes near; it still has to fit into an int of 32 bits.
		return 1 << 30
	}
	return max(int(soft)-reserve, 0)
}

// canWait reports whether the source of entry i can be cloned late: not the root, on which the cover lies, and none
// that must be opened without following links.
//
//go:noinline
func (t *tree) canWait(i int) bool {
	early.Ordinary()
	e := &t.s.Tree[i]
	above, _ := t.writableAbove(e.Source)
	return e.Kind == spec.Bind && !e.Here && e.Below == "" && above == "" && Absolute(e.Source) != "/"
}

// cloneLate clones the source of an entry by its real path into r.
//
// The cover is on "/" by then. A link or ".." on the way could lead to the new root and not to the host: so the path
// is the real one, and a link in it is an error (ELOOP).
//
//go:noinline
func (t *tree) cloneLate(e *spec.Entry, r plan.Reg) {
	early.Ordinary()
	fd := t.b.OpenNoLinks(plan.WhySource, plan.Cwd, t.b.String(Absolute(e.Source)), false)
	t.b.OpenTreeOf(plan.WhySource, r, fd)
	t.b.Close(fd)
	t.same(e, r)
	t.b.MountSetattr(plan.WhyAttributes, r, attributes(e), t.propagation(), true)
}

// Absolute returns the real path of a source. A relative one begins at the working directory. What is missing keeps
// the path that Spelled gives.
func Absolute(source string) string {
	return RealPath(Spelled(source))
}

// Spelled returns a path without what means nothing in it: from the root, and without ".", ".." and slashes too many. It is
// filepath.Abs, without the heap.
func Spelled(source string) string {
	if early.Clean(source) {
		return source
	}
	var t early.Text
	if !strings.HasPrefix(source, "/") {
		var buffer [unix.PathMax]byte
		dir := host.Getwd(buffer[:])
		// The working directory has no path: it has been removed, or lies outside of the root.
		if dir == "" {
			return source
		}
		t.Add(strings.TrimSuffix(dir, "/"))
	}
	for part := source; part != ""; {
		rest := ""
		if cut := strings.IndexByte(part, '/'); cut >= 0 {
			part, rest = part[:cut], part[cut+1:]
		}
		switch part {
		case "", ".":
		// By name, as filepath.Clean has it: through a link the kernel may come to another directory.
		case "..":
			t.Cut(max(strings.LastIndexByte(t.String(), '/'), 0))
		default:
			t.Add("/")
			t.Add(part)
		}
		part = rest
	}
	switch {
	case t.Full():
		return source // no kernel takes it
	case t.Len() == 0:
		return "/"
	}
	return early.Concat(t.String())
}
