package userns

import (
	"box/plan"
	"box/spec"

	"golang.org/x/sys/unix"
)

// cloneClearSighand gives the child default dispositions: the Go runtime's handlers must not run there. Signals that
// are ignored stay so. See clone(2), since Linux 5.5.
const cloneClearSighand = 0x100000000

// Join writes the flags for the clone and the way into the namespaces of others. A user namespace that is joined comes before
// all that the sandbox makes, which it then owns; only a child gets into a pid namespace, and one of the sandbox's own below it
// takes another child, see setns(2) and pid_namespaces(7).
func Join(b *plan.Builder, s *spec.Spec) {
	all := Flags(s.New)
	b.Flags = all | cloneClearSighand
	if !s.Joins() {
		return
	}
	if s.Join.Of != 0 {
		b.Flags = cloneClearSighand
		joinBoxes(b, s, all)
		return
	}
	was := b.Whom()
	made := uint64(0) // what is made when the process in the right pid namespace is
	b.Flags &^= unix.CLONE_NEWPID
	if s.Join.User.Given() {
		b.Flags, made = cloneClearSighand, all&^unix.CLONE_NEWPID
		joinUser(b, s)
	}
	if !s.Join.PID.Given() {
		b.Hop(all)
		return
	}
	b.For(spec.JoinPID)
	b.Setns(s.Join.PID.Number(), unix.CLONE_NEWPID)
	b.Hop(made)
	if s.New.Has(spec.PID) {
		b.Hop(unix.CLONE_NEWPID)
	}
	b.For(was)
}

// joinBoxes enters namespaces of boxes that are up: first the user namespace that owns them, in which a process has all
// capabilities, and then the sandbox makes its own there. Others may run in the pid namespace that it comes into. They share no
// user namespace with it; nor can they see what it has of the host, since it is not dumpable from its first call on.
func joinBoxes(b *plan.Builder, s *spec.Spec, flags uint64) {
	was := b.For(spec.JoinUser)
	b.Prctl(plan.WhyTie, unix.PR_SET_DUMPABLE, 0, 0)
	b.Setns(s.Join.User.Number(), unix.CLONE_NEWUSER)
	for i, ns := range spec.Joinable {
		if s.Join.Of.Has(ns) {
			b.For(spec.JoinRef(i))
			b.Setns(s.Join.From[i].Number(), uintptr(Flags(ns)))
		}
	}
	b.Hop(flags)
	b.For(was)
}

// joinUser enters a user namespace and becomes who the command wants to be there.
func joinUser(b *plan.Builder, s *spec.Spec) {
	was := b.For(spec.JoinUser)
	b.Setns(s.Join.User.Number(), unix.CLONE_NEWUSER)
	b.For(spec.Identity)
	becomeJoined(b, s)
	b.For(was)
}

// becomeJoined sets the ids that the command wants. Without SECBIT_NO_SETUID_FIXUP all capabilities would be lost with uid 0,
// see capabilities(7).
func becomeJoined(b *plan.Builder, s *spec.Spec) {
	const noSetuidFixup = 1 << 2
	uid, gid := s.IDs.UID != self().uid, s.IDs.GID != self().gid
	if !uid && !gid {
		return
	}
	b.Prctl(plan.WhyIDMap, unix.PR_SET_SECUREBITS, noSetuidFixup, 0)
	if gid {
		b.SetGID(s.IDs.GID)
	}
	if uid {
		b.SetUID(s.IDs.UID)
	}
	b.Prctl(plan.WhyIDMap, unix.PR_SET_SECUREBITS, 0, 0)
}

// joinLast enters the user namespace that the command is to be in.
func joinLast(b *plan.Builder, s *spec.Spec) {
	if !s.Join.Last.Given() {
		return
	}
	was := b.For(spec.JoinLast)
	b.Setns(s.Join.Last.Number(), unix.CLONE_NEWUSER)
	b.For(was)
}

// assertFlat fails if a user namespace can be made.
func assertFlat(b *plan.Builder, s *spec.Spec) {
	if !s.Assert {
		return
	}
	b.Unshare(plan.WhyAssert, unix.CLONE_NEWUSER)
	b.Ignoring(unix.ENOSPC, unix.EPERM, unix.EINVAL, unix.ENOSYS)
	b.Fail(plan.WhyAssert, unix.EEXIST) // it could be made
	b.Last().When = plan.Done
}
