package failure

import (
	"fmt"
	"os"
	"path"
	"strings"

	"box/cmd/box/internal/say"
	"box/internal/host"
	"box/internal/kernel"
	"box/launch"
	"box/mounts"
	"box/plan"
	"box/spec"

	"golang.org/x/sys/unix"
)

// explainEntry is for a step in the building of the tree.
func explainEntry(m *say.Message, f *launch.Failure, e *spec.Entry, s *spec.Spec) {
	words, reason := e.Origin.String(), Reason(f.Errno)
	if e.Origin.Words == nil {
		words = e.Kind.String() + " " + e.Dest // what box adds by itself
	}
	m.Headline = fmt.Sprintf("%s: %s", words, reason)
	switch f.Call.Nr {
	case plan.Fail:
		m.Headline = fmt.Sprintf("%s: a file's name can't end in a slash", words)
	case plan.Equal:
		m.Headline = fmt.Sprintf("%s: %s is not what descriptor %d names any more", words, e.Source, e.FD.Number())
	case plan.Differ:
		m.Headline = fmt.Sprintf("%s: %s leads through links to the root itself", words, e.Dest)
	case unix.SYS_OPEN_TREE:
		explainSource(m, f, e, words)
	case unix.SYS_OPENAT2:
		explainDest(m, f, e, s, words)
		explainPlanted(m, f, e, words)
	case plan.State:
		explainState(m, f, s, words)
	case plan.Claim:
		explainDest(m, f, e, s, words)
		if f.Errno == unix.EWOULDBLOCK {
			m.Headline = fmt.Sprintf("%s: somebody holds a lock on %s, which another sandbox has made", words, e.Dest)
		}
	case unix.SYS_MKDIRAT, unix.SYS_MKNODAT, unix.SYS_SYMLINKAT, unix.SYS_READLINKAT, plan.Same:
		explainDest(m, f, e, s, words)
	case unix.SYS_MOVE_MOUNT, unix.SYS_MOUNT, unix.SYS_FSOPEN, unix.SYS_FSCONFIG, unix.SYS_FSMOUNT:
		explainMount(m, f, e, words)
	case unix.SYS_MOUNT_SETATTR:
		if f.Errno == unix.EINVAL && e.Kind == spec.ReadOnly {
			m.Headline = fmt.Sprintf("%s: nothing is mounted there", words)
		}
	case unix.SYS_WRITE:
		if f.Errno == unix.ENOSPC {
			m.Headline = fmt.Sprintf("%s: the data does not fit into the tmpfs it is written to", words)
		}
	case unix.SYS_SETHOSTNAME:
		if f.Errno == unix.EPERM && !s.New.Has(spec.UTS) {
			m.Headline = fmt.Sprintf("%s: the host name is the caller's, with --share-uts", words)
		}
	}
	if f.Errno == unix.ENOSYS {
		m.Headline = fmt.Sprintf("%s: this kernel has no %s", words, f.Call.Name())
		m.Cause = kernel.Needs()
	}
}

// explainSource is for a source that can't be cloned.
func explainSource(m *say.Message, f *launch.Failure, e *spec.Entry, words string) {
	switch f.Errno {
	case unix.EMFILE:
		m.Headline = fmt.Sprintf("%s: too many binds for the limit of open descriptors", words)
		m.Hint = "each bind needs a descriptor for a moment: ulimit -Hn shows the limit"
	case unix.ENOSPC:
		m.Headline = fmt.Sprintf("%s: too many mounts", words)
		m.Cause = "fs.mount-max is " + kernel.Sysctl("fs/mount-max")
	case unix.ENOENT:
		source := e.Source
		if !e.Brings() {
			source = f.Call.Path()
		}
		m.Headline = fmt.Sprintf("%s: %s", words, missingHere(source))
	}
}

// explainPlanted is for a source below something that is bound writable: links in it are not followed.
func explainPlanted(m *say.Message, f *launch.Failure, e *spec.Entry, words string) {
	path := f.Call.Path()
	if f.Errno != unix.ELOOP || path == spec.Relative(e.Dest) {
		return
	}
	for _, source := range append(e.Sources(), e.Work) {
		if source != "" && strings.HasSuffix(mounts.Spelled(source), path) {
			if e.Below != "" {
				m.Headline = fmt.Sprintf("%s: %s leads through a link by now, and no flag names it", words, source)
				return
			}
			m.Headline = fmt.Sprintf("%s: %s leads through a link below something that is bound writable", words, source)
			m.Hint = "bind what the link leads to by its own path"
			return
		}
	}
}

