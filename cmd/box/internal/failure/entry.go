package failure

import (
	"fmt"
	"strings"

	"box/cmd/box/internal/say"
	"box/internal/host"
	"box/internal/kernel"
	"box/mounts"
	"box/spec"

	"golang.org/x/sys/unix"
)

// sources are for a source that can't be cloned. ENOENT and ELOOP have been
// looked for when the plan was written: here they say that the source has
// changed since, or that a part of it is not followed.
var sources = []rule{
	{errno: unix.EMFILE, say: tooManyBinds},
	{errno: unix.ENOSPC, say: tooManyMounts},
	{errno: unix.ENOENT, say: gone},
	{errno: unix.ELOOP, say: planted},
}

// destinations are for a destination that can't be made or opened, and what
// lies above it. One table serves for all parts of a path: which part failed is
// known by the reason, but the user has typed the whole.
var destinations = []rule{
	{errno: unix.EROFS, say: readOnly},
	{errno: unix.EACCES, say: forbidden},
	{errno: unix.EPERM, say: forbidden},
	{errno: unix.EEXIST, text: "{words}: there is something at {dest} already"},
	{errno: unix.EINVAL, text: "{words}: there is something at {dest} already"}, // readlinkat(2): it is not a link
	{errno: unix.ENOTDIR, text: "{words}: a part of {dest} is not a directory in the sandbox"},
	{errno: unix.ENOENT, kind: spec.Chmod, text: "{words}: {dest} does not exist in the sandbox"},
	{errno: unix.ENOENT, kind: spec.ReadOnly, text: "{words}: {dest} does not exist in the sandbox"},
	{errno: unix.ENOENT, text: "{words}: {dest} leads through a link to something that is not in the sandbox"},
	{errno: unix.ELOOP, text: "{words}: {dest} leads through links in a circle, or through /proc to a file outside"},
	{errno: unix.ENXIO, text: "{words}: {dest} is a pipe or a device"},
	{errno: unix.EISDIR, text: "{words}: {dest} is a directory"},
	{errno: unix.ENAMETOOLONG, text: "{words}: {dest} is too long a path"},
	// Of a mount point that sandboxes share, see flock(2).
	{errno: unix.EWOULDBLOCK, text: "{words}: somebody holds a lock on {dest}, which another sandbox has made"},
}

// attachments are for what can't be put onto its destination. The kernel says
// ENOTDIR or EINVAL where a directory meets a file: move_mount(2) and mount(2)
// differ in it.
var attachments = []rule{
	{errno: unix.ENOSPC, say: tooManyMounts},
	{errno: unix.ENOTDIR, kind: spec.Bind, say: unlike},
	{errno: unix.EINVAL, kind: spec.Bind, say: unlike},
	{errno: unix.ENOTDIR, kind: spec.Data, text: "{words}: {dest} is a directory"},
	{errno: unix.EINVAL, kind: spec.Data, text: "{words}: {dest} is a directory"},
	{errno: unix.ENOTDIR, text: "{words}: {dest} is not a directory"},
	{errno: unix.EINVAL, text: "{words}: {dest} is not a directory"},
}

// fileSystems are for one that can't be mounted. What has no line is told with
// the errno, see otherwise.
var fileSystems = []rule{
	{errno: unix.ENOSPC, say: tooManyMounts},
	{kind: spec.Overlay, say: overlay},
	{errno: unix.EPERM, kind: spec.Proc, say: maskedProc},
	{errno: unix.EPERM, kind: spec.Mqueue, text: "{words}: the message queues are the caller's, with --share-ipc"},
}

// devices are for a device of the host, and what else lies in a new /dev.
var devices = []rule{
	{errno: unix.ENOSPC, say: tooManyMounts},
	{errno: unix.ENOENT, text: "{words}: {path} does not exist here"},
}

// tooManyBinds is for EMFILE. Sources beyond the limit are cloned when their
// turn comes, but the layers of one overlay have to be open together.
func tooManyBinds(t *told) *say.Message {
	return t.message("{words}: too many binds for the limit of open descriptors").
		Hintf("each bind needs a descriptor for a moment: ulimit -Hn shows the limit")
}

// tooManyMounts is for ENOSPC of a mount, which is about fs.mount-max and not
// about a disk.
func tooManyMounts(t *told) *say.Message {
	m := t.message("{words}: too many mounts")
	m.Cause = "fs.mount-max is " + kernel.Sysctl("fs/mount-max")
	return m
}

// gone is for a source that was there when it was looked for. Of an overlay it
// is the layer that the call is for.
func gone(t *told) *say.Message {
	name := t.e.Source
	if t.e.Kind != spec.Bind {
		name = t.Call.Path()
	}
	return t.message("{words}: {missing}", "{missing}", missingHere(name))
}

