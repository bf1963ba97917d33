package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"box/cmd/box/internal/say"
	"box/internal/early"
	"box/spec"
)

// What the flags do that name descriptors and namespaces of the caller.

// given notes a descriptor that must be open.
func (b *build) given(to *spec.FD, w []string) error {
	fd, err := number(w[0], 0)
	if err == nil {
		err = isOpen(fd)
	}
	if err != nil {
		return err
	}
	*to = spec.At(fd, b.step.words)
	return nil
}

func (b *build) infoFD(w []string) error        { return b.given(&b.tell.info, w) }
func (b *build) jsonStatusFD(w []string) error  { return b.given(&b.tell.status, w) }
func (b *build) usernsBlockFD(w []string) error { return b.given(&b.tell.mapped, w) }
func (b *build) blockFD(w []string) error       { return b.given(&b.spec.Life.Block, w) }
func (b *build) joinPID(w []string) error       { return b.given(&b.spec.Join.PID, w) }
func (b *build) joinLast(w []string) error      { return b.given(&b.spec.Join.Last, w) }

// joinUser enters a user namespace instead of making one.
func (b *build) joinUser(w []string) error {
	b.spec.New &^= spec.User
	return b.given(&b.spec.Join.User, w)
}

func (b *build) syncFD(w []string) error {
	var fd spec.FD
	err := b.given(&fd, w)
	b.spec.Life.Sync = early.Append(b.room.sync[:0], fd.Number())
	return err
}

func (b *build) lockFile(w []string) error {
	if w[0] == "" {
		return say.Bad("an empty path names nothing")
	}
	b.spec.Life.Locks = early.Append(b.spec.Life.Locks, w[0])
	return nil
}

func (b *build) bindFD(w []string) error   { return b.addFD(w, false) }
func (b *build) roBindFD(w []string) error { return b.addFD(w, true) }

// addFD binds what a descriptor names.
func (b *build) addFD(w []string, ro bool) error {
	e := spec.Entry{Kind: spec.Bind, RO: ro, Dest: w[1]}
	if err := b.given(&e.FD, w); err != nil {
		return err
	}
	return b.bindDescriptor(e, w)
}

//go:noinline
func (b *build) bindDescriptor(e spec.Entry, w []string) error {
	early.Ordinary()
	source, err := sourceOf(e.FD.Number())
	if err != nil {
		return fmt.Errorf("descriptor %s names nothing that has a path here", w[0])
	}
	e.Source = source
	return b.add(e)
}

// sourceOf returns the real path of what a descriptor names. It is bound by this path, since a descriptor belongs to the
// caller's mount namespace, and nothing of that can be cloned in the sandbox's.
func sourceOf(fd int) (string, error) {
	name, err := os.Readlink("/proc/self/fd/" + strconv.Itoa(fd))
	if err != nil {
		return "", err
	}
	if _, err := os.Lstat(name); err != nil {
		return "", err
	}
	if source, err := filepath.EvalSymlinks(name); err == nil {
		return source, nil
	}
	return name, nil // somebody has just swapped a part of it; the child compares what it has opened
}

// joins checks the flags about namespaces of others against the rest.
func (b *build) joins() error {
	s := b.spec
	nobodyHolds := s.Life.Direct && (len(s.Life.Locks) > 0 || s.Life.Sync != nil || !s.New.Has(spec.PID))
	if s.Joins() || b.tell.mapped.Given() || nobodyHolds {
		return b.joinsChecked()
	}
	return nil
}

//go:noinline
func (b *build) joinsChecked() error {
	early.Ordinary()
	s := b.spec
	switch {
	case s.Join.User.Given() && s.New.Has(spec.User):
		return say.Usagef("%s: can't be combined with a new user namespace", s.Join.User.Origin)
	case s.Join.PID.Given() && !s.New.Has(spec.PID):
		return say.Usagef("%s: can't be combined with --share-pid", s.Join.PID.Origin)
	case s.Join.User.Given() && s.IDs.Ranges:
		return say.Usagef("%s: that namespace has its maps already; leave --map-ids out", s.Join.User.Origin)
	case b.tell.mapped.Given() && !s.New.Has(spec.User):
		return say.Usagef("%s: needs a user namespace of the sandbox's own", b.tell.mapped.Origin)
	case b.tell.mapped.Given() && !b.tell.info.Given():
		return say.Usagef("%s: needs --info-fd, which says whose maps are to be written", b.tell.mapped.Origin)
	case b.tell.mapped.Given() && s.IDs.Ranges:
		return say.Usagef("%s: can't be combined with --map-ids auto", b.tell.mapped.Origin)
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
func (b *build) limited() error {
	s := b.spec
	if s.Nested || s.Refused(spec.NewUserns) {
		return nil
	}
	joined := s.Join.User.Given() || s.Join.Last.Given()
	mapped := (s.IDs.Ranges || s.IDs.Given) && s.Caps.Keep != 0
	if !joined && !mapped {
		return nil
	}
	return b.unlimited()
}

//go:noinline
func (b *build) unlimited() error {
	early.Ordinary()
	return say.Usagef("--seccomp-policy %s: nothing else keeps the command from making user namespaces here", b.policyName).
		Hintf("--nested-userns lets it")
}
