package mounts

import (
	"box/plan"
	"box/spec"

	"golang.org/x/sys/unix"
)

// tree is the state of a compilation. It is passed by pointer and never leaves the stack. Its lists are the Builder's
// memory or arrays, since there is no heap before the Go runtime.
type tree struct {
	b *plan.Builder
	s *spec.Spec
	// found says what the source of Tree[i] is. It stays absent for an overlay, which has more than one.
	found []byte
	// source says which register has it; an overlay's directories are in this one and those after it.
	source []plan.Reg
	dir    string // the directory that dirReg has open, or ""
	dirReg plan.Reg
	// roots counts the mounts on "/" so far: the pivot has to take off as many layers.
	roots int
	tried []plan.Reg // registers with something in them if a root was there that may be missing
	// mask says that the present entry is mounted over something writable of the host, which may replace the name.
	mask  bool
	masks int      // how many of these there are so far
	above ownAbove // the directories that lead to what box keeps for itself
	// hides has, for Tree[i], 1 + the index in above of the directory that is its source; 0 means no directory. It is nil if
	// there is nothing to hide.
	hides  []byte
	based  bool // something is kept that is not part of the tree, see cover
	pooled bool // what has no size of its own is a directory of the base
	// writable counts the writable binds so far. As long as it is 0, no mount point can be on the host.
	writable int
	places   prefixes   // where links may be, so far
	shared   [32]string // the real paths of what is written to; links below it are somebody else's
	nshared  int
	// sharedMore are those that have no place in shared; they are on the heap, so only an ordinary run has them.
	sharedMore []string
	realDirs   [32]realDir // some that were asked for; a new one takes the place of the oldest
	nextReal   int
}

// What a source is: the values of tree.found. absent means that there is no source, or that it is missing and may be.
const (
	absent    = 0
	aFile     = 1 // anything but a directory
	directory = 2
	late      = 4 // with one of these: cloned when its turn comes
)

// Compile writes the calls that build the tree and make it the root, with plan.Root open on it. It looks at
// the sources on the host and returns a *plan.HostError for one that is missing.
func Compile(b *plan.Builder, s *spec.Spec) error {
	t := tree{b: b, s: s, found: b.Scratch(len(s.Tree)), source: b.RegList(len(s.Tree))}
	t.places = newPrefixes(b, len(s.Tree))
	if !s.New.Has(spec.User) {
		// Mounts of a namespace with the same owner propagate back, see mount_namespaces(7).
		b.Mount(plan.WhyRoot, b.String("none"), b.String("/"), 0, unix.MS_REC|unix.MS_SLAVE, 0)
	}
	if s.Scratch.Dir != "" {
		makeScratch(b, s)
	}
	if err := t.sources(); err != nil {
		return err
	}
	t.cover()
	was := b.Whom()
	for i := range s.Tree {
		b.For(spec.EntryRef(i))
		if errno := t.misplaced(i); errno != 0 {
			if path := spec.Relative(s.Tree[i].Dest); s.Mounts.KeepMountPoints && path != "" {
				t.directories(path) // they stay, even for what can't be made in them
			}
			b.Fail(plan.WhyMisplaced, errno)
			continue
		}
		e := &s.Tree[i]
		t.mask = (e.Kind.Mounts() || e.Kind == spec.Lock) && t.onHost(e.Dest)
		t.add(i)
		if hasLinks(e) {
			t.places.add(e.Dest)
		}
	}
	t.forget()
	t.hideOwn()
	b.For(was)
	t.pivot()
	t.watch()
	return nil
}

// pivot makes the tree the root and lets go of the host's. The host's root then lies on top of the new one, and on it
// what the tree was built on, a layer for each mount on "/": they are taken off from above. Each umount2(2) waits for the kernel
// (synchronize_rcu_expedited, 0.1 ms), so a base is put on the host's /proc before, with all that is on it: there it goes with the
// root.
func (t *tree) pivot() {
	layers := 1 + t.roots
	if t.based {
		t.b.MoveMount(plan.WhyRoot, plan.Base, plan.Proc)
		layers = 1
	}
	t.b.Fchdir(plan.WhyRoot, plan.Root)
	t.b.PivotRoot()
	for range layers {
		// MNT_DETACH: for all that is mounted below it, and for the descriptor of /proc, umount2(2) would answer
		// EBUSY.
		t.b.Detach()
	}
	if t.tried != nil && !t.based { // on a base, it has gone with that
		t.detachTried()
	}
	t.b.Chdir(plan.WhyRoot, t.b.String("/"))
}

// misplaced returns what is wrong with a destination by its spelling alone: a file's name ends in no slash, and the
// root is there already.
//
// 0 means nothing. It is told when the plan is walked and not when it is compiled, in the order of the entries: what
// fails before it is the failure that counts.
func (t *tree) misplaced(i int) unix.Errno {
	e := &t.s.Tree[i]
	root := spec.Relative(e.Dest) == ""
	switch slash := root || e.Dest[len(e.Dest)-1] == '/' && !t.s.Mounts.TrailingSlashes; {
	case slash && (e.Kind == spec.File || e.Kind == spec.Data || e.Kind == spec.Bind && t.found[i]&aFile != 0):
		return unix.EISDIR
	case root && e.Kind == spec.Symlink:
		return unix.EEXIST
	}
	return 0
}

