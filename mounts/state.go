package mounts

import (
	"errors"
	"strings"

	"box/internal/early"
	"box/internal/host"
	"box/internal/pathname"
	"box/plan"
	"box/spec"

	"golang.org/x/sys/unix"
)

// ownAbove are the directories that lead to those that box keeps for itself (Mounts.Own), from the root to them. Who binds one of
// them binds what box keeps as well, and what runs in a sandbox must neither see that nor write there: from it box starts other
// sandboxes again, and by a socket there it can be asked to.
type ownAbove struct {
	// own are the directories themselves, without links as far as they exist.
	own [spec.OwnMost]string
	// n is how many there are that lead to them. Those beyond the arrays are left out.
	n int
	// file is what each is, by device and inode: a source may have any name, and lead there by links.
	file [64]plan.File
	// path is where each is, without links.
	path [64]string
	// link are the links on the way, each by the directory that it is in, without links, and its name. Who replaces one leads box
	// elsewhere. Those beyond the array are left out.
	link  [maxLinks]string
	nlink int
}

// findOwn notes the directories above those that box keeps. One that does not exist yet counts as well: it is made before the
// sandbox is, if something brings a directory above it.
func (t *tree) findOwn() {
	for n := range t.s.Mounts.Own {
		dir := t.s.Mounts.Own[n].Path
		if dir == "" {
			continue
		}
		if !t.noteWay(dir) {
			dir = t.noteLinks(dir)
			t.noteWay(dir)
		}
		t.above.own[n] = dir
	}
	if t.above.n > 0 {
		t.hides = t.b.Scratch(len(t.s.Tree))
	}
}

// noteWay notes the directories that lead to one of box's own, as noteAbove does.
//
// The nearest directory that exists is the one that can be recognised. A link in the place of box's own does not count: nothing is
// kept where it leads.
func (t *tree) noteWay(dir string) bool {
	there := dir
	for !isThere(there, there == dir) {
		above, _ := pathname.Cut(there)
		if there = above; there == "" {
			there = "/"
		}
	}
	return t.noteAbove(there)
}

// noteLinks notes the links on the way to one of box's own directories, and the directories that lead to each. It returns the path
// without links: what is missing has none. Where there are more than the kernel follows, that is dir, and nobody gets there.
func (t *tree) noteLinks(dir string) string {
	var at, rest, next early.Text
	above, name := pathname.Cut(dir)
	rest.Add(above)
	for links := 0; ; {
		part := cutPart(&rest)
		if part == "" {
			return early.Concat(at.String(), "/", name)
		}
		end := at.Len()
		enter(&at, part)
		target := host.Readlink(at.String(), next.Buffer())
		if target == "" {
			continue
		}
		t.noteLink(at.String())
		putTarget(target, &at, end, &rest, &next)
		if links++; links > maxLinks || rest.Full() {
			return dir
		}
	}
}

// noteLink notes one of them.
func (t *tree) noteLink(path string) {
	a := &t.above
	for i := range a.nlink {
		if a.link[i] == path {
			return
		}
	}
	if a.nlink == len(a.link) {
		return
	}
	link := early.Concat(path) // path is on the stack
	a.link[a.nlink] = link
	a.nlink++
	above, _ := pathname.Cut(link)
	if above == "" {
		above = "/"
	}
	t.noteAbove(above)
}

// isThere reports whether there is anything at path, and with noLink anything but a link.
func isThere(path string, noLink bool) bool {
	mode, errno := host.Stat(path, unix.AT_SYMLINK_NOFOLLOW)
	return errno == 0 && (!noLink || mode&unix.S_IFMT != unix.S_IFLNK)
}

// noteAbove notes the directories that lead to dir: dir itself first, and the root last, unless they are noted already. One that
// can't be looked at is left out. It notes nothing, and returns false, if one of them is a link; it returns false, too, where it
// has no room for all.
func (t *tree) noteAbove(dir string) bool {
	a := &t.above
	if !early.Clean(dir) {
		return false
	}
	before := a.n
	for end := len(dir); a.n < len(a.file); {
		path := dir[:max(end, 1)]
		if a.has(path) {
			return true // and so those above it
		}
		file, errno := plan.Identify(t.b.String(path))
		switch {
		case file.Linked:
			a.n = before
			return false
		case errno == 0:
			a.file[a.n], a.path[a.n] = file, path
			a.n++
		}
		if end <= 0 {
			return true
		}
		end = strings.LastIndexByte(dir[:end], '/')
	}
	return false
}

