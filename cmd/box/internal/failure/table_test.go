package failure

import (
	"strings"
	"testing"

	"box/cmd/box/internal/say"
	"box/launch"
	"box/plan"
	"box/spec"

	"golang.org/x/sys/unix"
)

func TestHeadlinesByReason(t *testing.T) {
	words := spec.Origin{Words: []string{"--flag", "x"}}
	s := &spec.Spec{Tree: []spec.Entry{
		{Kind: spec.Bind, RO: true, Source: "/usr", Dest: "/ro", Origin: spec.Origin{Words: []string{"--ro-bind", "/usr", "/ro"}}},
		{Kind: spec.Bind, Source: "/usr", Dest: "/ro/d", Origin: words},
		{Kind: spec.Chmod, Dest: "/d", Origin: words},
		{Kind: spec.ReadOnly, Dest: "/d", Origin: words},
		{Kind: spec.Tmpfs, Dest: "/d"},
		{Kind: spec.Overlay, Layers: []string{"/usr", "/etc"}, Dest: "/d", Origin: words},
	}}
	s.Life.Locks = []string{"/l"}
	s.Command.Dir = "/w"
	const bind, chmod, readOnly, tmpfs, layers = 1, 2, 3, 4, 5
	for _, c := range []struct {
		whom  spec.Ref
		why   plan.Why
		errno unix.Errno
		want  string
	}{
		{
			spec.EntryRef(bind), plan.WhyLeaf, unix.EROFS,
			"--flag x: /ro is read-only in the sandbox (--ro-bind /usr /ro)",
		},
		{
			spec.EntryRef(bind), plan.WhyAbove, unix.ENOTDIR,
			"--flag x: a part of /ro/d is not a directory in the sandbox",
		},
		{
			spec.EntryRef(bind), plan.WhySource, unix.EMFILE,
			"--flag x: too many binds for the limit of open descriptors",
		},
		{spec.EntryRef(bind), plan.WhySource, unix.ENOENT, "--flag x: /usr does not exist here"},
		{
			spec.EntryRef(bind), plan.WhyAttach, unix.EINVAL,
			"--flag x: /usr is a directory, and /ro/d in the sandbox is a file",
		},
		{spec.EntryRef(bind), plan.WhyAttach, unix.EPERM, "--flag x: operation not permitted"},
		{
			spec.EntryRef(bind), plan.WhyLeaf, unix.EWOULDBLOCK,
			"--flag x: somebody holds a lock on /ro/d, which another sandbox has made",
		},
		{spec.EntryRef(chmod), plan.WhyPlace, unix.ENOENT, "--flag x: /d does not exist in the sandbox"},
		{spec.EntryRef(readOnly), plan.WhyAttributes, unix.EINVAL, "--flag x: nothing is mounted there"},
		{
			spec.EntryRef(tmpfs), plan.WhyPlace, unix.ELOOP,
			"tmpfs /d: /d leads through links in a circle, or through /proc to a file outside",
		},
		{spec.EntryRef(tmpfs), plan.WhyMount, unix.ENOSPC, "tmpfs /d: too many mounts"},
		{spec.EntryRef(tmpfs), plan.WhyMount, unix.ENOSYS, "tmpfs /d: this kernel has no mount"},
		{spec.EntryRef(layers), plan.WhyMount, unix.ELOOP, "--flag x: its directories overlap"},
		{spec.Box, plan.WhyProc, unix.ENOENT, "cannot make the sandbox: there is no /proc here"},
		{spec.Box, plan.WhyRoot, unix.ENOSYS, "cannot make the sandbox: this kernel has no mount"},
		{spec.Box, plan.WhyRoot, unix.EPERM, "cannot make the sandbox: mount: operation not permitted"},
		{spec.LockRef(0), plan.WhyLock, unix.EAGAIN, "--lock-file /l: somebody else has locked it"},
		{spec.LockRef(0), plan.WhyLock, unix.ENOLCK, "--lock-file /l: it can't be locked: no locks available"},
		{spec.LockRef(0), plan.WhyLockFile, unix.ENOENT, "--lock-file /l: /l does not exist in the sandbox"},
		{spec.Directory, plan.WhyDir, unix.ENOTDIR, "working directory /w: /w is not a directory"},
		{
			spec.Box, plan.WhyProcess, unix.EAGAIN,
			"cannot start the command's process: resource temporarily unavailable",
		},
	} {
		f := &launch.Failure{Call: plan.Call{Nr: unix.SYS_MOUNT, For: c.whom, Why: c.why}, Errno: c.errno}
		m := Explain(f, s)
		if m.Headline != c.want || m.Status != say.StatusBox {
			t.Errorf("reason %d, %v: status %d\n%s, want\n%s", c.why, c.errno, m.Status, m.Headline, c.want)
		}
	}
}

// What is put into a text is not looked through for places: paths and words may be anybody's.
func TestPlacesAreFilledOnce(t *testing.T) {
	words := spec.Origin{Words: []string{"{dest}"}}
	s := &spec.Spec{Tree: []spec.Entry{{Kind: spec.Bind, Source: "/no/{words}", Dest: "/{reason}", Origin: words}}}
	f := &launch.Failure{Call: plan.Call{For: spec.EntryRef(0), Why: plan.WhySource}, Errno: unix.ENOENT}
	if got, want := Explain(f, s).Headline, spec.Quote([]string{"{dest}"})+": /no/{words} does not exist here"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// A reason that no table has, and one that is no reason at all, have words nevertheless.
func TestEveryReasonHasWords(t *testing.T) {
	s := &spec.Spec{Tree: []spec.Entry{{Kind: spec.Tmpfs, Dest: "/d"}}}
	s.Command = spec.Command{File: "c", Env: []string{"PATH=/nope"}}
	for why := range 256 {
		for _, whom := range []spec.Ref{spec.Box, spec.EntryRef(0)} {
			for _, errno := range []unix.Errno{unix.EPERM, unix.ENOSPC, unix.EINVAL} {
				if plan.Why(why) < plan.WhyNamespaces && whom == spec.Box {
					continue // these are of entries alone
				}
				f := &launch.Failure{Call: plan.Call{Nr: unix.SYS_MOUNT, For: whom, Why: plan.Why(why)}, Errno: errno}
				if m := Explain(f, s); m == nil || m.Headline == "" || strings.Contains(m.Headline, "{") || m.Status == 0 {
					t.Errorf("reason %d, %v: %+v", why, errno, m)
				}
			}
		}
	}
}
