package failure

import (
	"errors"
	"fmt"
	"os"
	"testing"

	"box/cmd/box/internal/say"
	"box/launch"
	"box/plan"
	"box/spec"
	"box/userns"

	"golang.org/x/sys/unix"
)

// What of the host is not as it must be, before anything is started.
func TestHost(t *testing.T) {
	dir := tree(t)
	s := sandbox(spec.Entry{Kind: spec.Bind, Source: dir + "/d", Dest: "/x"}, spec.Entry{
		Kind:   spec.Overlay,
		Layers: []string{dir + "/d"}, Dest: "/o",
	})
	s.Confine.Required.Words = []string{"--require", "landlock"}
	for _, c := range []struct {
		ref  spec.Ref
		path string
		err  error
		want string
	}{
		{
			spec.EntryRef(0), dir + "/none", unix.ENOENT,
			"--bind DIR/d /x: DIR/none does not exist here\nhint: --bind-try skips a missing source",
		},
		{
			spec.EntryRef(0), dir + "/dangling", unix.ENOENT,
			"--bind DIR/d /x: DIR/dangling is a link to nowhere, which does not exist here\n" +
				"hint: --bind-try skips a missing source",
		},
		{spec.EntryRef(1), dir + "/none", unix.ENOENT, "--overlay /o: DIR/none does not exist here"},
		{spec.EntryRef(0), dir + "/d", unix.ELOOP, "--bind DIR/d /x: DIR/d is a link that leads in a circle here"},
		{spec.EntryRef(0), dir + "/d", unix.EIO, "--bind DIR/d /x: DIR/d: input/output error"},
		{spec.EntryRef(1), "/o", unix.E2BIG, "--overlay /o: more layers than the kernel takes"},
		{
			spec.Identity, "newuidmap", userns.ErrNoHelper,
			"--uid 1000: newuidmap is not installed here\nhint: it is in the package uidmap (Debian) or shadow-utils (Fedora)",
		},
		{spec.Identity, "/etc/subuid", userns.ErrNoRanges, "--uid 1000: /etc/subuid has no subordinate ids for this user\n" +
			"hint: as root: usermod --add-subuids 100000-165535 --add-subgids 100000-165535 USER"},
	} {
		m := Explain(&plan.HostError{For: c.ref, Path: c.path, Err: c.err}, s)
		if got := text(m, dir); got != c.want || m.Status != say.StatusBox {
			t.Errorf("%v:\n%s\nwant\n%s", c.err, got, c.want)
		}
	}
}

// A directory on the way that can't be searched is the cause, and it is the nearest to the root.
func TestClosedDirectory(t *testing.T) {
	if os.Getuid() == 0 {
		t.Log("root searches every directory: only what is there is found")
	}
	dir := tree(t)
	if err := os.MkdirAll(dir+"/closed/deep", 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(dir+"/closed", 0); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.Chmod(dir+"/closed", 0o755) })
	want := dir + "/closed"
	if os.Getuid() == 0 {
		want = dir + "/closed/deep"
	}
	if got := closedDir(dir + "/closed/deep/file"); got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if got := closedDir("none/file"); got != "." {
		t.Errorf("a relative path: %q", got)
	}
}

// A sandbox that ends otherwise than its command, with the status of that.
func TestEnds(t *testing.T) {
	for _, c := range []struct {
		err    error
		want   string
		status int
	}{
		{launch.ErrLost, "the sandbox was killed: its pid 1 got SIGKILL, from outside or for want of memory", say.StatusKilled},
		{
			fmt.Errorf("wrapped: %w", launch.ErrLost),
			"the sandbox was killed: its pid 1 got SIGKILL, from outside or for want of memory", say.StatusKilled,
		},
		{launch.ErrOrphan, "nothing was started: the caller has ended", say.StatusKilled},
		{launch.ErrForged, "the sandbox was ended: its pid 1 told what it never tells\n" +
			"cause: a process in the sandbox has taken over pid 1 or the socket that pid 1 reports by", say.StatusBox},
		{os.NewSyscallError("socketpair", unix.EMFILE), "cannot make the sandbox: socketpair: too many open files", say.StatusBox},
		{errors.New("something else"), "cannot make the sandbox: something else", say.StatusBox},
	} {
		m := Explain(c.err, sandbox())
		if got := text(m, "/no/directory"); got != c.want || m.Status != c.status {
			t.Errorf("%v: %s, status %d, want %s, %d", c.err, got, m.Status, c.want, c.status)
		}
	}
}

