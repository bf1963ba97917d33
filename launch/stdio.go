package launch

import (
	"strconv"
	"strings"

	"box/internal/early"
	"box/internal/host"
	"box/internal/pathname"
	"box/landlock"
	"box/plan"
	"box/spec"

	"golang.org/x/sys/unix"
)

// A file on 0, 1 or 2 that was opened for reading only could be opened for writing through /proc/self/fd. Where no Landlock domain
// forbids that, the command gets the same file through a mount of its own, which is read-only.

// replaced has the registers of what takes the place of 0, 1 and 2; plan.None is nothing.
type replaced [3]plan.Reg

// replaceStdio opens what takes the place of standard descriptors, while paths are the host's.
func replaceStdio(b *plan.Builder, s *spec.Spec) (r replaced) {
	if !s.Confine.Use {
		return r
	}
	for fd := range s.Life.Stdio {
		if d := &s.Life.Stdio[fd]; d.Kind == spec.RegularFile && d.Reads && !d.Writes && exposed(s, fd) {
			r[fd] = openReadOnly(b, fd)
		}
	}
	return r
}

// exposed reports whether the command could change the file on fd: there is no domain that keeps it, or the file lies in
// something that a rule lets be written.
func exposed(s *spec.Spec, fd int) bool {
	if !landlock.KeepsContent(landlock.Files(s)) {
		return true
	}
	root := s.Root()
	return root >= 0 && s.Tree[root].Kind == spec.Bind && bindsWritable(s) && belowWritable(s, fd)
}

// bindsWritable reports whether anything of the host is bound writable.
func bindsWritable(s *spec.Spec) bool {
	for i := range s.Tree {
		if e := &s.Tree[i]; e.Kind == spec.Bind && !e.RO {
			return true
		}
	}
	return false
}

// belowWritable reports whether the file on fd lies in what is bound writable, whatever the names are: Landlock compares inodes on
// the way from the file up.
//
//go:noinline
func belowWritable(s *spec.Spec, fd int) bool {
	early.Ordinary()
	path := pathOf(fd)
	for at := path; at != ""; at = path {
		path, _ = pathname.Cut(at)
		for i := range s.Tree {
			if e := &s.Tree[i]; e.Kind == spec.Bind && !e.RO && (host.Same(at, e.Source) || spec.Relative(e.Source) == "") {
				return true
			}
		}
	}
	return false
}

// pathOf returns the path of the file on fd, or "" if none leads to it by which the caller could read it: it was deleted, lies in a
// directory that can't be searched, or belongs to somebody else.
func pathOf(fd int) string {
	var buffer [unix.PathMax]byte
	link := "/proc/self/fd/" + strconv.Itoa(fd)
	path := strings.Clone(host.Readlink(link, buffer[:]))
	if !strings.HasPrefix(path, "/") || !host.Same(path, link) || unix.Access(path, unix.R_OK) != nil {
		return ""
	}
	return path
}

// openReadOnly opens the file on fd through a read-only mount, at the same offset, and sends it to the monitor, which sets the
// caller's offset by it at the end. A file without a path stays as it is.
//
//go:noinline
func openReadOnly(b *plan.Builder, fd int) plan.Reg {
	early.Ordinary()
	path := pathOf(fd)
	if path == "" {
		return plan.None
	}
	was := b.For(spec.Inherited)
	place := b.OpenNoLinks(plan.WhyStdio, plan.Cwd, b.String(path), false)
	b.SameFile(plan.WhyStdio, place, fd)
	mount := b.Reg()
	b.OpenTreeOf(plan.WhyStdio, mount, place)
	b.MountSetattr(plan.WhyStdio, mount, unix.MOUNT_ATTR_RDONLY|unix.MOUNT_ATTR_NOSUID|unix.MOUNT_ATTR_NODEV, 0, false)
	file := b.OpenAgain(plan.WhyStdio, mount, unix.O_RDONLY|unix.O_NOCTTY)
	b.SeekAs(file, fd)
	b.SendStdio(fd, file)
	b.Close(mount)
	b.Close(place)
	b.For(was)
	return file
}

// place puts what was opened in the place of the command's descriptors.
func (r *replaced) place(b *plan.Builder) {
	for fd, file := range r {
		if file != plan.None {
			b.Dup(file, fd)
		}
	}
}