// has reports whether a path is noted.
func (a *ownAbove) has(path string) bool {
	for i := range a.n {
		if a.path[i] == path {
			return true
		}
	}
	return false
}

// leadsToOwn notes that a source of entry i is one of these directories. An overlay has several sources; the last that is one of
// them counts. It returns an error if a flag names what no flag may bring.
func (t *tree) leadsToOwn(i int, file plan.File, source string) error {
	for n := range t.above.n {
		if f := t.above.file[n]; f.Ino == file.Ino && f.Dev == file.Dev {
			t.hides[i] = byte(1 + n)
			return t.inOwn(i, t.above.path[n], nil)
		}
	}
	return t.inOwn(i, source, &file)
}

// inOwn returns an error if the source of a flag is a directory that box keeps, or lies in one, and the flag may not bring that.
// file is what the source is, or nil for one that is spelled without links.
func (t *tree) inOwn(i int, source string, file *plan.File) error {
	if t.above.n == 0 || t.s.Tree[i].Origin.Words == nil {
		return nil
	}
	for n := range t.s.Mounts.Own {
		o := &t.s.Mounts.Own[n]
		if o.Path == "" || o.Kind == spec.Closed || o.Kind == spec.Fixed && t.s.Tree[i].Writes() == "" {
			continue
		}
		if file != nil {
			source, file = t.placeOf(source, file.Linked), nil
		}
		if spec.Within(source, t.above.own[n]) {
			return kept(i, t.above.own[n], o.Kind)
		}
	}
	return nil
}

// What box keeps for itself, and a flag names.
var (
	// ErrSecret: no sandbox sees it.
	ErrSecret = errors.New("it is box's own")
	// ErrFixed: no sandbox writes there.
	ErrFixed = errors.New("it has box's settings")
)

// kept returns the error for entry i, which names what is in dir.
//
//go:noinline
func kept(i int, dir string, kind spec.OwnKind) error {
	early.Ordinary()
	why := ErrSecret
	if kind == spec.Fixed {
		why = ErrFixed
	}
	return &plan.HostError{For: spec.EntryRef(i), Path: dir, Err: why}
}

// placeOf returns the real path of a source, or of the directory that it is in, if the source itself is no link: what lies in the
// same directory is asked for once.
func (t *tree) placeOf(source string, linked bool) string {
	above, leaf := pathname.Cut(source)
	if linked || leaf == "" || isDots(leaf) {
		return t.real(source)
	}
	switch {
	case above != "":
	case source[0] == '/':
		above = "/"
	default:
		above = "."
	}
	return t.real(above)
}

// hideOwn covers the directories that box keeps, wherever they are in the sandbox.
//
// It comes after all entries, so that none of them can cover it or bring the directory once more. What hides one is an
// empty tmpfs, read-only and of mode 0: only who has capabilities can enter it, and nobody can write there.
func (t *tree) hideOwn() {
	if t.above.n == 0 {
		return
	}
	for i := range t.s.Tree {
		if t.hides[i] == 0 || t.found[i] == absent && t.s.Tree[i].Kind != spec.Overlay {
			continue
		}
		e := &t.s.Tree[i]
		t.b.For(spec.EntryRef(i))
		from := strings.TrimSuffix(t.above.path[t.hides[i]-1], "/")
		for n := range t.s.Mounts.Own {
			dir := t.above.own[n]
			if dir == "" || !spec.Within(dir, from) {
				continue
			}
			if e.Writes() != "" {
				t.holdWay(e, n, len(from))
			}
			switch o := &t.s.Mounts.Own[n]; {
			case o.Kind != spec.Fixed:
				o.Brought = dir
				t.hide(e, dir[len(from):])
			case e.Writes() != "":
				o.Brought = dir
				t.fix(e, dir[len(from):])
			}
		}
		if e.Writes() != "" {
			t.holdLinks(e, from)
		}
	}
}

