// Package mounts compiles the tree of a sandbox: what is bound, mounted, made and written where, and the pivot that
// makes it the root.
//
// The new root is built under a cover: a tmpfs mounted on top of "/". Absolute paths still mean the host, since
// a process's root stays below what is mounted on it; the cover is reached by descriptor. Every destination is resolved
// inside it by openat2(2), so that a link which was planted in something bound earlier can't lead out. Sources are
// cloned before anything is built, so no entry can change what a later source means.
package mounts

import (
	"box/plan"
	"box/spec"

	"golang.org/x/sys/unix"
)

// tree is the state of a compilation. It is passed by pointer and never leaves the stack.
type tree struct {
	b        *plan.Builder
	s        *spec.Spec
	found    []byte   // what the source of Tree[i] is
	source   plan.Reg // the register of the next source
	dir      string   // the directory that dirReg has open, or ""
	dirReg   plan.Reg
	roots    int      // mounts on "/" so far
	writable int      // writable binds so far
	places   prefixes // where binds and links are, so far
	sharing  prefixes // the sources of all writable binds
}

// What a source is.
const (
	absent    = 0
	file      = 1
	directory = 2
	late      = 4 // with one of these: cloned when its turn comes
)

// Compile writes the calls that build the tree and make it the root, with plan.Root open on it. It looks at
// the sources on the host and returns a *plan.HostError for one that is missing.
func Compile(b *plan.Builder, s *spec.Spec) error {
	t := tree{b: b, s: s, found: b.Scratch(len(s.Tree))}
	t.places, t.sharing = newPrefixes(b, len(s.Tree)), newPrefixes(b, len(s.Tree))
	if !s.New.Has(spec.User) {
		// Mounts of a namespace with the same owner propagate back, see mount_namespaces(7).
		b.Mount(b.String("none"), b.String("/"), 0, unix.MS_REC|unix.MS_SLAVE, 0)
	}
	if err := t.sources(); err != nil {
		return err
	}
	t.cover()
	for i := range s.Tree {
		b.For(spec.EntryRef(i))
		t.add(&s.Tree[i], t.found[i])
		if kind := s.Tree[i].Kind; kind == spec.Bind || kind == spec.Symlink {
			t.places.add(s.Tree[i].Dest)
		}
	}
	t.forget()
	t.pivot()
	return nil
}

// pivot makes the tree the root and lets go of the host's. The host's root then lies on top of the new one, and on it
// what the tree was built on, a layer for each mount on "/": they are taken off from above.
func (t *tree) pivot() {
	t.b.For(spec.Box)
	t.b.Fchdir(plan.Root)
	t.b.PivotRoot()
	for range 1 + t.roots {
		t.b.Detach()
	}
	t.b.Chdir(t.b.String("/"))
}

// sources clones all sources into consecutive registers, with the attributes that their mounts will have.
func (t *tree) sources() error {
	var first plan.Reg
	cloned, most := 0, descriptors()
	for i := range t.s.Tree {
		if e := &t.s.Tree[i]; e.Kind == spec.Bind && !e.RO && !t.s.Mounts.Trust {
			t.sharing.add(e.Source)
		}
	}
	for i := range t.s.Tree {
		e := &t.s.Tree[i]
		source := sourceOf(e, t.s)
		if source == "" {
			continue
		}
		t.b.For(spec.EntryRef(i))
		path := t.b.String(source)
		mode, errno := plan.Stat(path)
		if errno != 0 {
			if e.Try && errno == unix.ENOENT {
				continue
			}
			return &plan.HostError{For: spec.EntryRef(i), Path: source, Err: errno}
		}
		t.found[i] = file
		if mode&unix.S_IFMT == unix.S_IFDIR {
			t.found[i] = directory
		}
		if cloned++; cloned > most && t.canWait(i) {
			t.found[i] |= late
			continue
		}
		r := t.b.Fresh()
		t.clone(r, i, path)
		if first == plan.None {
			first = r
		}
		t.b.MountSetattr(r, attributes(e), t.propagation(), true)
	}
	t.source = first
	return nil
}

// clone clones the source of entry i, whose path is at path, into r. Nobody's link may lead out of what is bound writable: a
// program that ran in a sandbox may have put it there for this one.
func (t *tree) clone(r plan.Reg, i int, path plan.Ptr) {
	e := &t.s.Tree[i]
	switch dir, rest := t.writableAbove(i); {
	case e.NoLinks:
		fd := t.b.OpenNoLinks(plan.Cwd, path, false)
		t.b.OpenTreeOf(r, fd)
		t.b.Close(fd)
	case dir != "":
		above := t.b.Openat(plan.Cwd, t.b.String(dir), unix.O_PATH, 0)
		fd := t.b.OpenNoLinks(above, t.b.String(rest), true)
		t.b.OpenTreeOf(r, fd)
		t.b.Close(fd)
		t.b.Close(above)
	default:
		t.b.OpenTreeTo(r, plan.Cwd, path)
	}
}

