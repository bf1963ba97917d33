package mounts

import (
	"box/internal/early"
	"box/internal/pathname"
	"box/plan"
	"box/spec"

	"golang.org/x/sys/unix"
)

// point makes what is missing of dest, so that it can be mounted on, and returns it open. The root itself is plan.Root;
// any other register must be closed by covered.
//
// The permissions are for what it makes itself; what is there keeps its own. EEXIST says nothing of the type: if a
// file lies where a directory is wanted, the mount fails.
func (t *tree) point(dest string, dir bool, dirPerms, filePerms uint32) plan.Reg {
	path := spec.Relative(dest)
	if path == "" {
		return plan.Root
	}
	parent, leaf := t.parent(dest)
	name := t.make(parent, leaf, dest, dir, dirPerms, filePerms)
	if t.plain(leaf) {
		return t.b.OpenNoLinks(plan.WhyPlace, parent, name, true)
	}
	// It is resolved from the root again: the last part may be a link, and mkdirat(2) and mknodat(2) follow none.
	at := t.b.OpenInRoot(plan.WhyPlace, plan.Root, t.b.String(path), unix.O_PATH, 0)
	if t.strange(path) || isDots(leaf) {
		t.b.NotRoot(at) // a mount there would cover what everything else is built on
	}
	return at
}

// make makes leaf, the last part of dest, in the directory parent, unless it is there. It returns its name.
func (t *tree) make(parent plan.Reg, leaf, dest string, dir bool, dirPerms, filePerms uint32) plan.Ptr {
	name := t.b.String(leaf)
	switch {
	case t.onHost(dest) && dir:
		t.claim(plan.WhyLeaf, parent, name, unix.S_IFDIR|unix.S_ISVTX)
	case t.onHost(dest):
		t.claim(plan.WhyLeaf, parent, name, unix.S_IFREG)
	case dir:
		t.b.Mkdirat(plan.WhyLeaf, parent, name, dirPerms)
		t.b.Ignoring(unix.EEXIST)
	default:
		// mknod(2) makes a regular file without opening it: a FIFO or a device that is there already is not touched.
		t.b.Mknodat(plan.WhyLeaf, parent, name, filePerms)
		t.b.Ignoring(unix.EEXIST)
	}
	return name
}

// plain reports whether the last part of a destination must not be a link. "." and ".." are not links, and lead elsewhere.
func (t *tree) plain(leaf string) bool { return t.s.Mounts.PlainDestinations && !isDots(leaf) }

// isDots reports whether a part of a path names no entry of the directory that it is in.
func isDots(leaf string) bool { return leaf == "." || leaf == ".." }

// lastPart returns O_NOFOLLOW if the last part of a destination must not be a link.
func (t *tree) lastPart() uint64 {
	if t.s.Mounts.PlainDestinations {
		return unix.O_NOFOLLOW
	}
	return 0
}

// there opens what is at the destination of an entry, and makes nothing.
func (t *tree) there(e *spec.Entry) plan.Reg {
	return t.b.OpenInRoot(plan.WhyPlace, plan.Root, t.b.String(spec.Relative(e.Dest)), unix.O_PATH, 0)
}

// place makes what is missing of dest, which is ours. No link can be on the way then, so no descriptor has to hold
// the place.
func (t *tree) place(dest string) {
	parent, leaf := t.parent(dest)
	t.b.Mkdirat(plan.WhyLeaf, parent, t.b.String(leaf), 0o755)
	t.b.Ignoring(unix.EEXIST)
}

// parent makes what is missing of the directory that dest lies in, and returns it open with the last part of dest. The
// directory stays open as long as the entries that follow are in it, too: what is mounted elsewhere may change its path.
func (t *tree) parent(dest string) (plan.Reg, string) {
	above, leaf := pathname.Cut(spec.Relative(dest))
	if above == "" {
		// The root is open anyway, and is never closed here.
		t.forget()
		return plan.Root, leaf
	}
	if dir := spec.Relative(above); t.dir != dir {
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
		from, to := pathname.First(path[end:])
		name := path[end+from : end+to]
		if end += to; t.onHost(path[:end]) {
			t.claim(plan.WhyAbove, at, t.b.String(name), unix.S_IFDIR|unix.S_ISVTX|t.parentPerms())
		} else {
			t.b.Mkdirat(plan.WhyAbove, at, t.b.String(name), t.ownPerms())
			t.b.Ignoring(unix.EEXIST)
		}
		// If the last step fails, the message is about the parent itself.
		why := plan.WhyAbove
		if end == len(path) {
			why = plan.WhyParent
		}
		next := t.b.OpenInRoot(why, plan.Root, t.b.String(path[:end]), unix.O_PATH|unix.O_DIRECTORY, 0)
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
	case !e.Kind.HasPerms() && t.s.Mounts.ClosedParents:
		return 0o700
	case !e.Kind.HasPerms():
		return open
	}
	perms := open
	// Without any permission for the group, or for others, on the thing itself, they get none on the way to it.
	if e.Perms&0o070 == 0 {
		perms &^= 0o050
	}
	if e.Perms&0o007 == 0 {
		perms &^= 0o005
	}
	return perms
}

