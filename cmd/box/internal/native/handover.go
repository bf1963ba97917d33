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

// given notes a descriptor that must be open.
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

func (b *Line) infoFD(w []string) error        { return b.given(&b.tell.Info, w) }
func (b *Line) jsonStatusFD(w []string) error  { return b.given(&b.tell.Status, w) }
func (b *Line) usernsBlockFD(w []string) error { return b.given(&b.tell.Mapped, w) }
func (b *Line) blockFD(w []string) error       { return b.given(&b.spec.Life.Block, w) }
func (b *Line) joinPID(w []string) error       { return b.given(&b.spec.Join.PID, w) }
func (b *Line) joinLast(w []string) error      { return b.given(&b.spec.Join.Last, w) }

// joinUser enters a user namespace instead of making one.
func (b *Line) joinUser(w []string) error {
	b.spec.New &^= spec.User
	return b.given(&b.spec.Join.User, w)
}

func (b *Line) syncFD(w []string) error {
	var fd spec.FD
	err := b.given(&fd, w)
	b.spec.Life.Sync = early.Append(b.room.Sync[:0], fd.Number())
	return err
}

func (b *Line) lockFile(w []string) error {
	if w[0] == "" {
		return say.Bad("an empty path names nothing")
	}
	b.spec.Life.Locks = early.Append(b.spec.Life.Locks, w[0])
	return nil
}

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

// joins checks the flags about namespaces of others against the rest.
func (b *Line) joins() error {
	s := b.spec
	nobodyHolds := s.Life.Direct && (len(s.Life.Locks) > 0 || s.Life.Sync != nil || !s.New.Has(spec.PID))
	if s.Joins() || b.tell.Mapped.Given() || nobodyHolds {
		return b.joinsChecked()
	}
	return nil
}

//go:noinline
func (b *Line) joinsChecked() error {
	early.Ordinary()
	s := b.spec
	switch {
	case s.Join.User.Given() && s.New.Has(spec.User):
		return say.Usagef("%s: can't be combined with a new user namespace", s.Join.User.Origin)
	case s.Join.PID.Given() && !s.New.Has(spec.PID):
		return say.Usagef("%s: can't be combined with --share-pid", s.Join.PID.Origin)
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

// limited checks that the command can't make user namespaces, unless it may: a namespace of others has no limit of the sandbox's
// own, and one whose maps somebody else has written has none that a capability could not raise.
func (b *Line) limited() error {
	s := b.spec
	if s.Nested || s.Refused(spec.NewUserns) {
		return nil
	}
	joined := s.Join.User.Given() || s.Join.Last.Given()
	mapped := (s.IDs.Ranges || s.IDs.Given) && s.Caps.Keep != 0
	if !joined && !mapped {
		return nil
	}
	early.Ordinary()
	return say.Usagef("--seccomp-policy %s: nothing else keeps the command from making user namespaces here", b.policyName).
		Hintf("--nested-userns lets it")
}
