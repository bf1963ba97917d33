package bwraptext

import (
	"strings"

	"box/mounts"
	"box/spec"

	"golang.org/x/sys/unix"
)

// missing is for what has to be there, and is not, under any name.
const missing = "Can't create file {dest}: {reason}"

// places are for a destination that can't be opened. A link as the destination
// is ELOOP.
var places = []rule{
	{kind: spec.Chmod, text: "Can't open {dest}: {reason}"},
	{errno: unix.ENOTDIR, kind: spec.Dir, text: "Destination is not a directory {dest}"},
	{errno: unix.ELOOP, text: "Can't mount on symlink destination {dest}"},
	{text: missing},
}

// misplaced are for a destination that is wrong by its spelling alone. A slash
// at its end makes a destination a directory's name.
var misplaced = []rule{
	{kind: spec.Symlink, text: "Can't make symlink at {dest}: destination exists and is not a symlink"},
	{kind: spec.File, text: "Can't create file {dest}: {reason}"},
	{text: "Destination is not a file {dest}"},
}

// attachments are for what can't be put onto its destination. move_mount(2)
// says ENOTDIR or EINVAL for a directory on a file and a file on a directory.
// The lines for unlike types come before those for binds in general.
var attachments = []rule{
	{errno: unix.ENOENT, kind: spec.Bind, text: "Can't find source path {source}: {reason}"}, // it has been removed
	{only: unlikeFile, text: "Destination is not a file {dest}"},
	{only: unlike, text: "Destination is not a directory {dest}"},
	{
		errno: unix.ENOSPC, kind: spec.Bind,
		text: "Can't bind mount {source} on {dest}: Unable to mount source on destination: " + limitExceeded,
	},
	{kind: spec.Bind, text: "Can't bind mount {source} on {dest}: Unable to mount source on destination: {reason}"},
	{errno: unix.ENOSPC, text: "Can't mount {kind} on {dest}: " + limitExceeded},
	{text: "Can't mount {kind} on {dest}: {reason}"},
}

// limitExceeded is ENOSPC of a mount. The hint is part of the sentence: it is
// the number of mounts in a mount namespace that is exceeded.
const limitExceeded = "Limit exceeded (ENOSPC). (Hint: Check that /proc/sys/fs/mount-max is sufficient, typically 100000)"

// unlike reports whether a destination is of another type than what is to be put onto it.
func unlike(t *told) bool { return t.Errno == unix.ENOTDIR || t.Errno == unix.EINVAL }

// unlikeFile is unlike for a file. The source is what counts: a file can't be
// put onto a directory.
func unlikeFile(t *told) bool { return unlike(t) && becomesFile(t) }

// fileSystems are for one that can't be mounted. An overlay has a sentence with
// all of its options.
var fileSystems = []rule{
	{kind: spec.Overlay, say: overlay},
	{errno: unix.ENOSPC, text: "Can't mount {kind} on {dest}: " + limitExceeded},
	{text: "Can't mount {kind} on {dest}: {reason}"},
}

// attributes are for a mount that can't become what it has to be. EINVAL of
// mount_setattr(2) says that the destination is not a mount's root. /newroot is
// where bubblewrap has the new root while it builds the tree.
var attributes = []rule{
	{kind: spec.ReadOnly, text: `Can't remount readonly on {dest}: mount_setattr() failed at "/newroot{path}": {reason}`},
	{kind: spec.Bind, text: `Can't bind mount {source} on {dest}: mount_setattr() failed at "{dest}": {reason}`},
	{text: "Can't mount {kind} on {dest}: {reason}"},
}

// overlay tells the mount options with the paths of the layers: the options
// themselves hold descriptors. The layers are in the order of the option, the
// uppermost first.
func overlay(t *told) string {
	e := t.e
	options := "lowerdir="
	if e.Source != "" {
		options = "upperdir=" + mounts.Absolute(e.Source) + ",workdir=" + mounts.Absolute(e.Work) + ",lowerdir="
	} else if !e.RO {
		options = "upperdir=/tmp-overlay-upper-0,workdir=/tmp-overlay-work-0,lowerdir="
	}
	for i := len(e.Layers) - 1; i >= 0; i-- {
		options += mounts.Absolute(e.Layers[i]) + strings.Repeat(":", min(i, 1))
	}
	reason := Reason(t.Errno)
	// The kernel says ELOOP where a layer lies in another one.
	if t.Errno == unix.ELOOP {
		reason = "Overlay directories may not overlap"
	}
	return "Can't make overlay mount on " + e.Dest + " with options " + options + ",userxattr: " + reason
}
