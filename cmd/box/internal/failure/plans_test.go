package failure

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"box/cmd/box/internal/say"
	"box/internal/kernel"
	"box/launch"
	"box/plan"
	"box/spec"

	"golang.org/x/sys/unix"
)

// sandbox returns the Spec of a small sandbox with these entries besides, each with words of a command line.
func sandbox(entries ...spec.Entry) *spec.Spec {
	s := spec.New()
	s.IDs.UID, s.IDs.GID = 1000, 1000
	s.Command = spec.Command{Argv: []string{"prog"}, File: "prog", Env: []string{"PATH=/usr/bin"}, Dir: "/w"}
	s.Command.Origin.Words = []string{"--chdir", "/w"}
	s.IDs.Origin.Words = []string{"--uid", "1000"}
	for _, e := range entries {
		if e.Origin.Words == nil {
			e.Origin.Words = []string{"--" + e.Kind.String(), e.Dest}
			if e.Source != "" {
				e.Origin.Words = []string{"--" + e.Kind.String(), e.Source, e.Dest}
			}
		}
		s.Tree = append(s.Tree, e)
	}
	return s
}

// callOf returns the last call of the plan for s that has a number and was made for ref, as launch would report it.
func callOf(t *testing.T, s *spec.Spec, nr uint16, ref spec.Ref) (plan.Call, int) {
	t.Helper()
	b := new(plan.Builder)
	if err := launch.Compile(b, s); err != nil {
		t.Fatal(err)
	}
	for i := len(b.Inside) - 1; i >= 0; i-- {
		if c := b.Inside[i]; c.Nr == nr && c.For == ref {
			return c, i
		}
	}
	t.Fatalf("no call %d for %d in the plan", nr, ref)
	return plan.Call{}, 0
}

// text returns a message in lines, without what differs between machines: DIR stands for a directory.
func text(m *say.Message, dir string) string {
	lines := m.Headline
	if m.Cause != "" {
		lines += "\ncause: " + m.Cause
	}
	if m.Hint != "" {
		lines += "\nhint: " + m.Hint
	}
	return strings.NewReplacer(dir, "DIR", kernel.Release(), "RELEASE",
		"fs.mount-max is "+kernel.Sysctl("fs/mount-max"), "fs.mount-max is N").Replace(lines)
}