// A command that can't be executed: its message, and 126 for one that is there and 127 for one that is not.
func TestProgram(t *testing.T) {
	dir := tree(t)
	for name, mode := range map[string]os.FileMode{"plain": 0o644, "script": 0o755, "return": 0o755} {
		content := map[string]string{"plain": "x", "script": "#!/no/such/interpreter -x\n", "return": "#!/bin/sh\r\n"}[name]
		if err := os.WriteFile(dir+"/d/"+name, []byte(content), mode); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		file   string
		nr     uint16
		errno  unix.Errno
		want   string
		status int
	}{
		{"/x/none", unix.SYS_EXECVE, unix.ENOENT, "cannot run /x/none: it does not exist in the sandbox", say.StatusNotFound},
		{"./none", unix.SYS_EXECVE, unix.ENOENT, "cannot run ./none: it does not exist in the sandbox", say.StatusNotFound},
		{"none", plan.GiveUp, unix.ENOENT, "cannot run none: not in the sandbox's PATH (/usr/bin)", say.StatusNotFound},
		{
			"/x/plain", unix.SYS_EXECVE, unix.EACCES,
			"cannot run /x/plain: it is not executable\nhint: chmod +x DIR/d/plain makes it so", say.StatusNotRunnable,
		},
		{"/x", unix.SYS_EXECVE, unix.EACCES, "cannot run /x: it is a directory", say.StatusNotRunnable},
		{
			"/x/script", unix.SYS_EXECVE, unix.ENOENT,
			"cannot run /x/script: its interpreter /no/such/interpreter is not in the sandbox", say.StatusNotRunnable,
		},
		{"/x/return", unix.SYS_EXECVE, unix.ENOENT, "cannot run /x/return: its interpreter /bin/sh\r is not in the sandbox\n" +
			"cause: its first line ends in a carriage return, which counts as a part of the name", say.StatusNotRunnable},
		{
			"/x/script", unix.SYS_EXECVE, unix.E2BIG, "cannot run /x/script: arguments and environment are too long together",
			say.StatusNotRunnable,
		},
		{"/x/script", unix.SYS_EXECVE, unix.EPERM, "cannot run /x/script: operation not permitted", say.StatusNotRunnable},
		{
			"/x/script", unix.SYS_EXECVE, unix.ELIBBAD, "cannot run /x/script: accessing a corrupted shared library",
			say.StatusNotRunnable,
		},
	} {
		s := sandbox(spec.Entry{Kind: spec.Bind, Source: dir + "/d", Dest: "/x"})
		s.Command.File, s.Command.Argv = c.file, []string{c.file}
		b := new(plan.Builder)
		if err := launch.Compile(b, s); err != nil {
			t.Fatal(err)
		}
		step := 0
		for i := range b.Inside {
			if call := &b.Inside[i]; call.Nr == c.nr && call.For == spec.Program && call.When == 0 {
				step = i
			}
		}
		m := Explain(&launch.Failure{Call: b.Inside[step], Step: step, Errno: c.errno}, s)
		if got := text(m, dir); got != c.want || m.Status != c.status {
			t.Errorf("%s, %v:\n%s\nstatus %d, want\n%s\n%d", c.file, c.errno, got, m.Status, c.want, c.status)
		}
	}
}
