package native

import (
	"box/cmd/box/internal/arg"
	"box/cmd/box/internal/inputs"
	"box/cmd/box/internal/say"
	"box/internal/early"
	"box/internal/kernel"
	"box/spec"
)

// What the flags do that name descriptors and namespaces of the caller.

// given notes a descriptor that must be open. It is checked when the flag is
// read, and not when it is used: by then box has opened files itself, and a
// number that the caller has left closed may be one of these.
func (b *Line) given(to *spec.FD, w []string) error {
	fd, err := arg.Descriptor(w[0], 0)
	if err == nil {
		err = inputs.IsOpen(fd)
	}
	if err != nil {
		return err
	}
	*to = spec.At(fd, b.step.words)
	return nil
}

// The flags that only name a descriptor. Who reads or enters it is decided
// elsewhere: statusfd, launch and userns.
func (b *Line) infoFD(w []string) error        { return b.given(&b.tell.Info, w) }
func (b *Line) jsonStatusFD(w []string) error  { return b.given(&b.tell.Status, w) }
func (b *Line) usernsBlockFD(w []string) error { return b.given(&b.tell.Mapped, w) }
func (b *Line) blockFD(w []string) error       { return b.given(&b.spec.Life.Block, w) }
func (b *Line) joinPID(w []string) error       { return b.given(&b.spec.Join.PID, w) }
func (b *Line) joinLast(w []string) error      { return b.given(&b.spec.Join.Last, w) }

// joinUser enters a user namespace instead of making one. A --unshare-user
// after it asks for both, which joins refuses.
func (b *Line) joinUser(w []string) error {
	b.spec.New &^= spec.User
	return b.given(&b.spec.Join.User, w)
}

// syncFD keeps one descriptor open in pid 1. The last flag counts, as in
// bubblewrap, so the list has one place.
func (b *Line) syncFD(w []string) error {
	var fd spec.FD
	err := b.given(&fd, w)
	b.spec.Life.Sync = early.Append(b.memory.Sync[:0], fd.Number())
	return err
}

// lockFile notes a file to be locked. The path is one of the sandbox: it is
// opened there, when the tree is built.
func (b *Line) lockFile(w []string) error {
	if w[0] == "" {
		return say.Bad("an empty path names nothing")
	}
	b.spec.Life.Locks = early.Append(b.spec.Life.Locks, w[0])
	return nil
}

// The flags that bind what a descriptor names.
func (b *Line) bindFD(w []string) error   { return b.addFD(w, false) }
func (b *Line) roBindFD(w []string) error { return b.addFD(w, true) }

// addFD binds what a descriptor names.
func (b *Line) addFD(w []string, ro bool) error {
	e := spec.Entry{Kind: spec.Bind, RO: ro, Dest: w[1]}
	if err := b.given(&e.FD, w); err != nil {
		return err
	}
	return b.bindDescriptor(e, w)
}

// bindDescriptor finds the path that the kernel has for the descriptor. The
// bind is by that path, and fails if it leads to something else by the time it
// is cloned: the entry's FD says what it must be.
//
//go:noinline
func (b *Line) bindDescriptor(e spec.Entry, w []string) error {
	early.Ordinary()
	source, err := kernel.PathOf(e.FD.Number())
	if err != nil {
		return say.Badf("descriptor %s names nothing that has a path here", w[0])
	}
	e.Source = source
	return b.add(e)
}

// joins checks the flags about namespaces of others against the rest. It only
// asks whether anything is to be checked, so that a plain command line stays
// early. nobodyHolds is for --as-pid-1: there is no process of box's in the
// sandbox that could hold a lock or a descriptor.
func (b *Line) joins() error {
	if err := b.shared(); err != nil {
		return err
	}
	s := b.spec
	nobodyHolds := s.Life.Direct && (len(s.Life.Locks) > 0 || s.Life.Sync != nil || !s.New.Has(spec.PID))
	if s.Joins() && s.Join.Of == 0 || b.tell.Mapped.Given() || nobodyHolds { // see sharing for namespaces of boxes
		return b.joinsChecked()
	}
	return nil
}

// joinsChecked has the rules themselves, each with its message. The first that
// is broken is told.
//
//go:noinline
func (b *Line) joinsChecked() error {
	early.Ordinary()
	s := b.spec
	switch {
	case s.Join.User.Given() && s.New.Has(spec.User):
		return say.Usagef("%s: can't be combined with a new user namespace", s.Join.User.Origin)
	case s.Join.PID.Given() && !s.New.Has(spec.PID):
		return say.Usagef("%s: can't be combined with --share-pid", s.Join.PID.Origin)
	// uid_map can be written once in the life of a namespace, see
	// user_namespaces(7).
	case s.Join.User.Given() && s.IDs.Ranges:
		return say.Usagef("%s: that namespace has its maps already; leave --map-ids out", s.Join.User.Origin)
	case b.tell.Mapped.Given() && !s.New.Has(spec.User):
		return say.Usagef("%s: needs a user namespace of the sandbox's own", b.tell.Mapped.Origin)
	case b.tell.Mapped.Given() && !b.tell.Info.Given():
		return say.Usagef("%s: needs --info-fd, which says whose maps are to be written", b.tell.Mapped.Origin)
	case b.tell.Mapped.Given() && s.IDs.Ranges:
		return say.Usagef("%s: can't be combined with --map-ids auto", b.tell.Mapped.Origin)
	case s.Life.Direct && !s.New.Has(spec.PID):
		return say.Usagef("--as-pid-1: needs a pid namespace of the sandbox's own")
	case s.Life.Direct && len(s.Life.Locks) > 0:
		return say.Usagef("--as-pid-1: can't be combined with --lock-file: there is nobody to hold the lock")
	case s.Life.Direct && s.Life.Sync != nil:
		return say.Usagef("--as-pid-1: can't be combined with --sync-fd: there is nobody to hold the descriptor")
	}
	return nil
}

// limited checks that the command can't make user namespaces, unless it may: a
// namespace of others has no limit of the sandbox's own, and one whose maps
// somebody else has written has none that a capability could not raise. Other
// sandboxes need no such check: max_user_namespaces is set where the command
// is, and the command has no CAP_SYS_RESOURCE there to raise it.
func (b *Line) limited() error {
	s := b.spec
	if s.Nested || s.Refused(spec.NewUserns) {
		return nil
	}
	joined := s.Join.User.Given() && s.Join.Of == 0 || s.Join.Last.Given()
	mapped := (s.IDs.Ranges || s.IDs.Given) && s.Caps.Keep != 0
	if !joined && !mapped {
		return nil
	}
	early.Ordinary()
	return say.Usagef("--seccomp-policy %s: nothing else keeps the command from making user namespaces here", b.policyName).
		Hintf("--nested-userns lets it")
}