// explainDest is for a destination that can't be made or opened.
func explainDest(m *say.Message, f *launch.Failure, e *spec.Entry, s *spec.Spec, words string) {
	switch f.Errno {
	case unix.EROFS:
		if over, ok := coveringBind(s, e); ok {
			m.Headline = fmt.Sprintf("%s: %s is read-only in the sandbox (%s)", words, over.Dest, over.Origin)
		}
	case unix.EACCES, unix.EPERM:
		m.Headline = fmt.Sprintf("%s: nothing may be made there: %s", words, Reason(f.Errno))
		if over, ok := coveringBind(s, e); ok {
			m.Cause = fmt.Sprintf("%s is the host's %s (%s), which this user may not write", over.Dest, over.Source, over.Origin)
		}
	case unix.EEXIST, unix.EINVAL: // the latter is readlinkat's: no link
		m.Headline = fmt.Sprintf("%s: there is something at %s already", words, e.Dest)
	case unix.ENOTDIR:
		m.Headline = fmt.Sprintf("%s: a part of %s is not a directory in the sandbox", words, e.Dest)
	case unix.ENOENT:
		m.Headline = fmt.Sprintf("%s: %s leads through a link to something that is not in the sandbox", words, e.Dest)
		if e.Kind == spec.Chmod || e.Kind == spec.ReadOnly {
			m.Headline = fmt.Sprintf("%s: %s does not exist in the sandbox", words, e.Dest)
		}
	case unix.ELOOP:
		m.Headline = fmt.Sprintf("%s: %s leads through links in a circle, or through /proc to a file outside", words, e.Dest)
	case unix.ENXIO:
		m.Headline = fmt.Sprintf("%s: %s is a pipe or a device", words, e.Dest)
	case unix.EISDIR:
		m.Headline = fmt.Sprintf("%s: %s is a directory", words, e.Dest)
	case unix.ENAMETOOLONG:
		m.Headline = fmt.Sprintf("%s: %s is too long a path", words, e.Dest)
	}
}

// explainMount is for what can't be put onto its destination.
func explainMount(m *say.Message, f *launch.Failure, e *spec.Entry, words string) {
	switch {
	case f.Errno == unix.ENOSPC:
		m.Headline = fmt.Sprintf("%s: too many mounts", words)
		m.Cause = "fs.mount-max is " + kernel.Sysctl("fs/mount-max")
	case e.Kind == spec.Bind && f.Errno == unix.ENOTDIR, e.Kind == spec.Bind && f.Errno == unix.EINVAL:
		if host.IsDir(e.Source) {
			m.Headline = fmt.Sprintf("%s: %s is a directory, and %s in the sandbox is a file", words, e.Source, e.Dest)
		} else {
			m.Headline = fmt.Sprintf("%s: %s is a file, and %s in the sandbox is a directory", words, e.Source, e.Dest)
		}
	case e.Kind == spec.Overlay:
		explainOverlay(m, f, e, words)
	case f.Errno == unix.ENOTDIR, f.Errno == unix.EINVAL && f.Call.Nr == unix.SYS_MOVE_MOUNT && e.Kind != spec.Data:
		m.Headline = fmt.Sprintf("%s: %s is not a directory", words, e.Dest)
	case e.Kind == spec.Proc && f.Errno == unix.EPERM:
		m.Headline = fmt.Sprintf("%s: a new /proc can't be mounted: %s", words, Reason(f.Errno))
		if kernel.ProcMasked() {
			m.Cause = "parts of this container's /proc are masked, and a new one would show them"
			m.Hint = "--ro-bind /proc /proc, or unmask /proc in the outer container"
		}
	case e.Kind == spec.Mqueue && f.Errno == unix.EPERM:
		m.Headline = fmt.Sprintf("%s: the message queues are the caller's, with --share-ipc", words)
	case e.Kind == spec.Dev && f.Errno == unix.ENOENT:
		m.Headline = fmt.Sprintf("%s: %s does not exist here", words, f.Call.Path())
	}
}

// explainOverlay is for layers that the kernel doesn't take.
func explainOverlay(m *say.Message, f *launch.Failure, e *spec.Entry, words string) {
	for _, source := range append(e.Sources(), e.Work) {
		if source != "" && !host.IsDir(source) {
			m.Headline = fmt.Sprintf("%s: %s is not a directory here", words, source)
			return
		}
	}
	switch f.Errno {
	case unix.ELOOP:
		m.Headline = words + ": its directories overlap"
	case unix.EPERM, unix.ENODEV:
		m.Cause = "this kernel has no overlays for user namespaces (Linux 5.11 is the first)"
	case unix.EINVAL:
		m.Cause = "a layer may not have other file systems mounted in it, and the directories for writes and work " +
			"must be two empty or former ones on the same file system"
	}
}

// coveringBind returns the bind that the destination of e lies in.
func coveringBind(s *spec.Spec, e *spec.Entry) (spec.Entry, bool) {
	for i := len(s.Tree) - 1; i >= 0; i-- {
		b := &s.Tree[i]
		if b != e && b.Kind.Mounts() && spec.Within(e.Dest, b.Dest) {
			return *b, b.Kind == spec.Bind
		}
	}
	return spec.Entry{}, false
}

// missingHere says what of path is missing on the host: it, or what a link leads to.
func missingHere(name string) string {
	if target, err := os.Readlink(name); err == nil {
		return fmt.Sprintf("%s is a link to %s, which does not exist here", name, target)
	}
	return name + " does not exist here"
}

// closedDir returns the first directory on the way to name that may not be searched, or "".
func closedDir(name string) string {
	for dir := path.Dir(path.Clean(name)); ; dir = path.Dir(dir) {
		var st unix.Stat_t
		if unix.Stat(dir, &st) == nil {
			return dir
		}
		if dir == "/" || dir == "." {
			return ""
		}
	}
}
