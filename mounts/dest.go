package mounts

import (
	"strings"

	"box/internal/early"
	"box/plan"
	"box/spec"

	"golang.org/x/sys/unix"
)

// point makes what is missing of dest, so that it can be mounted on, and returns it open. The root itself is plan.Root;
// any other register must be closed by covered.
func (t *tree) point(dest string, dir bool, dirPerms, filePerms uint32) plan.Reg {
	path := spec.Relative(dest)
	if path == "" {
		return plan.Root
	}
	parent, leaf := t.parent(dest)
	name := t.b.String(leaf)
	switch {
	case t.onHost(dest) && dir:
		t.claim(parent, name, unix.S_IFDIR|unix.S_ISVTX)
	case t.onHost(dest):
		t.claim(parent, name, unix.S_IFREG)
	case dir:
		t.b.Mkdirat(parent, name, dirPerms)
		t.b.Ignoring(unix.EEXIST)
	default:
		t.b.Mknodat(parent, name, filePerms)
		t.b.Ignoring(unix.EEXIST)
	}
	full := t.b.String(path)
	at := t.b.OpenInRoot(plan.Root, full, unix.O_PATH, 0)
	if !dir && t.s.Mounts.Loose {
		// A link to nothing: creat(2) makes the file where it leads.
		t.b.Ignoring(unix.ENOENT)
		t.b.OpenInRootTo(at, plan.Root, full, unix.O_CREAT|unix.O_NONBLOCK|unix.O_NOCTTY, uint64(filePerms))
		t.b.Last().When = uint8(unix.ENOENT)
	}
	if t.strange(path) {
		t.b.NotRoot(at) // a mount there would cover what everything else is built on
	}
	return at
}

// place makes what is missing of dest, which is ours.
func (t *tree) place(dest string) {
	parent, leaf := t.parent(dest)
	t.b.Mkdirat(parent, t.b.String(leaf), 0o755)
	t.b.Ignoring(unix.EEXIST)
}

// parent makes what is missing of the directory that dest lies in, and returns it open with the last part of dest. The
// directory stays open as long as the entries that follow are in it, too: what is mounted elsewhere may change its path.
func (t *tree) parent(dest string) (plan.Reg, string) {
	path := spec.Relative(dest)
	cut := strings.LastIndexByte(path, '/')
	if cut < 0 {
		t.forget()
		return plan.Root, path
	}
	dir, leaf := spec.Relative(path[:cut]), path[cut+1:]
	if t.dir != dir {
		t.forget()
		t.dir, t.dirReg = dir, t.directories(dir)
	}
	return t.dirReg, leaf
}

// directories makes what is missing of path and returns it open. Each step is resolved from the root again, since a
// part may be a link to somewhere else inside.
func (t *tree) directories(path string) plan.Reg {
	at := plan.Root
	for end := 0; end < len(path); {
		start := end
		for start < len(path) && path[start] == '/' {
			start++
		}
		for end = start; end < len(path) && path[end] != '/'; {
			end++
		}
		if name := t.b.String(path[start:end]); t.onHost(path[:end]) {
			t.claim(at, name, unix.S_IFDIR|unix.S_ISVTX|t.parentPerms())
		} else {
			t.b.Mkdirat(at, name, t.parentPerms())
			t.b.Ignoring(unix.EEXIST)
		}
		next := t.b.OpenInRoot(plan.Root, t.b.String(path[:end]), unix.O_PATH|unix.O_DIRECTORY, 0)
		if at != plan.Root {
			t.b.Close(at)
		}
		at = next
	}
	return at
}

// parentPerms returns the permissions of directories that are made for the present entry: nobody can enter them who can't do
// anything with what is made in them.
func (t *tree) parentPerms() uint32 {
	const open = uint32(0o755)
	e := t.s.Entry(t.b.Whom())
	switch {
	case e == nil:
		return open
	case !e.Kind.HasPerms() && t.s.Mounts.Loose:
		return 0o700 // to bubblewrap it has the permissions 0
	case !e.Kind.HasPerms():
		return open
	}
	perms := open
	if e.Perms&0o070 == 0 {
		perms &^= 0o050
	}
	if e.Perms&0o007 == 0 {
		perms &^= 0o005
	}
	return perms
}

// forget closes the directory that parent has kept.
func (t *tree) forget() {
	if t.dir != "" {
		t.b.Close(t.dirReg)
		t.dir = ""
	}
}

// onHost says whether path may be on the host: below a writable bind. What has to be made there so that something can be mounted on
// it is removed when the sandbox has ended.
func (t *tree) onHost(path string) bool {
	return t.writable > 0 && !t.s.Mounts.Leave && t.strange(path) && !t.inMemory(path)
}

// inMemory says whether what lies at path before the present entry is a file system in memory by the words of all entries.
func (t *tree) inMemory(path string) bool {
	is := false
	for i := range t.s.Tree {
		e := &t.s.Tree[i]
		if spec.EntryRef(i) == t.b.Whom() {
			break
		}
		if !spec.Within(path, e.Dest) {
			continue
		}
		switch e.Kind {
		case spec.Symlink:
			return false
		case spec.Tmpfs, spec.Dev:
			is = true
		case spec.Bind, spec.Overlay:
			is = is && e.Kind == spec.Bind && t.found[i] == absent
		}
	}
	return is
}

// claim makes a mount point on the host, or takes one that a sandbox has made, and tells the parent process of it.
//
//go:noinline
func (t *tree) claim(dir plan.Reg, name plan.Ptr, mode uint32) {
	early.Ordinary() // removing it takes a list on the heap
	var dirs []string
	state := t.s.Mounts.State
	for end := 1; end <= len(state); end++ {
		if end == len(state) || state[end] == '/' {
			dirs = append(dirs, state[:end])
		}
	}
	lock := t.b.Claim(dir, name, mode, state, dirs)
	t.b.SendPair(plan.Made, dir, lock, plan.Done)
}

// strange says whether path may lead elsewhere than its words say: through a link of the tree, or through a bind, where there
// may be links, too.
func (t *tree) strange(path string) bool {
	if !t.places.mayCover(path) {
		return false
	}
	for i := range t.s.Tree {
		e := &t.s.Tree[i]
		if spec.EntryRef(i) == t.b.Whom() {
			return false
		}
		if (e.Brings() || e.Kind == spec.Symlink) && spec.Within(path, e.Dest) {
			return true
		}
	}
	return false
}
