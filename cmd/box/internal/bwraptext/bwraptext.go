// Package bwraptext has the sentences of bubblewrap for what has gone wrong in a sandbox: callers look for them.
package bwraptext

import (
	"errors"
	"fmt"
	"strings"
	"unicode"

	"box/cmd/box/internal/failure"
	"box/internal/early"
	"box/internal/host"
	"box/launch"
	"box/mounts"
	"box/plan"
	"box/spec"

	"golang.org/x/sys/unix"
)

// Reason returns an error as strerror(3) has it: with a capital letter.
//
//go:noinline
func Reason(err error) string {
	early.Ordinary()
	text := failure.Reason(err)
	return strings.ToUpper(text[:1]) + text[1:]
}

// Of returns the message that bubblewrap has for an error of Compile, Start or Wait, without its prefix.
func Of(err error, s *spec.Spec) string {
	if h, ok := errors.AsType[*plan.HostError](err); ok {
		if errors.Is(h.Err, unix.E2BIG) {
			return fmt.Sprintf("Can't make overlay mount on /newroot/%s: %s", spec.Relative(h.Path), Reason(h.Err))
		}
		return fmt.Sprintf("Can't find source path %s: %s", h.Path, Reason(h.Err))
	}
	f, ok := errors.AsType[*launch.Failure](err)
	if !ok {
		return failure.Explain(err, s).Headline
	}
	switch e := s.Entry(f.Call.For); {
	case f.Step < 0, f.Call.Nr == plan.Hop:
		return cloneText(f.Errno, s)
	case e != nil:
		return entryText(f, e)
	case f.Call.For == spec.Program:
		return fmt.Sprintf("execvp %s: %s", s.Command.File, Reason(f.Errno))
	case f.Call.For == spec.Directory:
		return fmt.Sprintf("Can't chdir to %s: %s", s.Command.Dir, Reason(f.Errno))
	}
	return setupText(f, s)
}

// misplacedText is for a destination that is wrong by its words alone.
func misplacedText(reason string, e *spec.Entry) string {
	switch e.Kind {
	case spec.Symlink:
		return fmt.Sprintf("Can't make symlink at %s: destination exists and is not a symlink", e.Dest)
	case spec.File:
		return fmt.Sprintf("Can't create file %s: %s", e.Dest, reason)
	}
	return fmt.Sprintf("Can't create file at %s: %s", e.Dest, reason)
}

func cloneText(errno unix.Errno, s *spec.Spec) string {
	switch user := s.New.Has(spec.User); {
	case user && errno == unix.EINVAL:
		return "Creating new namespace failed, likely because the kernel does not support user namespaces.  " +
			"bwrap must be installed setuid on such systems."
	case user && errno == unix.EPERM:
		return "No permissions to create a new namespace, likely because the kernel does not allow non-privileged user " +
			"namespaces. On e.g. debian this can be enabled with 'sysctl kernel.unprivileged_userns_clone=1'."
	case errno == unix.ENOSPC:
		return "Creating new namespace failed: nesting depth or /proc/sys/user/max_*_namespaces exceeded (ENOSPC)"
	}
	return fmt.Sprintf("Creating new namespace failed: %s", Reason(errno))
}

