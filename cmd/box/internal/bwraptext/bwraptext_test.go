package bwraptext

import (
	"os"
	"path/filepath"
	"testing"

	"box/launch"
	"box/plan"
	"box/spec"

	"golang.org/x/sys/unix"
)

// failed returns that of a call for the first entry of a tree.
func failed(why plan.Why, errno unix.Errno) *launch.Failure {
	return &launch.Failure{Call: plan.Call{Nr: unix.SYS_OPENAT2, For: spec.EntryRef(0), Why: why}, Errno: errno}
}

// The words are those of bubblewrap 0.13.1 for the same step: callers look for them.
func TestSentencesForEntries(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "f")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	bindDir := spec.Entry{Kind: spec.Bind, Source: dir, Dest: "/d"}
	bindFile := spec.Entry{Kind: spec.Bind, Source: file, Dest: "/d"}
	for _, c := range []struct {
		why   plan.Why
		errno unix.Errno
		entry spec.Entry
		want  string
	}{
		{plan.WhySource, unix.EACCES, bindDir, "Can't find source path " + dir + ": Permission denied"},
		{plan.WhyAbove, unix.EROFS, bindDir, "Can't mkdir parents for /d: Read-only file system"},
		{plan.WhyParent, unix.ENOENT, bindDir, "Can't mkdir parents for /d: No such file or directory"},
		{plan.WhyParent, unix.ENOTDIR, bindFile, "Can't mkdir parents for /d: Not a directory"},
		{plan.WhyLeaf, unix.EACCES, bindDir, "Can't create file /d: Permission denied"},
		{plan.WhyLeaf, unix.EACCES, bindFile, "Can't create file /d: Permission denied"},
		{
			plan.WhyLeaf, unix.ELOOP,
			spec.Entry{Kind: spec.File, Dest: "/d"},
			"Can't create file /d: Too many levels of symbolic links",
		},
		{plan.WhyPlace, unix.ELOOP, bindDir, "Can't mount on symlink destination /d"},
		{plan.WhyPlace, unix.ENOTDIR, spec.Entry{Kind: spec.Dir, Dest: "/d"}, "Destination is not a directory /d"},
		{plan.WhyEnter, unix.ENOTDIR, spec.Entry{Kind: spec.Tmpfs, Dest: "/d"}, "Destination is not a directory /d"},
		{plan.WhyMisplaced, unix.EISDIR, bindFile, "Destination is not a file /d"},
		// A mount that is refused is told as that, and only of a destination of the wrong type that it has the wrong type.
		{plan.WhyAttach, unix.ENOTDIR, bindDir, "Destination is not a directory /d"},
		{plan.WhyAttach, unix.EINVAL, bindFile, "Destination is not a file /d"},
		{
			plan.WhyAttach, unix.EPERM, bindDir,
			"Can't bind mount " + dir + " on /d: Unable to mount source on destination: Operation not permitted",
		},
		{
			plan.WhyAttach, unix.ENOSPC, bindDir,
			"Can't bind mount " + dir + " on /d: Unable to mount source on destination: Limit exceeded (ENOSPC). " +
				"(Hint: Check that /proc/sys/fs/mount-max is sufficient, typically 100000)",
		},
		{plan.WhyAttach, unix.ENOENT, bindDir, "Can't find source path " + dir + ": No such file or directory"},
		{
			plan.WhyAttributes, unix.EPERM, bindDir,
			"Can't bind mount " + dir + ` on /d: mount_setattr() failed at "/d": Operation not permitted`,
		},
		{
			plan.WhyMount, unix.EPERM,
			spec.Entry{Kind: spec.Proc, Dest: "/proc"},
			"Can't mount proc on /proc: Operation not permitted",
		},
		{
			plan.WhyMount, unix.EPERM,
			spec.Entry{Kind: spec.Mqueue, Dest: "/q"},
			"Can't mount mqueue on /q: Operation not permitted",
		},
		{
			plan.WhyAttributes, unix.EINVAL,
			spec.Entry{Kind: spec.ReadOnly, Dest: "/d"},
			`Can't remount readonly on /d: mount_setattr() failed at "/newroot/d": Invalid argument`,
		},
		{
			plan.WhyPlace, unix.ENOENT,
			spec.Entry{Kind: spec.ReadOnly, Dest: "/d"},
			"Can't create file /d: No such file or directory",
		},
		{
			plan.WhyPlace, unix.ENOENT,
			spec.Entry{Kind: spec.Chmod, Dest: "/d", Perms: 0o700},
			"Can't open /d: No such file or directory",
		},
		{
			plan.WhyMode, unix.EPERM,
			spec.Entry{Kind: spec.Chmod, Dest: "/d", Perms: 0o700},
			"Can't chmod 0700 /d: Operation not permitted",
		},
		{
			plan.WhyContent, unix.ENOSPC,
			spec.Entry{Kind: spec.File, Dest: "/d"},
			"Can't write data to file /d: No space left on device",
		},
		{
			plan.WhyThere, unix.EINVAL,
			spec.Entry{Kind: spec.Symlink, Dest: "/d"},
			"Can't make symlink at /d: destination exists and is not a symlink",
		},
		{
			plan.WhyHostname, unix.EPERM,
			spec.Entry{Kind: spec.Hostname, Source: "h"},
			"Can't set hostname to h: Operation not permitted",
		},
	} {
		s := &spec.Spec{Tree: []spec.Entry{c.entry}}
		if got := Of(failed(c.why, c.errno), s); got != c.want {
			t.Errorf("%s, reason %d, %v:\n%s, want\n%s", c.entry.Kind, c.why, c.errno, got, c.want)
		}
	}
}

