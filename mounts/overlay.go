package mounts

import (
	"slices"

	"box/internal/early"
	"box/plan"
	"box/spec"

	"golang.org/x/sys/unix"
)

// maxLayers is how many directories fit into the one page of options that mount(2) takes.
// Each is named as /proc/self/fd/N, with room for the digits of N and a separator.
const maxLayers = 170

// layers opens the directories of the overlay that is entry i: the one for writes and its work directory, if it has them, then
// the layers from the top, which is the order of the kernel's options. It returns how many there are.
//
//go:noinline
func (t *tree) layers(i int) (n int, err error) {
	early.Ordinary()
	e := &t.s.Tree[i]
	t.b.For(spec.EntryRef(i))
	// A Spec has the lowest first, and the kernel the topmost. The Spec is not ours to change.
	dirs := slices.Clone(e.Layers)
	slices.Reverse(dirs)
	if e.Source != "" {
		dirs = append([]string{e.Source, e.Work}, dirs...)
	}
	// mount(2) takes one page of options and drops the rest: layers would be missing.
	if len(dirs) > maxLayers {
		return 0, plan.Missing(spec.EntryRef(i), e.Dest, unix.E2BIG)
	}
	// Fresh registers are consecutive, so one number stands for all of them.
	t.source[i] = t.b.Fresh()
	for range dirs[1:] {
		t.b.Fresh()
	}
	for n, source := range dirs {
		path, r := t.b.String(source), t.source[i]+plan.Reg(n)
		if e.Scratch && (source == e.Source || source == e.Work) {
			// It is made by the act. The path has no links: a program in another sandbox may have put one there since.
			t.openBelow(r, "/", spec.Relative(source))
			continue
		}
		file, errno := plan.Identify(path)
		if errno != 0 {
			return 0, plan.Missing(spec.EntryRef(i), source, errno)
		}
		if err := t.leadsToOwn(i, file, source); err != nil {
			return 0, err
		}
		// As with a bind: no link is followed below what a sandbox can write to.
		dir, rest := t.writableAbove(source)
		switch {
		case e.Here: // see clone
			t.b.OpenatTo(plan.WhySource, r, plan.Cwd, path, unix.O_PATH, 0)
			t.same(e, r)
		case dir != "":
			t.openBelow(r, dir, rest)
		default:
			t.b.OpenatTo(plan.WhySource, r, plan.Cwd, path, unix.O_PATH, 0)
		}
	}
	return len(dirs), nil
}

// overlay mounts the layers of entry i. They are named by descriptor, so that none of them can become something else, and so
// that no option has to be escaped.
// The directories are closed after the mount: the file system has its own references to them.
//
//go:noinline
func (t *tree) overlay(i int) {
	early.Ordinary()
	e, r := &t.s.Tree[i], t.source[i]
	upper, work := plan.None, plan.None
	if e.Source != "" {
		upper, work, r = r, r+1, r+2
		t.writable++
	}
	lower := make([]plan.Reg, len(e.Layers))
	for n := range lower {
		lower[n] = r + plan.Reg(n)
	}
	at := t.point(e.Dest, true, 0o755, 0)
	// Without a directory of the user's for what is written, it goes to memory and is lost with the sandbox.
	if e.Source == "" && !e.RO {
		upper, work = t.memory(i)
	}
	flags := uintptr(unix.MS_NOSUID | unix.MS_NODEV)
	if e.Devices {
		flags = 0
	}
	t.mountHere(at, "overlay", flags, t.b.Layers(lower, upper, work))
	if e.Scratch {
		t.b.Send(plan.Upper, upper, 0)
	}
	for _, r := range slices.Concat(lower, []plan.Reg{upper, work}) {
		if r != plan.None {
			t.b.Close(r)
		}
	}
	t.covered(at)
	t.maskedAt(e.Dest)
}

// memory returns two directories of the base: for what is written to entry i, and for the kernel's use.
//
// The work directory must be empty and on the same file system as the upper one, see the kernel's overlayfs.rst. Both
// are open for their place only; the caller closes them.
func (t *tree) memory(i int) (upper, work plan.Reg) {
	name, _ := t.b.Text("%d", uint64(i))
	t.b.Mkdirat(plan.WhyMount, plan.Base, name, 0o755)
	dir := t.b.Openat(plan.WhyMount, plan.Base, name, unix.O_PATH, 0)
	for _, made := range []struct {
		r    *plan.Reg
		name string
	}{{&upper, "upper"}, {&work, "work"}} {
		name := t.b.String(made.name)
		t.b.Mkdirat(plan.WhyMount, dir, name, 0o755)
		*made.r = t.b.Openat(plan.WhyMount, dir, name, unix.O_PATH, 0)
	}
	t.b.Close(dir)
	return upper, work
}
