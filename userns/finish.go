package userns

import (
	"box/plan"
	"box/spec"

	"golang.org/x/sys/unix"
)

// lastCap is the highest capability that any kernel could know; the kernel answers EINVAL beyond its own.
const lastCap = 63

// Finish writes the last part, when the tree stands: the ids that the command sees, no more user namespaces, and no
// privilege. The order matters: a new user namespace brings a full set of capabilities, so they are dropped after it.
func Finish(b *plan.Builder, s *spec.Spec) error {
	joinLast(b, s)
	if s.New.Has(spec.User) || s.Join.Of != 0 {
		second(b, s)
	}
	assertFlat(b, s)
	if !s.Life.Keyring {
		newKeyring(b, s)
	}
	switch {
	case !s.Caps.Callers:
		drop(b, s.Caps.Keep)
	case s.OwnsUser():
		bound(b, s.Caps.Keep) // a new user namespace has brought all of them
	}
	return nil
}

// newKeyring leaves the caller's keys behind.
func newKeyring(b *plan.Builder, s *spec.Spec) {
	b.NewKeyring()
	if s.Refused(spec.Keyrings) {
		// A filter around box refuses it: the command can't reach a keyring anyway. EDQUOT is not one of these: who
		// has used up the user's quota would decide whose keys the session has, which a kernel that lacks the call or
		// refuses it leaves nobody.
		b.Ignoring(unix.ENOSYS, unix.EPERM)
	} else {
		b.Ignoring(unix.ENOSYS)
	}
}

// second makes a user namespace inside the first, if the ids have to change.
//
// Either way the limit on user namespaces ends where the command will be: the outer of two allows the one that exists,
// a single one allows none. It holds because only CAP_SYS_RESOURCE in that namespace could raise it, and the command has no
// capability anywhere. See set_permissions() in the kernel's kernel/ucount.c.
//
// A box with a name has two, and others may come into the outer one and make their own below it. So the limit is that of the
// inner one, and none.
func second(b *plan.Builder, s *spec.Spec) {
	was, want := first(s), ids{s.IDs.UID, s.IDs.GID}
	joins := s.Join.Of != 0
	if joins {
		was = ids{} // Shares
	}
	inner := joins || s.Shares()
	// With capabilities the command could raise the limit of its own namespace, but not that of another.
	// Nor does a limit show that it can read there.
	two := (was != want || !s.Nested && (s.Assert || s.Caps.Keep != 0)) && !s.IDs.Ranges && !s.IDs.Given || inner
	if !s.Nested && !inner {
		limit := uint64(0)
		if two {
			limit = 1
		}
		limitNested(b, s, limit)
	}
	if s.Limits.Quarter && !joins { // who joins has a part of what the box has
		limitShares(b, s)
	}
	if !two {
		return
	}
	before := b.For(spec.Identity)
	b.Unshare(plan.WhyIDMap, unix.CLONE_NEWUSER)
	if joins {
		b.Prctl(plan.WhyTie, unix.PR_SET_DUMPABLE, 1, 0) // see begin in package launch; nobody else is in this namespace
	}
	write(b, "self/uid_map", "%d %d 1\n", uint64(want.uid), uint64(was.uid))
	write(b, "self/gid_map", "%d %d 1\n", uint64(want.gid), uint64(was.gid))
	b.For(before)
	if inner {
		limitNested(b, s, 0)
	}
}

// limitNested sets the limit on user namespaces. Where /proc/sys is read-only, as in most containers, the filter is the layer
// that refuses them, if it is one that does.
func limitNested(b *plan.Builder, s *spec.Spec, limit uint64) {
	fd := b.Openat(plan.WhyNested, plan.Proc, b.String("sys/user/max_user_namespaces"), unix.O_WRONLY, 0)
	filtered := s.Refused(spec.NewUserns)
	if filtered {
		b.Ignoring(unix.EROFS)
	}
	data, n := b.Text("%d", limit)
	b.Write(plan.WhyNested, fd, data, n)
	if filtered {
		b.Last().When = plan.Done
	}
	b.Close(fd)
	if filtered {
		b.Last().When = plan.Done
	}
}

// drop empties all five capability sets but for keep. The bounding set goes first: dropping from it takes CAP_SETPCAP. The
// ambient set comes last: it can only hold what is permitted and inheritable.
func drop(b *plan.Builder, keep uint64) {
	b.Prctl(plan.WhyPrivilege, unix.PR_CAP_AMBIENT, unix.PR_CAP_AMBIENT_CLEAR_ALL, 0)
	bound(b, keep)
	b.Capset(keep)
	for c := uintptr(0); c <= lastCap; c++ {
		if keep>>c&1 != 0 {
			b.Prctl(plan.WhyPrivilege, unix.PR_CAP_AMBIENT, unix.PR_CAP_AMBIENT_RAISE, c)
			b.Ignoring(unix.EINVAL)
		}
	}
}

// bound takes all but keep out of the bounding set. Where the kernel doesn't know one (EINVAL), it knows none after it: what
// may come after the newest is tried only as long as that goes on.
func bound(b *plan.Builder, keep uint64) {
	for c := uintptr(0); c <= lastCap; c++ {
		if keep>>c&1 != 0 {
			continue
		}
		b.Prctl(plan.WhyPrivilege, unix.PR_CAPBSET_DROP, c, 0)
		b.Ignoring(unix.EINVAL)
		if c > unix.CAP_LAST_CAP && keep>>(c-1)&1 == 0 {
			b.Last().When = plan.Done
		}
	}
}