// tree makes a directory with a file and a directory in it, and links.
func tree(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for _, err := range []error{
		os.Mkdir(filepath.Join(dir, "d"), 0o755),
		os.WriteFile(filepath.Join(dir, "f"), []byte("text\n"), 0o644),
		os.Symlink("nowhere", filepath.Join(dir, "dangling")),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// What can go wrong with an entry of the tree. The call is the one of the plan.
func TestEntries(t *testing.T) {
	dir := tree(t)
	bind := func(source, dest string) spec.Entry {
		return spec.Entry{Kind: spec.Bind, Source: dir + "/" + source, Dest: dest}
	}
	for _, c := range []struct {
		entry spec.Entry
		nr    uint16
		errno unix.Errno
		want  string
	}{
		{
			bind("d", "/x"), unix.SYS_OPEN_TREE, unix.EMFILE,
			"--bind DIR/d /x: too many binds for the limit of open descriptors\n" +
				"hint: each bind needs a descriptor for a moment: ulimit -Hn shows the limit",
		},
		{bind("d", "/x"), unix.SYS_OPEN_TREE, unix.ENOENT, "--bind DIR/d /x: DIR/d does not exist here"},
		{bind("d", "/x"), unix.SYS_OPEN_TREE, unix.ENOSYS, "--bind DIR/d /x: this kernel has no open_tree\n" +
			"cause: box needs Linux 5.3 or newer, and this is RELEASE; an outer container may also forbid newer system calls"},
		{bind("d", "/x"), unix.SYS_MKDIRAT, unix.EROFS, "--bind DIR/d /x: read-only file system"},
		{
			bind("d", "/x/y"), unix.SYS_MKDIRAT, unix.EACCES,
			"--bind DIR/d /x/y: nothing may be made there: permission denied",
		},
		{
			bind("d", "/x"), unix.SYS_MKDIRAT, unix.ENOTDIR,
			"--bind DIR/d /x: a part of /x is not a directory in the sandbox",
		},
		{
			bind("d", "//x"), unix.SYS_OPENAT2, unix.ELOOP,
			"--bind DIR/d //x: //x leads through links in a circle, or through /proc to a file outside",
		},
		{
			bind("d", "//x"), unix.SYS_OPENAT2, unix.ENOENT,
			"--bind DIR/d //x: //x leads through a link to something that is not in the sandbox",
		},
		{bind("d", "//x"), unix.SYS_OPENAT2, unix.ENAMETOOLONG, "--bind DIR/d //x: //x is too long a path"},
		{
			bind("d", "/x"), unix.SYS_MOVE_MOUNT, unix.ENOTDIR,
			"--bind DIR/d /x: DIR/d is a directory, and /x in the sandbox is a file",
		},
		{
			bind("f", "/x"), unix.SYS_MOVE_MOUNT, unix.ENOTDIR,
			"--bind DIR/f /x: DIR/f is a file, and /x in the sandbox is a directory",
		},
		{
			bind("f", "/x"), unix.SYS_MKNODAT, unix.EPERM,
			"--bind DIR/f /x: nothing may be made there: operation not permitted",
		},
		{bind("d", "/x"), unix.SYS_MOUNT_SETATTR, unix.EPERM, "--bind DIR/d /x: operation not permitted"},
		{
			spec.Entry{Kind: spec.ReadOnly, Dest: "/x"},
			unix.SYS_MOUNT_SETATTR, unix.EINVAL,
			"--remount-ro /x: nothing is mounted there",
		},
		{
			spec.Entry{Kind: spec.ReadOnly, Dest: "/x"},
			unix.SYS_OPENAT2, unix.ENOENT,
			"--remount-ro /x: /x does not exist in the sandbox",
		},
		{
			spec.Entry{Kind: spec.Chmod, Dest: "/x", Perms: 0o700},
			unix.SYS_OPENAT2, unix.ENOENT,
			"--chmod /x: /x does not exist in the sandbox",
		},
		{
			spec.Entry{Kind: spec.Symlink, Source: "t", Dest: "/x"},
			plan.Same, unix.EEXIST,
			"--symlink t /x: there is something at /x already",
		},
		{
			spec.Entry{Kind: spec.Symlink, Source: "t", Dest: "/x"},
			unix.SYS_READLINKAT, unix.EINVAL,
			"--symlink t /x: there is something at /x already",
		},
		{
			spec.Entry{Kind: spec.File, Dest: "/x", Perms: 0o600, Data: []byte("x")},
			unix.SYS_WRITE, unix.ENOSPC,
			"--file /x: the data does not fit into the tmpfs it is written to",
		},
		{
			spec.Entry{Kind: spec.File, Dest: "/x", Perms: 0o600, Data: []byte("x")},
			unix.SYS_OPENAT2, unix.EISDIR,
			"--file /x: /x is a directory",
		},
		{
			spec.Entry{Kind: spec.File, Dest: "/x", Perms: 0o600, Data: []byte("x")},
			unix.SYS_OPENAT2, unix.ENXIO,
			"--file /x: /x is a pipe or a device",
		},
		{
			spec.Entry{Kind: spec.File, Dest: "/x/", Perms: 0o600, Data: []byte("x")},
			plan.Fail, unix.EISDIR,
			"--file /x/: a file's name can't end in a slash",
		},
		{
			spec.Entry{Kind: spec.Tmpfs, Dest: "/x", Perms: 0o755},
			unix.SYS_MOUNT, unix.ENOSPC,
			"--tmpfs /x: too many mounts\n" +
				"cause: fs.mount-max is N",
		},
		{spec.Entry{Kind: spec.Mqueue, Dest: "/x"}, unix.SYS_MOUNT, unix.ENODEV, "--mqueue /x: no such device"},
		{
			spec.Entry{Kind: spec.Overlay, Layers: []string{dir + "/d"}, RO: true, Dest: "/x"},
			unix.SYS_MOUNT, unix.EPERM,
			"--overlay /x: operation not permitted\n" +
				"cause: this kernel has no overlays for user namespaces (Linux 5.11 is the first)",
		},
		{
			spec.Entry{Kind: spec.Overlay, Layers: []string{dir + "/d"}, Dest: "/x"},
			unix.SYS_MOUNT, unix.EINVAL,
			"--overlay /x: invalid argument\n" +
				"cause: a layer may not have other file systems mounted in it, and the directories for writes and work " +
				"must be two empty or former ones on the same file system",
		},
		{
			spec.Entry{Kind: spec.Overlay, Layers: []string{dir + "/d"}, Dest: "/x"},
			unix.SYS_MOUNT, unix.ELOOP,
			"--overlay /x: its directories overlap",
		},
		{
			spec.Entry{Kind: spec.Overlay, Layers: []string{dir + "/f"}, Dest: "/x"},
			unix.SYS_MOUNT, unix.ENOTDIR,
			"--overlay /x: DIR/f is not a directory here",
		},
		{
			spec.Entry{Kind: spec.Hostname, Source: "name"},
			unix.SYS_SETHOSTNAME, unix.EINVAL,
			"--hostname name '': invalid argument",
		},
	} {
		s := sandbox(c.entry)
		call, step := callOf(t, s, c.nr, spec.EntryRef(0))
		m := Explain(&launch.Failure{Call: call, Step: step, Errno: c.errno}, s)
		if got := text(m, dir); got != c.want || m.Status != say.StatusBox {
			t.Errorf("%s, call %d, %v:\n%s\nstatus %d, want\n%s", c.entry.Kind, c.nr, c.errno, got, m.Status, c.want)
		}
	}
}

// Where an entry lies in a bind, the bind is the reason.
func TestEntriesInABind(t *testing.T) {
	dir := tree(t)
	under := spec.Entry{
		Kind: spec.Bind, RO: true, Source: dir + "/d", Dest: "/x",
		Origin: spec.Origin{Words: []string{"--ro-bind", dir + "/d", "/x"}},
	}
	s := sandbox(under, spec.Entry{Kind: spec.Dir, Dest: "/x/new", Perms: 0o755})
	call, step := callOf(t, s, unix.SYS_MKDIRAT, spec.EntryRef(1))
	for errno, want := range map[unix.Errno]string{
		unix.EROFS: "--dir /x/new: /x is read-only in the sandbox (--ro-bind DIR/d /x)",
		unix.EACCES: "--dir /x/new: nothing may be made there: permission denied\n" +
			"cause: /x is the host's DIR/d (--ro-bind DIR/d /x), which this user may not write",
	} {
		m := Explain(&launch.Failure{Call: call, Step: step, Errno: errno}, s)
		if got := text(m, dir); got != want {
			t.Errorf("%v: %s, want %s", errno, got, want)
		}
	}
}

// What box adds by itself is named by what it is.
func TestEntryWithoutWords(t *testing.T) {
	s := sandbox(spec.Entry{Kind: spec.Tmpfs, Dest: "/x", Perms: 0o755})
	s.Tree[0].Origin = spec.Origin{Note: "default mount"}
	call, step := callOf(t, s, unix.SYS_MOUNT, spec.EntryRef(0))
	m := Explain(&launch.Failure{Call: call, Step: step, Errno: unix.ENOMEM}, s)
	if want := "tmpfs /x: cannot allocate memory"; m.Headline != want {
		t.Errorf("%s, want %s", m.Headline, want)
	}
}

// What goes wrong without an entry: the namespaces, ids, the working directory, and what box does by itself.
func TestSetup(t *testing.T) {
	locks := func(s *spec.Spec) { s.Life.Locks = []string{"/lock"} }
	for _, c := range []struct {
		change func(*spec.Spec)
		nr     uint16
		ref    spec.Ref
		errno  unix.Errno
		want   string
	}{
		{
			nil, plan.Fork, spec.Box, unix.EAGAIN,
			"cannot start the command's process: resource temporarily unavailable\ncause: " + noProcesses,
		},
		{nil, plan.Fork, spec.Box, unix.ENOMEM, "cannot start the command's process: cannot allocate memory"},
		{nil, unix.SYS_PIVOT_ROOT, spec.Box, unix.EINVAL, "cannot make the sandbox: pivot_root: invalid argument"},
		{nil, unix.SYS_PIVOT_ROOT, spec.Box, unix.ENOSYS, "cannot make the sandbox: this kernel has no pivot_root\ncause: " +
			"box needs Linux 5.3 or newer, and this is RELEASE; an outer container may also forbid newer system calls"},
		{nil, unix.SYS_KEYCTL, spec.Box, unix.ENOMEM, "cannot make a session keyring: cannot allocate memory"},
		{locks, unix.SYS_FCNTL, spec.LockRef(0), unix.EAGAIN, "--lock-file /lock: somebody else has locked it"},
		{locks, unix.SYS_OPENAT2, spec.LockRef(0), unix.ENOENT, "--lock-file /lock: /lock does not exist in the sandbox"},
		{locks, unix.SYS_OPENAT2, spec.LockRef(0), unix.EACCES, "--lock-file /lock: it can't be opened: permission denied"},
		{nil, unix.SYS_OPENAT2, spec.Directory, unix.ENOENT, "--chdir /w: /w does not exist in the sandbox"},
		{nil, unix.SYS_OPENAT2, spec.Directory, unix.ENOTDIR, "--chdir /w: /w is not a directory"},
		{nil, unix.SYS_FCHDIR, spec.Directory, unix.EACCES, "--chdir /w: permission denied"},
		{
			func(s *spec.Spec) { s.Command.Origin.Words = nil }, unix.SYS_OPENAT2, spec.Directory, unix.ENOENT,
			"working directory /w: /w does not exist in the sandbox",
		},
		{
			func(s *spec.Spec) { s.Assert = true }, plan.Fail, spec.Box, unix.EEXIST,
			"--assert-userns-disabled: the command could make user namespaces",
		},
		{
			func(s *spec.Spec) {
				s.Filters = []spec.Filter{{Policy: "default", Origin: spec.Origin{Words: []string{"--seccomp-policy", "default"}}}}
			}, unix.SYS_PRCTL, spec.FilterRef(0), unix.EINVAL,
			"--seccomp-policy default: the kernel does not take the program: invalid argument",
		},
	} {
		s := sandbox()
		if c.change != nil {
			c.change(s)
		}
		call, step := callOf(t, s, c.nr, c.ref)
		m := Explain(&launch.Failure{Call: call, Step: step, Errno: c.errno}, s)
		if got := text(m, "/no/directory"); got != c.want || m.Status != say.StatusBox {
			t.Errorf("call %d, %v:\n%s\nwant\n%s", c.nr, c.errno, got, c.want)
		}
	}
}

// The namespaces themselves: the clone is no step of the plan.
func TestClone(t *testing.T) {
	for _, c := range []struct {
		new   spec.Namespaces
		errno unix.Errno
		want  string
	}{
		{spec.All, unix.EAGAIN, "cannot create a user namespace: resource temporarily unavailable\ncause: " + noProcesses},
		{spec.All &^ spec.User, unix.EAGAIN, "cannot create namespaces: resource temporarily unavailable\ncause: " + noProcesses},
		{spec.All, unix.EINVAL, "cannot create a user namespace: invalid argument"},
	} {
		s := sandbox()
		s.New = c.new
		m := Explain(&launch.Failure{Call: plan.Call{Nr: unix.SYS_CLONE3, Why: plan.WhyNamespaces}, Step: -1, Errno: c.errno}, s)
		if got := text(m, "/no/directory"); !strings.HasPrefix(got, c.want) {
			t.Errorf("%v: %s, want %s", c.errno, got, c.want)
		}
	}
}
