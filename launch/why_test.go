package launch

import (
	"testing"

	"box/plan"
	"box/spec"

	"golang.org/x/sys/unix"
)

// needless are the calls that can't fail, or of which no message tells.
var needless = map[uint16]bool{
	unix.SYS_CLOSE: true, unix.SYS_STATX: true, plan.Digits: true, plan.Poke: true, plan.Wipe: true,
}

// Whoever words a failure goes by the call's reason, so none may be missing.
func TestEveryCallHasItsReason(t *testing.T) {
	for name, s := range map[string]*spec.Spec{
		"plain": plain("true"), "tree": everything(), "shared": sharing(), "joined": joining(),
	} {
		b := new(plan.Builder)
		if err := Compile(b, s); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		for i := range b.Inside {
			if c := &b.Inside[i]; c.Why == plan.WhyOther && !needless[c.Nr] {
				t.Errorf("%s: call %d, %s, has no reason", name, i, c)
			}
		}
	}
}

// Calls for an entry belong to it, and what follows is the sandbox's own again.
func TestWhoseACallIsDoesNotLeak(t *testing.T) {
	for name, s := range map[string]*spec.Spec{"plain": plain("true"), "tree": everything(), "joined": joining()} {
		b := new(plan.Builder)
		if err := Compile(b, s); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if b.Whom() != spec.Box {
			t.Errorf("%s: calls after the plan would be those of %#x", name, b.Whom())
		}
		for i := range b.Inside {
			switch c := &b.Inside[i]; c.Why {
			case plan.WhyRoot, plan.WhyKeyring, plan.WhyPrivilege, plan.WhyLimits, plan.WhyTie, plan.WhyNetwork:
				if c.For != spec.Box {
					t.Errorf("%s: call %d, %s, is for %#x", name, i, c, c.For)
				}
			case plan.WhyLeaf, plan.WhyPlace, plan.WhySource, plan.WhyAttach, plan.WhyMount, plan.WhyAbove:
				if s.Entry(c.For) == nil {
					t.Errorf("%s: call %d, %s, is for %#x", name, i, c, c.For)
				}
			}
		}
	}
}

// everything has an entry of each kind.
func everything() *spec.Spec {
	s := plain("true")
	s.Tree = append(s.Tree,
		spec.Entry{Kind: spec.Dir, Dest: "/a/b/c", Perms: 0o755},
		spec.Entry{Kind: spec.File, Dest: "/a/f", Perms: 0o644, Data: []byte("x")},
		spec.Entry{Kind: spec.Data, Dest: "/a/d", Perms: 0o644, Data: []byte("x")},
		spec.Entry{Kind: spec.Symlink, Dest: "/a/l", Source: "f", Try: true},
		spec.Entry{Kind: spec.Chmod, Dest: "/a/f", Perms: 0o600},
		spec.Entry{Kind: spec.Bind, Source: "/tmp", Dest: "/w"},
		spec.Entry{Kind: spec.Lock, RO: true, Below: "/w", Dest: "/w/x"},
		spec.Entry{Kind: spec.Overlay, Layers: []string{"/usr", "/etc"}, Dest: "/o"},
		spec.Entry{Kind: spec.Mqueue, Dest: "/q"},
		spec.Entry{Kind: spec.Hostname, Source: "box"},
		spec.Entry{Kind: spec.ReadOnly, Dest: "/w"},
		spec.Entry{Kind: spec.File, Dest: "/wrong/"},
	)
	s.Mounts = spec.Mounts{
		Propagation: true, KeepMountPoints: true, FollowPlanted: true, KernelTmpfsSize: true, PlainDestinations: true,
		TrailingSlashes: true, ClosedParents: true, RemountStrict: true,
	}
	s.Life.Locks = []string{"/a/f"}
	return s
}

// sharing shares what can be shared, and has a command that mounts.
func sharing() *spec.Spec {
	s := plain("sh")
	s.New &^= spec.PID | spec.Net
	s.Nested, s.Assert, s.Confine.Use = true, true, true
	s.Command.Env = []string{"PATH=/usr/bin:/bin"}
	s.Life.TellExec, s.Life.Await, s.Life.LeaveDescendants = true, true, true
	return s
}

// joining enters the namespaces of others.
func joining() *spec.Spec {
	s := plain("true")
	s.New &^= spec.User
	s.Join = spec.Join{User: spec.At(3, nil), PID: spec.At(4, nil), Last: spec.At(5, nil)}
	s.IDs.UID, s.IDs.GID = s.IDs.UID+1, s.IDs.GID+1
	return s
}