func TestSentencesForTheRest(t *testing.T) {
	s := &spec.Spec{New: spec.User | spec.Mount, Command: spec.Command{File: "cmd", Dir: "/x"}, IDs: spec.IDs{UID: 7}}
	s.Life.Locks = []string{"/l"}
	for _, c := range []struct {
		call  plan.Call
		errno unix.Errno
		want  string
	}{
		{
			plan.Call{Why: plan.WhyNamespaces},
			unix.EINVAL,
			"Creating new namespace failed, likely because the kernel does not support user namespaces.",
		},
		{
			plan.Call{Why: plan.WhyNamespaces},
			unix.EAGAIN,
			"Creating new namespace failed: Resource temporarily unavailable",
		},
		{
			plan.Call{Why: plan.WhyJoin, For: spec.JoinPID},
			unix.EPERM,
			"Setting pidns failed: Operation not permitted",
		},
		{plan.Call{Why: plan.WhyUID}, unix.EINVAL, "unable to switch to uid 7: Invalid argument"},
		{
			plan.Call{Why: plan.WhyIDMap, For: spec.Identity},
			unix.EPERM,
			"setting up uid map: Operation not permitted",
		},
		{plan.Call{Why: plan.WhyNetwork}, unix.EPERM, "loopback: Failed RTM_NEWADDR: Operation not permitted"},
		{
			plan.Call{Why: plan.WhyLock, For: spec.LockRef(0)},
			unix.EAGAIN,
			"Unable to lock file /l: Resource temporarily unavailable",
		},
		{
			plan.Call{Why: plan.WhyLockFile, For: spec.LockRef(0)},
			unix.ENOENT,
			"Unable to open lock file /l: No such file or directory",
		},
		{plan.Call{Why: plan.WhyDir}, unix.ENOENT, "Can't chdir to /x: No such file or directory"},
		{plan.Call{Why: plan.WhySearch}, unix.ENOENT, "execvp cmd: No such file or directory"},
		{plan.Call{Why: plan.WhyTie, Nr: unix.SYS_PRCTL}, unix.EPERM, "prctl: Operation not permitted"},
	} {
		if got := Of(&launch.Failure{Call: c.call, Errno: c.errno}, s); got != c.want {
			t.Errorf("reason %d, %v:\n%s, want\n%s", c.call.Why, c.errno, got, c.want)
		}
	}
}

// What is in the place of a link was made by anybody.
func TestWhatIsFoundCantSteerATerminal(t *testing.T) {
	f := failed(plan.WhyTarget, unix.EEXIST)
	f.Text = "a\x1b[31m{dest}\n"
	s := &spec.Spec{Tree: []spec.Entry{{Kind: spec.Symlink, Dest: "/d"}}}
	if got, want := Of(f, s), "Can't make symlink at /d: existing destination is a?[31m{dest}?"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
