package mounts

import (
	"strings"

	"box/internal/early"
	"box/internal/host"
	"box/internal/pathname"
	"box/plan"
	"box/spec"

	"golang.org/x/sys/unix"
)

// stateAbove are the directories that lead to box's state directory, from the root to it. Who binds one of them binds
// that as well, and what runs in a sandbox must not see it, or write there.
type stateAbove struct {
	// n is how many there are. Those beyond the arrays, the nearest to the root, are left out.
	n int
	// file is what each is, by device and inode: a source may have any name, and lead there by links.
	file [32]plan.File
	// rest is the path from there to the state directory, "" for that itself.
	rest [32]string
}

// findState notes the directories above the state directory. What doesn't exist need not be hidden, unless this
// sandbox may make it: then as soon as it does.
func (t *tree) findState() {
	state := t.s.Mounts.State
	if state == "" {
		return
	}
	// The nearest directory that exists is the one that can be recognised.
	there := state
	for !host.Exists(there) {
		above, _ := pathname.Cut(there)
		if above == "" || t.nshared == 0 && len(t.sharedMore) == 0 {
			return
		}
		there = above
	}
	t.noteAbove(RealPath(there), state[len(there):])
}

// noteAbove notes the directories that lead to dir, a path without links, and rest below it.
// The first one is dir itself, and the last one the root. One that can't be looked at is left out.
func (t *tree) noteAbove(dir, rest string) {
	a := &t.above
	t.hides = t.b.Scratch(len(t.s.Tree))
	for end := len(dir); a.n < len(a.file); {
		path := dir[:max(end, 1)]
		file, errno := plan.Identify(t.b.String(path))
		if errno == 0 {
			a.file[a.n], a.rest[a.n] = file, early.Concat(dir[end:], rest)
			a.n++
		}
		if end <= 0 {
			return
		}
		end = strings.LastIndexByte(dir[:end], '/')
	}
}

// leadsToState notes that a source of entry i is one of these directories.
// An overlay has several sources; the last that is one of them counts.
func (t *tree) leadsToState(i int, file plan.File) {
	for n := range t.above.n {
		if f := t.above.file[n]; f.Ino == file.Ino && f.Dev == file.Dev {
			t.hides[i] = byte(1 + n)
			return
		}
	}
}

// hideState covers the state directory wherever it is in the sandbox.
//
// It comes after all entries, so that none of them can cover it or bring the directory once more. What hides it is an
// empty tmpfs, read-only and of mode 0: only who has capabilities can enter it, and nobody can write there.
func (t *tree) hideState() {
	if t.above.n == 0 {
		return
	}
	for i := range t.s.Tree {
		if t.hides[i] == 0 || t.found[i] == absent && t.s.Tree[i].Kind != spec.Overlay {
			continue
		}
		e := &t.s.Tree[i]
		t.b.For(spec.EntryRef(i))
		rest := t.above.rest[t.hides[i]-1]
		path := t.b.Join(spec.Relative(e.Dest), spec.Relative(rest))
		at := t.b.OpenInRoot(plan.WhyHide, plan.Root, path, unix.O_PATH|unix.O_DIRECTORY, 0)
		t.b.Ignoring(unix.ENOENT, unix.ENOTDIR, unix.ELOOP) // it is covered, or there is none
		// mount(2) takes a path only, and "." is one. Each call is made only if the one before it has succeeded.
		t.b.Fchdir(plan.WhyHide, at)
		t.b.Last().When = plan.Done
		name := t.b.String("tmpfs")
		const flags = unix.MS_RDONLY | unix.MS_NOSUID | unix.MS_NODEV | unix.MS_NOEXEC
		t.b.Mount(plan.WhyHide, name, t.b.String("."), name, flags, t.b.String("mode=0,size=4096"))
		t.b.Last().When = plan.Done
		t.b.Close(at)
		t.b.Last().When = plan.Done
	}
}