func setupText(f *launch.Failure, s *spec.Spec) string {
	switch lock := s.Lock(f.Call.For); {
	case f.Call.For == spec.JoinUser && f.Errno == unix.EINVAL:
		return "Joining the specified user namespace failed, it might not be a descendant of the current user namespace."
	case f.Call.For == spec.JoinUser:
		return fmt.Sprintf("Joining specified user namespace failed: %s", Reason(f.Errno))
	case f.Call.For == spec.JoinLast:
		return fmt.Sprintf("Setting userns2 failed: %s", Reason(f.Errno))
	case f.Call.For == spec.JoinPID:
		return fmt.Sprintf("Setting pidns failed: %s", Reason(f.Errno))
	case f.Call.Nr == unix.SYS_SETRESUID:
		return fmt.Sprintf("unable to switch to uid %d: %s", s.IDs.UID, Reason(f.Errno))
	case f.Call.Nr == unix.SYS_SETRESGID:
		return fmt.Sprintf("unable to switch to gid %d: %s", s.IDs.GID, Reason(f.Errno))
	case f.Call.Nr == plan.Fork:
		return fmt.Sprintf("Can't fork for pid 1: %s", Reason(f.Errno))
	case f.Call.Nr == plan.Fail:
		return "creation of new user namespaces was not disabled as requested"
	case f.Call.For == spec.Identity:
		return fmt.Sprintf("setting up uid map: %s", Reason(f.Errno))
	case f.Call.Nr == unix.SYS_IOCTL:
		return fmt.Sprintf("loopback: Failed RTM_NEWADDR: %s", Reason(f.Errno))
	case f.Call.Nr == unix.SYS_PRCTL && f.Call.Args[0] == unix.PR_SET_SECCOMP && f.Errno == unix.EINVAL:
		return "Unable to set up system call filtering as requested: prctl(PR_SET_SECCOMP) reported EINVAL. " +
			"(Hint: this requires a kernel configured with CONFIG_SECCOMP and CONFIG_SECCOMP_FILTER.)"
	case lock != "" && f.Call.Nr == unix.SYS_FCNTL:
		return fmt.Sprintf("Unable to lock file %s: %s", lock, Reason(f.Errno))
	case lock != "":
		return fmt.Sprintf("Unable to open lock file %s: %s", lock, Reason(f.Errno))
	}
	return fmt.Sprintf("%s: %s", f.Call.Name(), Reason(f.Errno))
}

// entryText is for a step in the building of the tree.
func entryText(f *launch.Failure, e *spec.Entry) string {
	reason := Reason(f.Errno)
	nr, last := step(f, e)
	switch {
	case nr == unix.SYS_OPEN_TREE:
		return fmt.Sprintf("Can't find source path %s: %s", e.Source, reason)
	case nr == unix.SYS_READLINKAT && f.Errno == unix.EINVAL:
		return fmt.Sprintf("Can't make symlink at %s: destination exists and is not a symlink", e.Dest)
	case nr == unix.SYS_READLINKAT:
		return fmt.Sprintf("Can't make symlink at %s: destination exists, and cannot read symlink target: %s", e.Dest, reason)
	case nr == plan.Same:
		return fmt.Sprintf("Can't make symlink at %s: existing destination is %s", e.Dest, harmless(f.Text))
	case nr == plan.Fail:
		return misplacedText(reason, e)
	case nr == plan.Equal:
		return fmt.Sprintf("Race condition binding dirfd: %s", reason)
	case e.Kind == spec.Overlay && nr == unix.SYS_MOUNT:
		return overlayText(f.Errno, e)
	case nr == unix.SYS_SYMLINKAT:
		return fmt.Sprintf("Can't make symlink at %s: %s", e.Dest, reason)
	case e.Kind == spec.Chmod:
		return fmt.Sprintf("Can't chmod %#o %s: %s", e.Perms, e.Dest, reason)
	case e.Kind == spec.ReadOnly && nr == unix.SYS_OPENAT2:
		return fmt.Sprintf("Can't remount readonly on /newroot/%s: realpath(destination): %s", spec.Relative(e.Dest), reason)
	case e.Kind == spec.ReadOnly:
		return fmt.Sprintf("Can't remount readonly on /newroot/%s: Unable to find \"/newroot/%s\" in mount table",
			spec.Relative(e.Dest), spec.Relative(e.Dest))
	case e.Kind == spec.Hostname:
		return fmt.Sprintf("Can't set hostname to %s: %s", e.Source, reason)
	case nr == unix.SYS_WRITE:
		return fmt.Sprintf("Can't write data to file %s: %s", e.Dest, reason)
	case nr == unix.SYS_MKNODAT && e.Kind == spec.File:
		return fmt.Sprintf("Can't create file %s: %s", e.Dest, reason)
	case nr == unix.SYS_MKNODAT:
		return fmt.Sprintf("Can't create file at %s: %s", e.Dest, reason)
	case nr == unix.SYS_MKDIRAT && last && !becomesFile(e):
		return fmt.Sprintf("Can't mkdir %s: %s", e.Dest, reason)
	case e.Kind == spec.File && nr == unix.SYS_OPENAT2 && f.Call.Path() == spec.Relative(e.Dest):
		return fmt.Sprintf("Can't create file %s: %s", e.Dest, reason)
	case nr == unix.SYS_MKDIRAT || nr == unix.SYS_OPENAT2 && f.Call.Path() != spec.Relative(e.Dest):
		return fmt.Sprintf("Can't mkdir parents for %s: %s", e.Dest, reason)
	case nr == unix.SYS_MOVE_MOUNT && f.Errno == unix.ENOENT && e.Kind == spec.Bind: // it has been removed
		return fmt.Sprintf("Can't find source path %s: %s", e.Source, reason)
	case nr == unix.SYS_MOVE_MOUNT && (e.Kind != spec.Bind && e.Kind != spec.Data || host.IsDir(e.Source)):
		return fmt.Sprintf("Can't mkdir %s: %s", e.Dest, Reason(unix.ENOTDIR))
	case nr == unix.SYS_MOVE_MOUNT:
		return fmt.Sprintf("Can't create file at %s: %s", e.Dest, Reason(unix.EISDIR))
	case nr == unix.SYS_MOUNT, nr == unix.SYS_FSCONFIG:
		return fmt.Sprintf("Can't mount %s on /newroot%s: %s", e.Kind, e.Dest, reason)
	}
	return fmt.Sprintf("Can't mkdir %s: %s", e.Dest, reason)
}