// ownPerms is parentPerms for those that are not on the host.
func (t *tree) ownPerms() uint32 {
	if e := t.s.Entry(t.b.Whom()); e != nil && e.Kind.Mounts() && t.s.Mounts.FixedParents {
		return 0o555
	}
	return t.parentPerms()
}

// forget closes the directory that parent has kept.
// After a mount on the root it would be a directory of the old one.
func (t *tree) forget() {
	if t.dir != "" {
		t.b.Close(t.dirReg)
		t.dir = ""
	}
}

// onHost reports whether path may be on the host: below a writable bind. What has to be made there so that something
// can be mounted on it is removed when the sandbox has ended.
func (t *tree) onHost(path string) bool {
	return t.writable > 0 && !t.s.Mounts.KeepMountPoints && t.strange(path) && !t.inMemory(path)
}

// inMemory reports whether what lies at path before the present entry is a file system in memory by the words of all
// entries.
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
		// From there on the path leads where a link leads: it may be back to the host.
		case spec.Symlink:
			return false
		case spec.Tmpfs, spec.Dev:
			is = true
		// Only a bind whose source is missing leaves things as they were.
		case spec.Bind, spec.Overlay:
			is = is && e.Kind == spec.Bind && t.found[i] == absent
		}
	}
	return is
}

// claim makes a mount point on the host, or takes one that a sandbox has made, and tells the parent process of it.
//
// The parent removes it when the sandbox has ended, if nobody else's sandbox holds the lock: see launch/claim.go. It
// gets the lock by a descriptor, so that the lock outlives pid 1.
//
//go:noinline
func (t *tree) claim(why plan.Why, dir plan.Reg, name plan.Ptr, mode uint32) {
	early.Ordinary() // removing it takes a list on the heap
	var dirs []string
	state := t.s.Mounts.State
	for end := 1; end <= len(state); end++ {
		if end == len(state) || state[end] == '/' {
			// Each directory on the way may have to be made: the walk can't cut paths, so it gets all of them.
			dirs = append(dirs, state[:end])
		}
	}
	lock := t.b.Claim(why, dir, name, mode, state, dirs)
	t.b.SendPair(plan.Made, dir, lock, plan.Done)
}

// strange reports whether path may lead elsewhere than its spelling says: through a link of the tree, or through a
// bind, where there may be links, too.
func (t *tree) strange(path string) bool { return t.linked(path, false) }

// ours reports whether dest leads through nothing but directories in memory that box itself has made, and is no link there. What is
// elsewhere can be a link of somebody else's, and is reached by descriptor only; /dev and /proc have links of their own.
func (t *tree) ours(dest string) bool {
	path := spec.Relative(dest)
	return path != "" && early.Clean(dest) && !t.linked(path, true)
}

// linked reports whether an entry before the present one may have put a link at path or above it. With own, those of /dev and /proc
// count.
func (t *tree) linked(path string, own bool) bool {
	// The entries are looked at only if the set doesn't rule it out, or the time would grow with the square of their
	// number.
	if !t.places.mayCover(path) {
		return false
	}
	for i := range t.s.Tree {
		e := &t.s.Tree[i]
		// What comes later is not there yet.
		if spec.EntryRef(i) == t.b.Whom() {
			return false
		}
		if hasLinks(e) && (own || e.Kind != spec.Dev && e.Kind != spec.Proc) && spec.Within(path, e.Dest) {
			return true
		}
	}
	return false
}

// hasLinks reports whether there may be links where an entry has put something.
func hasLinks(e *spec.Entry) bool {
	return e.Brings() || e.Kind == spec.Symlink || e.Kind == spec.Dev || e.Kind == spec.Proc
}