// holdLinks mounts each link on the way to what box keeps on itself, below from, which an entry brings. It leads where it did.
func (t *tree) holdLinks(e *spec.Entry, from string) {
	for n := range t.above.nlink {
		if link := t.above.link[n]; spec.Within(link, from) {
			t.holdWay(e, spec.OwnMost+n, len(from))
			t.hold(e, link, len(from), unix.O_NOFOLLOW)
		}
	}
}

// holdWay mounts each directory between what an entry brings and way n on itself, if the command could rename it: it could put
// another one in its place, with words in it for box start to run outside, or with settings. A mount point can't be renamed or
// removed. The first start bytes of a path are what the entry brings.
func (t *tree) holdWay(e *spec.Entry, n, start int) {
	path := t.above.way(n)
	for end := start + 1; end < len(path); end++ {
		if path[end] == '/' && !t.above.holds(path[:end], n) {
			t.hold(e, path[:end], start, unix.O_DIRECTORY)
		}
	}
}

// hold mounts one on itself, a directory or, with O_NOFOLLOW, a link.
func (t *tree) hold(e *spec.Entry, path string, start int, how uint64) {
	above, _ := pathname.Cut(path)
	if above = early.Concat(above, "/"); host.Exists(above) && !host.Access(above, unix.W_OK) {
		return
	}
	t.onItself(t.openOwn(e, path[start:], how), 0)
}

// way returns the path of the directory Own[n], or, after those, of a link on the way to one.
func (a *ownAbove) way(n int) string {
	if n < len(a.own) {
		return a.own[n]
	}
	return a.link[n-len(a.own)]
}

// holds reports whether a directory is on one of the first n ways.
func (a *ownAbove) holds(dir string, n int) bool {
	for i := range n {
		if way := a.way(i); way != dir && spec.Within(way, dir) {
			return true
		}
	}
	return false
}

// hide covers what is at rest below what an entry brings.
func (t *tree) hide(e *spec.Entry, rest string) {
	at := t.openOwn(e, rest, unix.O_DIRECTORY)
	// Each call is made only if the one before it has succeeded. The directory may be another user's, which box can't enter. It
	// keeps nothing there, but the directory could be given to the user while the sandbox runs.
	name := t.b.String("tmpfs")
	const flags = unix.MS_RDONLY | unix.MS_NOSUID | unix.MS_NODEV | unix.MS_NOEXEC
	t.b.MountOn(plan.WhyHide, name, at, name, flags, t.b.String("mode=0,size=4096"), plan.Done)
	t.b.Close(at)
	t.b.Last().When = plan.Done
}

// fix makes it read-only.
func (t *tree) fix(e *spec.Entry, rest string) {
	t.onItself(t.openOwn(e, rest, unix.O_DIRECTORY), unix.MOUNT_ATTR_RDONLY)
}

// onItself mounts what at has open on itself, with attributes, and closes it.
func (t *tree) onItself(at plan.Reg, attributes uint64) {
	r := t.b.Reg()
	t.b.OpenTreeOf(plan.WhyHide, r, at)
	t.b.Last().When = plan.Done
	if attributes != 0 {
		t.b.MountSetattr(plan.WhyHide, r, attributes, t.propagation(), true)
		t.b.Last().When = plan.Done
	}
	t.b.MoveMount(plan.WhyHide, r, at)
	t.b.Last().When = plan.Done
	t.b.Close(r)
	t.b.Last().When = plan.Done
	t.b.Close(at)
	t.b.Last().When = plan.Done
}

// openOwn opens what is at rest below what an entry brings, if that is not covered: a directory or, with O_NOFOLLOW, a link.
func (t *tree) openOwn(e *spec.Entry, rest string, how uint64) plan.Reg {
	path := t.b.Join(spec.Relative(e.Dest), spec.Relative(rest))
	at := t.b.OpenInRoot(plan.WhyHide, plan.Root, path, unix.O_PATH|how, 0)
	t.b.Ignoring(unix.ENOENT, unix.ENOTDIR, unix.ELOOP) // it is covered, or there is none
	return at
}