// writableAbove returns the source of another bind, a writable one, that entry i's source lies below, and the rest of the
// path; or "".
func (t *tree) writableAbove(i int) (dir, rest string) {
	source := t.s.Tree[i].Source
	if !t.sharing.mayCover(source) {
		return "", ""
	}
	for j := range t.s.Tree {
		e := &t.s.Tree[j]
		if j == i || e.Kind != spec.Bind || e.RO || len(e.Source) >= len(source) || t.s.Mounts.Trust {
			continue
		}
		if n := len(e.Source); source[:n] == e.Source && source[n] == '/' && spec.Relative(source[n:]) != "" {
			return e.Source, spec.Relative(source[n:])
		}
	}
	return "", ""
}

// propagation returns the MS_* flag for binds. In a user namespace of its own they are slaves of the host's to begin with.
func (t *tree) propagation() uint64 {
	if t.s.Mounts.Follow {
		return 0
	}
	return unix.MS_PRIVATE
}

// sourceOf returns the path on the host that the entry binds, or "".
func sourceOf(e *spec.Entry, s *spec.Spec) string {
	switch {
	case e.Kind == spec.Bind:
		return e.Source
	case e.Kind == spec.Proc && !s.New.Has(spec.PID):
		return "/proc" // a fresh one shows only a pid namespace of one's own
	}
	return ""
}

// attributes returns the MOUNT_ATTR_* bits of a bind.
func attributes(e *spec.Entry) uint64 {
	attrs := uint64(unix.MOUNT_ATTR_NOSUID)
	if e.RO {
		attrs |= unix.MOUNT_ATTR_RDONLY
	}
	if !e.Devices {
		attrs |= unix.MOUNT_ATTR_NODEV
	}
	return attrs
}

// cover mounts the new root on top of the host's and opens it: "/.." is what is on top of "/".
func (t *tree) cover() {
	t.b.For(spec.Box)
	t.b.Mount(t.b.String("tmpfs"), t.b.String("/"), t.b.String("tmpfs"), unix.MS_NOSUID|unix.MS_NODEV, t.tmpfsOptions(0o755, 0))
	top := t.b.String("/..")
	t.b.OpenatTo(plan.Base, plan.Cwd, top, unix.O_PATH|unix.O_DIRECTORY, 0)
	t.b.OpenatTo(plan.Root, plan.Cwd, top, unix.O_PATH|unix.O_DIRECTORY, 0)
}

// add writes the calls for one entry. found is what its source is.
func (t *tree) add(e *spec.Entry, found byte) {
	switch e.Kind {
	case spec.Bind:
		t.bind(e, found)
	case spec.Proc:
		if found != absent {
			t.bind(e, found)
		} else {
			t.mount(e.Dest, "proc", unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, 0)
		}
		t.guard(e)
	case spec.Tmpfs:
		t.mount(e.Dest, "tmpfs", unix.MS_NOSUID|unix.MS_NODEV, t.tmpfsOptions(e.Perms, e.Size))
	case spec.Mqueue:
		t.mount(e.Dest, "mqueue", unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, 0)
	case spec.Dev:
		t.dev(e)
	case spec.Dir:
		t.makeDir(e)
	case spec.File:
		t.makeFile(e)
	case spec.Data:
		t.data(e)
	case spec.Symlink:
		t.symlink(e)
	case spec.Chmod:
		t.chmod(e)
	case spec.ReadOnly:
		t.readOnly(e)
	case spec.Hostname:
		t.b.Sethostname(t.b.String(e.Source), len(e.Source))
	}
}

// bind attaches a source. The sources are in consecutive registers in the order of the entries.
func (t *tree) bind(e *spec.Entry, found byte) {
	if found == absent {
		return // --ro-bind-try and the like
	}
	at := t.point(e.Dest, found&directory != 0, 0o755, 0o444)
	if e.NoLinks && at != plan.Root {
		t.b.Close(at)
		at = t.b.OpenNoLinks(plan.Root, t.b.String(spec.Relative(e.Dest)), true)
	}
	if found&late != 0 {
		t.attach(t.cloneLate(e), at)
	} else {
		t.attach(t.source, at)
		t.source++
	}
	if e.Kind == spec.Bind && !e.RO {
		t.writable++
	}
}

// attach puts the mount that source has open onto what at has open.
func (t *tree) attach(source, at plan.Reg) {
	t.b.MoveMount(source, at)
	t.b.Close(source)
	t.covered(at)
}

// mount mounts a new file system at dest.
func (t *tree) mount(dest, fstype string, flags uintptr, options plan.Ptr) {
	at := t.point(dest, true, 0o755, 0)
	t.mountHere(at, fstype, flags, options)
	t.covered(at)
}

// mountHere mounts a new file system on a directory by descriptor: mount(2) takes a path only, and "." is one.
func (t *tree) mountHere(at plan.Reg, fstype string, flags uintptr, options plan.Ptr) {
	t.b.Fchdir(at)
	name := t.b.String(fstype)
	t.b.Mount(name, t.b.String("."), name, flags, options)
}

// covered closes the descriptor at that has just been mounted on. After a mount on the root, the root is the mount.
func (t *tree) covered(at plan.Reg) {
	t.b.Close(at)
	if at == plan.Root {
		t.roots++
		t.forget()
		t.b.OpenatTo(plan.Root, plan.Cwd, t.b.String("/.."), unix.O_PATH|unix.O_DIRECTORY, 0)
	}
}
