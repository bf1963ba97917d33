package mounts

import (
	"box/internal/early"
	"box/plan"
	"box/spec"

	"golang.org/x/sys/unix"
)

// sources clones all sources into consecutive registers, with the attributes that their mounts will have.
//
// share and findOwn come first: the one says below which directories links are not followed, the other asks whether
// there are any.
func (t *tree) sources() error {
	cloned, most := 0, descriptors()
	was := t.b.Whom()
	t.share()
	t.findOwn()
	for i := range t.s.Tree {
		e := &t.s.Tree[i]
		if e.Kind == spec.Overlay {
			n, err := t.layers(i)
			if err != nil {
				return err
			}
			cloned += n
			continue
		}
		source, is := sourceOf(e, t.s)
		if !is {
			continue
		}
		t.b.For(spec.EntryRef(i))
		if namesDescriptor(source) {
			early.Ordinary() // the plan could not be made once more for the message of a failure: it is closed by then
		}
		path := t.b.String(source)
		file, errno := plan.Identify(path)
		if errno == unix.ENOENT && e.Volume {
			file.Mode, errno = unix.S_IFDIR, 0
		}
		if errno != 0 {
			if e.Try && gone(errno) {
				continue
			}
			return plan.Missing(spec.EntryRef(i), source, errno)
		}
		t.found[i] = aFile
		if err := t.leadsToOwn(i, file, source); err != nil && !e.Volume {
			return err
		}
		if file.Mode&unix.S_IFMT == unix.S_IFDIR {
			t.found[i] = directory
		}
		if cloned++; cloned > most && t.canWait(i) {
			t.found[i] |= late
			continue
		}
		t.source[i] = t.b.Fresh()
		first := len(t.b.Inside)
		t.clone(i, path)
		if t.mayVanish(i) {
			t.b.MayFail(first, absences[:]...)
		}
		t.b.MountSetattr(plan.WhyAttributes, t.source[i], attributes(e), t.propagation(), true)
		if t.mayVanish(i) {
			t.b.Last().When = plan.Done
		}
	}
	t.b.For(was)
	return nil
}

// namesDescriptor reports whether a path leads to what a descriptor of the process has open.
func namesDescriptor(path string) bool {
	return spec.Within(path, "/proc/self/fd") || spec.Within(path, "/dev/fd")
}

// clone clones the source of entry i, which is at path. Nobody's link may lead out of what is bound writable: a program that
// ran in a sandbox may have put it there for this one.
func (t *tree) clone(i int, path plan.Ptr) {
	e, r := &t.s.Tree[i], t.source[i]
	if e.Here {
		// The working directory is that of the caller, which a process has by descriptor, and ".." is no link: a program that
		// exchanges a directory on its path and a link, see renameat2(2), leads nowhere.
		t.b.OpenTreeTo(plan.WhySource, r, plan.Cwd, path)
		t.same(e, r)
		return
	}
	dir, rest := t.writableAbove(e.Source)
	if e.Below != "" && (dir == "" || len(Spelled(e.Below)) < len(dir)) {
		dir, rest = e.Below, spec.Relative(e.Source[len(e.Below):])
	}
	switch {
	case dir != "":
		fd := t.b.Reg()
		t.openBelow(fd, dir, rest)
		t.b.OpenTreeOf(plan.WhySource, r, fd)
		t.b.Close(fd)
	default:
		t.b.OpenTreeTo(plan.WhySource, r, plan.Cwd, path)
	}
	t.same(e, r)
}

// openBelow opens rest below dir, without links, into r.
func (t *tree) openBelow(r plan.Reg, dir, rest string) {
	above := t.b.Openat(plan.WhySource, plan.Cwd, t.b.String(dir), unix.O_PATH, 0)
	t.b.OpenNoLinksTo(plan.WhySource, r, above, t.b.String(rest), true)
	t.b.Close(above)
}

// same makes sure that r is what the entry's descriptor names: that could not be cloned itself, as it belongs to the caller's
// mount namespace. Or it is the file that was looked at, if somebody could have moved it meanwhile.
func (t *tree) same(e *spec.Entry, r plan.Reg) {
	if e.Ino != 0 {
		t.b.IsFile(plan.WhySame, r, e.Dev, e.Ino)
	}
	if e.FD.Given() {
		t.b.SameFile(plan.WhySame, r, e.FD.Number())
	}
}

// propagation returns the MS_* flag for binds. In a user namespace of its own they are slaves of the host's to begin with.
// A private mount takes no part in what happens on the host. 0 leaves the propagation as it is.
func (t *tree) propagation() uint64 {
	if t.s.Mounts.Propagation {
		return 0
	}
	return unix.MS_PRIVATE
}

// sourceOf returns the path on the host that the entry binds, if it does.
func sourceOf(e *spec.Entry, s *spec.Spec) (source string, is bool) {
	switch {
	case e.Kind == spec.Bind:
		return e.Source, true
	case e.Kind == spec.Proc && s.Callers(spec.PID):
		return "/proc", true // a fresh one shows only a pid namespace of one's own
	}
	return "", false
}

// attributes returns the MOUNT_ATTR_* bits of a bind.
// Nosuid always: no_new_privs keeps set-user-ID programs from having an effect for the command, and this for whoever
// else enters the mount namespace. Nodev unless asked for: the mount is the host's, so that its device files would
// work.
func attributes(e *spec.Entry) uint64 {
	attrs := uint64(unix.MOUNT_ATTR_NOSUID)
	if e.RO {
		attrs |= unix.MOUNT_ATTR_RDONLY
	}
	if !e.Devices {
		attrs |= unix.MOUNT_ATTR_NODEV
	}
	return attrs
}
