package mounts

import (
	"slices"

	"box/internal/early"
	"box/plan"
	"box/spec"

	"golang.org/x/sys/unix"
)

// A source that may be missing (Entry.Try) may also vanish between the look at it and the clone, or the mount: programs make and
// remove sockets and directories of theirs at any time.

// absences are how it ends to look for something that isn't there: an automount point whose daemon has nothing for it, or has
// ended, is not either.
var absences = [...]unix.Errno{unix.ENOENT, unix.EHOSTDOWN, unix.ENODEV}

func gone(errno unix.Errno) bool { return slices.Contains(absences[:], errno) }

// mayVanish reports whether the source of entry i may have gone when its turn comes: it is left out then.
func (t *tree) mayVanish(i int) bool {
	e := &t.s.Tree[i]
	return e.Kind == spec.Bind && e.Try && t.found[i] != absent && spec.Relative(e.Source) != ""
}

// bind attaches the source of entry i, if it is still there. A directory that is opened meanwhile may not be open afterwards.
func (t *tree) bind(i int) {
	if !t.mayVanish(i) {
		t.bindNow(i)
		return
	}
	t.forget()
	if t.found[i]&late != 0 {
		t.source[i] = t.b.Fresh()
		first := len(t.b.Inside)
		t.cloneLate(&t.s.Tree[i], t.source[i])
		t.b.MayFail(first, absences[:]...)
	}
	skip := t.b.SkipUnless(t.source[i])
	t.bindNow(i)
	t.forget()
	t.b.SkipEnd(skip)
}

// attachIfThere is attach for a source that may have been removed since it was cloned: the kernel mounts no such thing (ENOENT).
// If the destination is what is missing, that is an error: something may have to be hidden there.
func (t *tree) attachIfThere(source, at plan.Reg) {
	if at == plan.Root {
		t.attachRoot(source)
		return
	}
	t.b.MoveMount(plan.WhyAttach, source, at)
	t.b.Ignoring(unix.ENOENT)
	if t.mask {
		t.masked(source)
		t.b.Last().When = plan.Done
	}
	t.b.UnlessRemoved(plan.WhyAttach, source)
	t.b.Close(source)
	t.b.Close(at)
}

// attachRoot is attachIfThere for what becomes the root. That it has is kept in a register, for the pivot.
//
//go:noinline
func (t *tree) attachRoot(source plan.Reg) {
	early.Ordinary()
	first, is := len(t.b.Inside), t.b.Fresh()
	t.b.MoveMount(plan.WhyAttach, source, plan.Root)
	t.covered(plan.Root)
	t.roots--
	t.b.OpenatTo(plan.WhyRoot, is, plan.Cwd, t.b.String("/.."), unix.O_PATH, 0)
	t.b.MayFail(first, unix.ENOENT)
	t.b.UnlessRemoved(plan.WhyAttach, source)
	t.b.Close(source)
	t.tried = append(t.tried, is)
}

// detachTried takes what has become the root so off with the other layers.
//
//go:noinline
func (t *tree) detachTried() {
	early.Ordinary()
	for _, is := range t.tried {
		skip := t.b.SkipUnless(is)
		t.b.Detach()
		t.b.Close(is)
		t.b.SkipEnd(skip)
	}
}
