package project

import (
	"testing"

	"box/internal/host"
)

func TestPublicIsWhereOthersMeet(t *testing.T) {
	const root, caller, other, nobody = 0, 1000, 1001, 65534
	for _, c := range []struct {
		what   string
		mode   uint32
		owner  uint32
		public bool
	}{
		{"/tmp, /var/tmp, /dev/shm", 0o41777, root, true},
		{"/tmp/.X11-unix of a display that the caller has started", 0o41777, caller, true},
		{"a spool that a group writes in", 0o41770, root, true},
		{"a sticky directory of a private group", 0o41775, caller, true},
		{"a directory of everybody's that is not sticky", 0o40777, root, true},
		{"a share whose owner has no id here", 0o40777, nobody, true},
		{"a group's", 0o42775, root, true},
		{"another user's that lets the group in", 0o40770, other, true},
		{"the caller's own", 0o40755, caller, false},
		{"the caller's own and nobody else's", 0o40700, caller, false},
		{"the caller's own, of a private group", 0o40775, caller, false},
		{"the caller's own, of a group that keeps its group", 0o42770, caller, false},
		{"a drive of another system, mounted for the caller", 0o40777, caller, false},
		{"the caller's own, sticky, nobody else writes", 0o41755, caller, false},
		{"the system's", 0o40755, root, false},
		{"another user's", 0o40755, other, false},
	} {
		if got := public(host.File{Mode: c.mode, UID: c.owner}, caller); got != c.public {
			t.Errorf("%s: public(%#o, %d) = %v", c.what, c.mode, c.owner, got)
		}
	}
	if !public(host.File{Mode: 0o41777}, root) || public(host.File{Mode: 0o40700}, root) {
		t.Error("root's own /tmp is public, and its home is not")
	}
}