// harmless returns text without what could steer a terminal: who made the link may be anybody.
func harmless(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return '?'
		}
		return r
	}, text)
}

// step returns which call counts as failed, and whether it was for the destination itself and not for a directory above it. A
// link to nothing is a directory to bubblewrap until something is made in it.
func step(f *launch.Failure, e *spec.Entry) (nr uint16, last bool) {
	path, dest := f.Call.Path(), spec.Relative(e.Dest)
	above, _ := cutLast(dest)
	if f.Errno == unix.ENOENT && f.Call.Nr == unix.SYS_OPENAT2 && above != "" && path == above {
		if becomesFile(e) {
			return unix.SYS_MKNODAT, true
		}
		return unix.SYS_MKDIRAT, true
	}
	_, leaf := cutLast(dest)
	return f.Call.Nr, path == leaf
}

// becomesFile says whether what is made at the destination is no directory: those that are made for it are above it.
func becomesFile(e *spec.Entry) bool {
	return e.Kind == spec.File || e.Kind == spec.Data || e.Kind == spec.Bind && !host.IsDir(e.Source)
}

// overlayText tells the layers by their paths: the options themselves hold descriptors.
func overlayText(errno unix.Errno, e *spec.Entry) string {
	options := "lowerdir="
	if e.Source != "" {
		options = "upperdir=" + oldRoot(e.Source) + ",workdir=" + oldRoot(e.Work) + ",lowerdir="
	} else if !e.RO {
		options = "upperdir=/tmp-overlay-upper-0,workdir=/tmp-overlay-work-0,lowerdir="
	}
	for i := len(e.Layers) - 1; i >= 0; i-- {
		options += oldRoot(e.Layers[i]) + strings.Repeat(":", min(i, 1))
	}
	reason := Reason(errno)
	if errno == unix.ELOOP {
		reason = "Overlay directories may not overlap"
	}
	return fmt.Sprintf("Can't make overlay mount on /newroot/%s with options %s,userxattr: %s",
		spec.Relative(e.Dest), options, reason)
}

// oldRoot returns the real path of a source, as bubblewrap writes it in options.
func oldRoot(source string) string {
	return "/oldroot" + strings.NewReplacer(`\`, `\\`, ",", `\,`, ":", `\:`).Replace(mounts.Absolute(source))
}

// cutLast splits a path before its last part.
func cutLast(path string) (above, last string) {
	i := strings.LastIndexByte(path, '/')
	return path[:max(i, 0)], path[i+1:]
}
