package mounts

import (
	"box/internal/pathname"
	"box/plan"
	"box/spec"

	"golang.org/x/sys/unix"
)

// makeDir makes a directory; one that exists stays as it is. No umask takes away of its permissions: it is 0 while
// the tree is built.
func (t *tree) makeDir(e *spec.Entry) {
	path := spec.Relative(e.Dest)
	if path == "" {
		return
	}
	parent, leaf := t.parent(e.Dest)
	t.b.Mkdirat(plan.WhyLeaf, parent, t.b.String(leaf), e.Perms)
	t.b.Ignoring(unix.EEXIST)
	// It must be a directory; what is open here is closed with the rest.
	t.b.OpenInRoot(plan.WhyPlace, plan.Root, t.b.String(path), unix.O_PATH|unix.O_DIRECTORY|t.lastPart(), 0)
	t.b.Last().When = uint8(unix.EEXIST)
}

// makeFile writes a file. It does not wait for the other side of a pipe that lies there.
// A FIFO without a reader fails (ENXIO, see open(2)). What is there is overwritten, and keeps its mode.
func (t *tree) makeFile(e *spec.Entry) {
	// Only for the directories: the file is opened from the root, since it may be a link to another place inside.
	t.parent(e.Dest)
	path := t.b.String(spec.Relative(e.Dest))
	// O_NOCTTY: a terminal that lies there must not become that of pid 1's session.
	const flags = unix.O_WRONLY | unix.O_CREAT | unix.O_TRUNC | unix.O_NONBLOCK | unix.O_NOCTTY
	fd := t.b.OpenInRoot(plan.WhyLeaf, plan.Root, path, flags|t.lastPart(), uint64(e.Perms))
	t.b.Write(plan.WhyContent, fd, t.b.Bytes(e.Data), len(e.Data))
	t.b.Close(fd)
}

// data binds entry i, a file of the base: it can't be renamed or removed in the sandbox.
//
// A mount point is busy (EBUSY) for those in its mount namespace. Read-only is an attribute of the mount, so the file
// may be written here first. What a Source has comes after the first Head bytes of Data.
func (t *tree) data(i int) {
	b, e := t.b, &t.s.Tree[i]
	name, _ := b.Text("%d", uint64(i))
	fd := b.Openat(plan.WhyContent, plan.Base, name, unix.O_WRONLY|unix.O_CREAT|unix.O_EXCL|unix.O_NOFOLLOW, e.Perms)
	if e.Head > 0 {
		b.Write(plan.WhyContent, fd, b.Bytes(e.Data[:e.Head]), e.Head)
	}
	if e.Source != "" {
		b.CopyFile(plan.WhyContent, fd, b.String(e.Source))
	}
	if rest := e.Data[e.Head:]; len(rest) > 0 {
		b.Write(plan.WhyContent, fd, b.Bytes(rest), len(rest))
	}
	b.Close(fd)
	// The clone is a mount of this one file. Its attributes are its own, and the base stays writable.
	source := b.OpenTree(plan.WhyContent, plan.Base, name)
	b.MountSetattr(plan.WhyAttributes, source, attributes(e), t.propagation(), true)
	if e.There {
		t.attach(source, t.there(e))
		return
	}
	t.attach(source, t.point(e.Dest, false, 0, 0o444))
}

// symlink makes a symbolic link, if the same is not there. One that box itself adds gives way to whatever is there.
// The target is not looked at: it is resolved in the sandbox, when somebody follows it.
func (t *tree) symlink(e *spec.Entry) {
	parent, leaf := t.parent(e.Dest)
	target, name := t.b.String(e.Source), t.b.String(leaf)
	if e.Try {
		t.b.Symlinkat(plan.WhyLink, target, parent, name)
		t.b.Ignoring(unix.EEXIST)
	} else {
		t.b.SymlinkatOnce(target, len(e.Source), parent, name)
	}
}

// chmod sets the mode of what is there, links followed inside the root. A link itself has no mode (EOPNOTSUPP).
// The descriptor is for the place only (O_PATH), so that nothing is opened: no device, and no FIFO that waits.
func (t *tree) chmod(e *spec.Entry) {
	path := spec.Relative(e.Dest)
	if path == "" {
		// openat2(2) takes no empty path (ENOENT).
		path = "."
	}
	fd := t.b.OpenInRoot(plan.WhyPlace, plan.Root, t.b.String(path), unix.O_PATH|t.lastPart(), 0)
	t.b.ChmodOf(fd, e.Perms)
	t.b.Close(fd)
}

// readOnly makes one mount read-only. It is not recursive: what is mounted below keeps its attributes. The call fails
// with EINVAL if no mount is there.
func (t *tree) readOnly(e *spec.Entry) {
	attrs := uint64(unix.MOUNT_ATTR_RDONLY)
	if t.s.Mounts.RemountStrict {
		attrs |= unix.MOUNT_ATTR_NOSUID | unix.MOUNT_ATTR_NODEV
	}
	if spec.Relative(e.Dest) == "" {
		t.b.MountSetattr(plan.WhyAttributes, plan.Root, attrs, 0, false)
		return
	}
	fd := t.remounted(e.Dest)
	t.b.MountSetattr(plan.WhyAttributes, fd, attrs, 0, false)
	t.b.Close(fd)
}

// remounted opens the destination of a ReadOnly entry. Where it must not be a link, the directory that it lies in is opened first,
// and made if it is missing.
func (t *tree) remounted(dest string) plan.Reg {
	path := spec.Relative(dest)
	if _, leaf := pathname.Cut(path); t.plain(leaf) {
		parent, leaf := t.parent(dest)
		return t.b.OpenNoLinks(plan.WhyPlace, parent, t.b.String(leaf), true)
	}
	return t.b.OpenInRoot(plan.WhyPlace, plan.Root, t.b.String(path), unix.O_PATH, 0)
}