// planted is for a source below something that is bound writable: links in it
// are not followed. It returns nil if the call's path is not one of the entry's
// sources: then nothing is known of a link. Below is set for what no flag
// names, where the hint to bind it by its own path would be of no use.
func planted(t *told) *say.Message {
	path := t.Call.Path()
	for _, source := range append(t.e.Sources(), t.e.Work) {
		if source == "" || !strings.HasSuffix(mounts.Spelled(source), path) {
			continue
		}
		if t.e.Below != "" {
			return t.message("{words}: {it} leads through a link by now, and no flag names it", "{it}", source)
		}
		return t.message("{words}: {it} leads through a link below something that is bound writable", "{it}", source).
			Hintf("bind what the link leads to by its own path")
	}
	return nil
}

// readOnly is for a place in something that is bound read-only. It returns nil
// if nothing that is bound covers the place: then the file system itself is
// read-only.
func readOnly(t *told) *say.Message {
	over, ok := coveringBind(t.s, t.e)
	if !ok {
		return nil
	}
	return t.message("{words}: {over} is read-only in the sandbox ({flag})", "{over}", over.Dest, "{flag}", over.Origin.String())
}

// forbidden is for a place where the user may make nothing. The cause names the
// bind, since the mode that counts is that of the host's directory.
func forbidden(t *told) *say.Message {
	m := t.message("{words}: nothing may be made there: {reason}")
	if over, ok := coveringBind(t.s, t.e); ok {
		m.Cause = fmt.Sprintf("%s is the host's %s (%s), which this user may not write", over.Dest, over.Source, over.Origin)
	}
	return m
}

// uncovered is for what box keeps for itself, where a directory above it lets the user not through.
func uncovered(t *told) *say.Message {
	for i := range t.s.Mounts.Own {
		path := t.s.Mounts.Own[i].Path
		if path == "" {
			continue
		}
		if _, errno := host.Stat(path, unix.AT_SYMLINK_NOFOLLOW); errno == unix.EACCES {
			m := t.message("{words}: it has {own}, which can't be covered: {reason}", "{own}", path)
			m.Cause = "box keeps that for itself, and a directory above it is closed to this user"
			m.Hint = "XDG_STATE_HOME, XDG_RUNTIME_DIR and so on can name other directories"
			return m
		}
	}
	return nil
}

// unlike is for a directory on a file, or a file on a directory. The source is
// looked at now. If it has been exchanged since, the sentence is wrong in the
// same way as the user's view of it.
func unlike(t *told) *say.Message {
	if host.IsDir(t.e.Source) {
		return t.message("{words}: {source} is a directory, and {dest} in the sandbox is a file")
	}
	return t.message("{words}: {source} is a file, and {dest} in the sandbox is a directory")
}

// maskedProc is for a container whose /proc is not all there, see
// mount_too_revealing() in the kernel's fs/namespace.c. The kernel mounts a new
// procfs in a user namespace only if it shows no more than one that is there.
func maskedProc(t *told) *say.Message {
	m := t.message("{words}: a new /proc can't be mounted: {reason}")
	if kernel.ProcMasked() {
		m.Cause = "parts of this container's /proc are masked, and a new one would show them"
		m.Hint = "--ro-bind /proc /proc, or unmask /proc in the outer container"
	}
	return m
}

// noOverlays is the cause where there are no overlays.
const noOverlays = "this kernel has no overlays for user namespaces (Linux 5.11 is the first)"

// overlay is for layers that the kernel doesn't take. A source that is no
// directory is looked for first: the kernel does not say which of them it is.
func overlay(t *told) *say.Message {
	if t.e.Scratch {
		return scratchOverlay(t)
	}
	for _, source := range append(t.e.Sources(), t.e.Work) {
		if source != "" && !host.IsDir(source) {
			return t.message("{words}: {it} is not a directory here", "{it}", source)
		}
	}
	m := t.message("{words}: {reason}")
	switch t.Errno {
	case unix.ELOOP:
		return t.message("{words}: its directories overlap")
	case unix.EPERM, unix.ENODEV:
		m.Cause = noOverlays
	case unix.EINVAL:
		m.Cause = "a layer may not have other file systems mounted in it, and the directories for writes and work " +
			"must be two empty or former ones on the same file system"
	}
	return m
}

// callersName is for a host name that is not the sandbox's own. It returns nil
// if the UTS namespace is new: then EPERM has another cause.
func callersName(t *told) *say.Message {
	if !t.s.Callers(spec.UTS) {
		return nil
	}
	return t.message("{words}: the host name is the caller's, with --share-uts")
}

// coveringBind returns the bind that the destination of e lies in. The last
// entry counts, as it covers those before it. It returns false if that is no
// bind, and so not the host's.
func coveringBind(s *spec.Spec, e *spec.Entry) (spec.Entry, bool) {
	for i := len(s.Tree) - 1; i >= 0; i-- {
		b := &s.Tree[i]
		if b != e && b.Kind.Mounts() && spec.Within(e.Dest, b.Dest) {
			return *b, b.Kind == spec.Bind
		}
	}
	return spec.Entry{}, false
}
