package launch

import (
	"errors"
	"fmt"
	"strings"

	"box/mounts"
	"box/plan"
	"box/spec"

	"golang.org/x/sys/unix"
)

// CText returns an error as strerror(3) has it: with a capital letter.
func CText(err error) string {
	text := because(err)
	return strings.ToUpper(text[:1]) + text[1:]
}

// ExplainBwrap returns the message that bubblewrap has for an error of Compile, Start or Wait, without its prefix.
func ExplainBwrap(err error, s *spec.Spec) string {
	if h, ok := errors.AsType[*plan.HostError](err); ok {
		return fmt.Sprintf("Can't find source path %s: %s", h.Path, CText(h.Err))
	}
	f, ok := errors.AsType[*Failure](err)
	if !ok {
		return Explain(err, s).Headline
	}
	switch e := s.Entry(f.Call.For); {
	case f.Step < 0:
		return cloneText(f.Errno)
	case e != nil:
		return entryText(f, e)
	case f.Call.For == spec.Program:
		return fmt.Sprintf("execvp %s: %s", s.Command.File, CText(f.Errno))
	case f.Call.For == spec.Directory:
		return fmt.Sprintf("Can't chdir to %s: %s", s.Command.Dir, CText(f.Errno))
	}
	return setupText(f, s)
}

func cloneText(errno unix.Errno) string {
	switch errno {
	case unix.EINVAL:
		return "Creating new namespace failed, likely because the kernel does not support user namespaces.  " +
			"bwrap must be installed setuid on such systems."
	case unix.EPERM:
		return "No permissions to create a new namespace, likely because the kernel does not allow non-privileged user " +
			"namespaces. On e.g. debian this can be enabled with 'sysctl kernel.unprivileged_userns_clone=1'."
	case unix.ENOSPC:
		return "Creating new namespace failed: nesting depth or /proc/sys/user/max_*_namespaces exceeded (ENOSPC)"
	}
	return fmt.Sprintf("Creating new namespace failed: %s", CText(errno))
}

func setupText(f *Failure, s *spec.Spec) string {
	path := f.Call.Path()
	switch {
	case f.Call.For == spec.Identity:
		return fmt.Sprintf("setting up uid map: %s", CText(f.Errno))
	case f.Call.Nr == unix.SYS_IOCTL:
		return fmt.Sprintf("loopback: Failed RTM_NEWADDR: %s", CText(f.Errno))
	case f.Call.Nr == unix.SYS_PRCTL && f.Call.Args[0] == unix.PR_SET_SECCOMP && f.Errno == unix.EINVAL:
		return "Unable to set up system call filtering as requested: prctl(PR_SET_SECCOMP) reported EINVAL. " +
			"(Hint: this requires a kernel configured with CONFIG_SECCOMP and CONFIG_SECCOMP_FILTER.)"
	case f.Call.Nr == unix.SYS_FCNTL:
		return fmt.Sprintf("Unable to lock file: %s", CText(f.Errno))
	}
	for _, lock := range s.Life.Locks {
		if lock == path {
			return fmt.Sprintf("Unable to open lock file %s: %s", lock, CText(f.Errno))
		}
	}
	return fmt.Sprintf("%s: %s", f.Call.Name(), CText(f.Errno))
}

// entryText is for a step in the building of the tree.
func entryText(f *Failure, e *spec.Entry) string {
	reason := CText(f.Errno)
	last := f.Call.Path() == leaf(e.Dest) // else a directory above it
	switch {
	case f.Call.Nr == unix.SYS_OPEN_TREE:
		return fmt.Sprintf("Can't find source path %s: %s", e.Source, reason)
	case f.Call.Nr == unix.SYS_READLINKAT, f.Call.Nr == plan.Same: // 0.11 says what is there
		return fmt.Sprintf("Can't make symlink at %s: %s", e.Dest, CText(unix.EEXIST))
	case f.Call.Nr == unix.SYS_SYMLINKAT:
		return fmt.Sprintf("Can't make symlink at %s: %s", e.Dest, reason)
	case e.Kind == spec.Chmod:
		return fmt.Sprintf("Can't chmod %#o %s: %s", e.Perms, e.Dest, reason)
	case e.Kind == spec.ReadOnly && f.Call.Nr == unix.SYS_OPENAT2:
		return fmt.Sprintf("Can't remount readonly on /newroot/%s: realpath(destination): %s", spec.Relative(e.Dest), reason)
	case e.Kind == spec.ReadOnly:
		return fmt.Sprintf("Can't remount readonly on /newroot/%s: Unable to find \"/newroot/%s\" in mount table",
			spec.Relative(e.Dest), spec.Relative(e.Dest))
	case e.Kind == spec.Hostname:
		return fmt.Sprintf("Can't set hostname to %s: %s", e.Source, reason)
	case f.Call.Nr == unix.SYS_WRITE:
		return fmt.Sprintf("Can't write data to file %s: %s", e.Dest, reason)
	case f.Call.Nr == unix.SYS_MKNODAT:
		return fmt.Sprintf("Can't create file at %s: %s", e.Dest, reason)
	case f.Call.Nr == unix.SYS_MKDIRAT && last:
		return fmt.Sprintf("Can't mkdir %s: %s", e.Dest, reason)
	case e.Kind == spec.File && f.Call.Nr == unix.SYS_OPENAT2 && f.Call.Path() == spec.Relative(e.Dest):
		return fmt.Sprintf("Can't create file %s: %s", e.Dest, reason)
	case f.Call.Nr == unix.SYS_MKDIRAT || f.Call.Nr == unix.SYS_OPENAT2 && f.Call.Path() != spec.Relative(e.Dest):
		return fmt.Sprintf("Can't mkdir parents for %s: %s", e.Dest, reason)
	case f.Call.Nr == unix.SYS_MOVE_MOUNT && mounts.IsDir(e.Source):
		return fmt.Sprintf("Can't mkdir %s: %s", e.Dest, CText(unix.ENOTDIR))
	case f.Call.Nr == unix.SYS_MOVE_MOUNT:
		return fmt.Sprintf("Can't create file at %s: %s", e.Dest, CText(unix.EISDIR))
	case f.Call.Nr == unix.SYS_MOUNT:
		return fmt.Sprintf("Can't mount %s on /newroot%s: %s", e.Kind, e.Dest, reason)
	}
	return fmt.Sprintf("Can't mkdir %s: %s", e.Dest, reason)
}

func leaf(path string) string {
	path = spec.Relative(path)
	return path[strings.LastIndexByte(path, '/')+1:]
}