// add writes the calls for entry i.
func (t *tree) add(i int) {
	switch e := &t.s.Tree[i]; e.Kind {
	case spec.Bind:
		t.bind(i)
	case spec.Overlay:
		t.overlay(i)
	case spec.Proc:
		t.proc(i)
	case spec.Tmpfs:
		t.tmpfs(i)
	case spec.Mqueue:
		t.mount(e.Dest, "mqueue", unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, 0)
	case spec.Dev:
		t.dev(i)
	case spec.Dir:
		t.makeDir(e)
	case spec.File:
		t.makeFile(e)
	case spec.Data:
		t.data(i)
	case spec.Symlink:
		t.symlink(e)
	case spec.Chmod:
		t.chmod(e)
	case spec.ReadOnly:
		t.readOnly(e)
	case spec.Lock:
		t.lock(e)
	case spec.Hostname:
		t.b.Sethostname(t.b.String(e.Source), len(e.Source))
	}
}

// bindNow attaches the source of entry i.
func (t *tree) bindNow(i int) {
	e, found := &t.s.Tree[i], t.found[i]
	if found == absent {
		return // it is missing, and may be: Entry.Try
	}
	dir := found&directory != 0
	if found&late == 0 && !t.mayVanish(i) && t.ours(e.Dest) {
		t.moveOurs(t.source[i], e.Dest, dir)
		t.b.Close(t.source[i])
	} else {
		t.attachFound(i, t.point(e.Dest, dir, 0o755, 0o444))
	}
	if e.Kind == spec.Bind && !e.RO {
		t.writable++
	}
}

// attachFound attaches the source of entry i to what at has open.
func (t *tree) attachFound(i int, at plan.Reg) {
	switch {
	case t.mayVanish(i):
		t.attachIfThere(t.source[i], at)
	case t.found[i]&late != 0:
		r := t.b.Reg()
		t.cloneLate(&t.s.Tree[i], r)
		t.attach(r, at)
	default:
		t.attach(t.source[i], at)
	}
}

// moveOurs puts the mount that source has open at dest, where there is nothing that box has not made: its name there is enough, and
// it need not be opened.
func (t *tree) moveOurs(source plan.Reg, dest string, dir bool) {
	parent, leaf := t.parent(dest)
	t.b.MoveMountAt(plan.WhyAttach, source, parent, t.make(parent, leaf, dest, dir, 0o755, 0o444))
}

// attach puts the mount that source has open onto what at has open.
func (t *tree) attach(source, at plan.Reg) {
	t.b.MoveMount(plan.WhyAttach, source, at)
	t.masked(source)
	t.b.Close(source)
	t.covered(at)
}

// mount mounts a new file system at dest.
func (t *tree) mount(dest, fstype string, flags uintptr, options plan.Ptr) {
	at := t.point(dest, true, 0o755, 0)
	t.mountHere(at, fstype, flags, options)
	t.covered(at)
	t.maskedAt(dest)
}

// mountHere mounts a new file system on a directory by descriptor: mount(2) takes a path only, and "." is one.
func (t *tree) mountHere(at plan.Reg, fstype string, flags uintptr, options plan.Ptr) {
	t.b.Fchdir(plan.WhyEnter, at)
	name := t.b.String(fstype)
	t.b.Mount(plan.WhyMount, name, t.b.String("."), name, flags, options)
}

// fresh makes a file system that is mounted nowhere yet. It is for what has to be known by descriptor when it is mounted: looked up
// again by its path, it could be something else.
func (t *tree) fresh(fstype string, attrs uintptr) plan.Reg {
	name := t.b.String(fstype)
	fs := t.b.Fsopen(plan.WhyMount, name)
	t.b.FsconfigString(plan.WhyMount, fs, t.b.String("source"), name)
	if fstype == "tmpfs" {
		t.b.FsconfigString(plan.WhyMount, fs, t.b.String("mode"), t.b.String("0755"))
	}
	if fstype == "tmpfs" && t.s.Labels.File != "" {
		t.b.FsconfigString(plan.WhyMount, fs, t.b.String("context"), t.b.String(t.s.Labels.File))
	}
	t.b.FsconfigCreate(plan.WhyMount, fs)
	r := t.b.Fsmount(plan.WhyMount, fs, attrs)
	t.b.Close(fs)
	return r
}

// put mounts r, a directory, at dest; r stays open.
// It stays open for more to be made in it, or below it, by descriptor.
func (t *tree) put(r plan.Reg, dest string) {
	if t.ours(dest) {
		t.moveOurs(r, dest, true)
		return
	}
	at := t.point(dest, true, 0o755, 0)
	t.b.MoveMount(plan.WhyAttach, r, at)
	t.masked(r)
	t.covered(at)
}

// covered closes the descriptor at that has just been mounted on. After a mount on the root, the root is the mount.
func (t *tree) covered(at plan.Reg) {
	t.b.Close(at)
	if at == plan.Root {
		t.roots++
		t.forget()
		t.b.OpenatTo(plan.WhyRoot, plan.Root, plan.Cwd, t.b.String("/.."), unix.O_PATH|unix.O_DIRECTORY, 0)
	}
}
