package mounts

import (
	"box/plan"
	"box/spec"

	"golang.org/x/sys/unix"
)

// cover mounts the new root on top of the host's and opens it: "/.." is what is on top of "/". If something has to be
// kept that is not part of the tree, there is a base below the root, which nobody sees any more after the pivot.
//
// The root, /tmp, /dev and whatever else lies in memory and has no size of its own are then directories of the base,
// each bound where it belongs: they have one limit together, and none can be reached through another.
func (t *tree) cover() {
	t.based = t.needsBase()
	t.pooled = t.based && !t.s.Mounts.KernelTmpfsSize
	// The base comes first: what is mounted on "/" after it lies on top of it.
	if t.based {
		t.roots++
		t.coverWith(plan.Base)
	}
	if !t.pooled {
		t.coverWith(plan.Root)
		return
	}
	name := t.b.String("root")
	t.b.Mkdirat(plan.WhyRoot, plan.Base, name, 0o755)
	t.b.Fchdir(plan.WhyRoot, plan.Base)
	t.bindHere(plan.WhyRoot, plan.Root, name, t.b.String("/.."))
}

// bindHere binds what is at name in the working directory at a path, and opens it into r.
// The path is looked up twice, so it must be one that nobody else can change: "/..", or what ours returns.
func (t *tree) bindHere(why plan.Why, r plan.Reg, name, path plan.Ptr) {
	t.b.Mount(why, name, path, 0, unix.MS_BIND, 0)
	t.b.OpenatTo(why, r, plan.Cwd, path, unix.O_PATH|unix.O_DIRECTORY, 0)
}

// coverWith mounts a tmpfs on top of what is on "/" and opens it into r.
// Nosuid and nodev: it holds what the command itself may make.
func (t *tree) coverWith(r plan.Reg) {
	fstype := t.b.String("tmpfs")
	t.b.Mount(plan.WhyRoot, fstype, t.b.String("/"), fstype, unix.MS_NOSUID|unix.MS_NODEV, t.tmpfsOptions(0o755, 0))
	t.b.OpenatTo(plan.WhyRoot, r, plan.Cwd, t.b.String("/.."), unix.O_PATH|unix.O_DIRECTORY, 0)
}

// needsBase reports whether an entry keeps something outside of the tree.
// A tmpfs more costs calls at each start, so it is mounted only then.
func (t *tree) needsBase() bool {
	for i := range t.s.Tree {
		switch e := &t.s.Tree[i]; e.Kind {
		// The file is written in the base and bound from there.
		case spec.Data:
			return true
		case spec.Overlay:
			// What is written to the overlay goes to memory, see tree.memory.
			if e.Source == "" && !e.RO {
				return true
			}
		case spec.Dev:
			// With a limit together they are directories of one file system.
			if !t.s.Mounts.KernelTmpfsSize {
				return true
			}
		case spec.Tmpfs:
			if !t.s.Mounts.KernelTmpfsSize && e.Size == 0 {
				return true
			}
		}
	}
	return false
}

// part makes a directory of the base for entry i, and returns its name.
// The name is the number of the entry: it is the only one of that number, and no name of the user's can meet it.
func (t *tree) part(i int, perms uint32) plan.Ptr {
	name, _ := t.b.Text("%d", uint64(i))
	t.b.Mkdirat(plan.WhyMount, plan.Base, name, perms)
	if perms&^0o1777 != 0 {
		t.b.Fchmodat(plan.WhyMount, plan.Base, name, perms) // mkdir(2) takes no other bits
	}
	return name
}

// pathOf returns the path of dest as the process sees it, or 0 if it can't be reached by that: see ours.
func (t *tree) pathOf(dest string) plan.Ptr {
	if !t.ours(dest) {
		return 0
	}
	return t.b.Concat("/..", dest, "")
}
