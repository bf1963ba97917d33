package mounts

import (
	"slices"

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

// mayVanish reports whether the source of entry i may have gone when its turn comes: it is left out then. What becomes the root is
// not.
func (t *tree) mayVanish(i int) bool {
	e := &t.s.Tree[i]
	return e.Kind == spec.Bind && e.Try && t.found[i]&late == 0 && spec.Relative(e.Dest) != ""
}

// bind attaches the source of entry i, if it is still there. A directory that is opened meanwhile may not be open afterwards.
func (t *tree) bind(i int) {
	if !t.mayVanish(i) {
		t.bindNow(i)
		return
	}
	t.forget()
	skip := t.b.SkipUnless(t.source[i])
	t.bindNow(i)
	t.forget()
	t.b.SkipEnd(skip)
}

// attachIfThere is attach for a source that may have been removed since it was cloned: the kernel mounts no such thing (ENOENT).
// If the destination is what is missing, that is an error: something may have to be hidden there.
func (t *tree) attachIfThere(source, at plan.Reg) {
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
