package launch

import (
	"unsafe"

	"box/plan"

	"golang.org/x/sys/unix"
)

// maxBars bounds how many directories are covered for one mount.
const maxBars = 1000

// setattr is mount_setattr(2) for a kernel that has none (before 5.12): the mount that fd has open and, with AT_RECURSIVE, all
// that is mounted below it are looked up in the mount table and remounted, each with the flags that it has and those that attr,
// the address of a struct mount_attr, adds. It returns an errno.
//
//go:nosplit
//go:norace
//go:nocheckptr
func (m *machine) setattr(fd, flags, attr uintptr) uintptr {
	words := *(**[3]uint64)(unsafe.Pointer(&attr))
	recursive := flags&unix.AT_RECURSIVE != 0
	if propagation := uintptr(words[2]); propagation != 0 {
		if recursive {
			propagation |= unix.MS_REC
		}
		if errno := m.mountAgain(fd, propagation); errno != 0 { // else the host could mount something there while this goes on
			return errno
		}
	}
	t := &m.table
	t.want = uintptr(words[0]) & (unix.MS_RDONLY | unix.MS_NOSUID | unix.MS_NODEV | unix.MS_NOEXEC) // as MOUNT_ATTR_*
	id, errno := m.mountID(fd)
	for t.bars, t.stale = 0, true; errno == 0 && t.stale; {
		if errno = m.readTable(); errno != 0 {
			break
		}
		t.stale = false
		if t.bars > maxBars {
			errno = uintptr(unix.EBUSY)
			break
		}
		if !t.findTop(id) {
			errno = uintptr(unix.EINVAL)
			break
		}
		// First of all, and whatever it has: the kernel says if fd is not the root of a mount.
		lost := uintptr(words[1]) & unix.MS_RDONLY // the only one that is taken away, and from one mount
		if errno = m.mountAgain(fd, t.top.flags&^lost|t.want|unix.MS_REMOUNT|unix.MS_BIND); errno == 0 && recursive {
			errno = m.below(fd)
		}
	}
	m.dropTable()
	return errno
}

// detached reports whether the mount that register r has open is nowhere yet, and so in no table: it has to wait for
// its attributes. What is somewhere already is closed next.
//
//go:nosplit
//go:norace
//go:nocheckptr
func (m *machine) detached(r plan.Reg) bool {
	if !m.made(r) {
		return false // it is open by its place
	}
	for i := m.pc; i < m.n; i++ {
		switch c := m.at(i); {
		case c.In[0] == r && c.Nr == unix.SYS_MOVE_MOUNT:
			return true
		case c.In[0] == r && c.Nr == unix.SYS_CLOSE:
			return false
		}
	}
	// Its place has turned out to be none; or it is a file system that fsmount(2) has made to be looked at only.
	return m.at(m.pc-1).Nr != unix.SYS_FSMOUNT
}

// made reports whether register r has a new mount open, and not a place that has been looked up.
//
//go:nosplit
//go:norace
//go:nocheckptr
func (m *machine) made(r plan.Reg) bool {
	for i := m.pc; i > 0; {
		i--
		if c := m.at(i); c.Out == r {
			return c.Nr == unix.SYS_OPEN_TREE || c.Nr == unix.SYS_FSMOUNT
		}
	}
	return false
}

// setattrOf is setattr for the mount of a call that does not wait. A clone that is put nowhere is in no mount table: it
// lies on what it was cloned from while it gets its attributes, which it keeps.
//
//go:nosplit
//go:norace
//go:nocheckptr
func (m *machine) setattrOf(c *plan.Call) uintptr {
	fd, on := m.args[0], plan.None
	for i := m.pc - 1; i > 0 && on == plan.None; {
		i--
		if from := m.at(i); from.Out == c.In[0] {
			if from.Nr != unix.SYS_OPEN_TREE || from.In[0] == plan.None {
				break
			}
			on = from.In[0]
		}
	}
	errno := m.setattr(fd, m.args[2], m.args[3])
	if errno != uintptr(unix.EINVAL) || on == plan.None {
		return errno
	}
	if errno = errnoOf(m.moveStaged(fd, *m.reg(on))); errno != 0 {
		return errno
	}
	errno = m.setattr(fd, m.args[2], m.args[3])
	away, is := failed(sys(unix.SYS_UMOUNT2, m.pathOf(fd), unix.MNT_DETACH, 0, 0, 0, 0))
	if is && errno == 0 {
		errno = away
	}
	return errno
}

// attached sets the attributes of a mount that has waited for them: register r has it open as fd, and a call before this one
// wanted to set them.
//
//go:nosplit
//go:norace
//go:nocheckptr
func (m *machine) attached(r plan.Reg, fd uintptr) {
	for i := m.pc - 1; i > 0; {
		i--
		c := m.at(i)
		if c.Out == r {
			return
		}
		if c.In[0] == r && c.Nr == unix.SYS_MOUNT_SETATTR {
			if errno := m.setattr(fd, c.Args[2], c.Args[3]); errno != 0 {
				m.fail(i, errno)
			}
			return
		}
	}
}

// below remounts what is mounted below top, which is open as fd. The line of a mount can come before that of the one it is
// mounted on: then the table is gone through once more.
//
//go:nosplit
//go:norace
//go:nocheckptr
func (m *machine) below(fd uintptr) uintptr {
	t := &m.table
	t.ids[0], t.nids = uint32(t.top.id), 1
	for known := uintptr(0); known < t.nids && !t.stale; {
		known = t.nids
		for at := t.text; at < t.text+t.size && !t.stale; {
			at = t.line.parse(at)
			if t.has(t.line.id) || !t.has(t.line.parent) || t.hidden() {
				continue
			}
			if t.nids == uintptr(len(t.ids)) {
				return uintptr(unix.E2BIG)
			}
			*(*uint32)(unsafe.Add(unsafe.Pointer(&t.ids), 4*t.nids)) = uint32(t.line.id)
			t.nids++
			if t.line.flags&t.want == t.want {
				continue
			}
			if errno := m.remount(fd); errno != 0 {
				return errno
			}
		}
	}
	return 0
}

// remount gives the mount of the present line the flags that it lacks. top is open as fd.
//
//go:nosplit
//go:norace
//go:nocheckptr
func (m *machine) remount(fd uintptr) uintptr {
	t := &m.table
	t.nameBelow()
	there := placeAt(fd, uintptr(unsafe.Pointer(&t.name)))
	if errno, is := failed(there); is {
		if errno == uintptr(unix.EACCES) {
			return m.bar(fd)
		}
		return errno
	}
	id, errno := m.mountID(there)
	switch {
	case errno != 0:
	case id == t.line.id:
		errno = m.mountAgain(there, t.line.flags|t.want|unix.MS_REMOUNT|unix.MS_BIND)
	case !t.covered():
		errno = uintptr(unix.EXDEV) // somebody has moved a directory
	}
	shut(there)
	return errno
}

// placeAt opens a place by its name in a directory. As shut, it keeps the arguments of a system call out of the frames of those
// who call it: a chain of functions may have 792 bytes of stack here, and seven arguments lie in 64 of them on arm64.
//
//go:nosplit
//go:norace
//go:noinline
func placeAt(dir, name uintptr) uintptr {
	return sys(unix.SYS_OPENAT, dir, name, aPlace, 0, 0, 0)
}

// shut is close(2).
//
//go:nosplit
//go:norace
//go:noinline
func shut(fd uintptr) { sys(unix.SYS_CLOSE, fd, 0, 0, 0, 0, 0) }

// bar covers the nearest directory above t.name that can be reached with an empty file system: what is mounted below it could not
// be remounted, and must not be there if its permissions change one day.
//
//go:nosplit
//go:norace
//go:nocheckptr
func (m *machine) bar(fd uintptr) uintptr {
	name := uintptr(unsafe.Pointer(&m.table.name))
	for {
		cut := uintptr(0)
		for i := uintptr(0); byteAt(name+i) != 0; i++ {
			if byteAt(name+i) == '/' {
				cut = i
			}
		}
		if cut == 0 {
			return uintptr(unix.EACCES)
		}
		setByte(name+cut, 0)
		dir := sys(unix.SYS_OPENAT, fd, name, aPlace, 0, 0, 0)
		if errno, is := failed(dir); is {
			if errno == uintptr(unix.EACCES) {
				continue
			}
			return errno
		}
		const flags = unix.MS_RDONLY | unix.MS_NOSUID | unix.MS_NODEV | unix.MS_NOEXEC
		fstype, options := word("tmpfs\x00"), word("mode=0\x00")
		r := sys(unix.SYS_MOUNT, fstype, m.pathOf(dir), fstype, flags, options, 0)
		sys(unix.SYS_CLOSE, dir, 0, 0, 0, 0, 0)
		errno, _ := failed(r)
		m.table.bars++
		m.table.stale = true // what is below is hidden now
		return errno
	}
}

// mountAgain is mount(2) for what is mounted where fd is open, with flags that change it. It returns an errno.
//
//go:nosplit
//go:norace
//go:nocheckptr
func (m *machine) mountAgain(fd, flags uintptr) uintptr {
	none := word("none\x00")
	errno, _ := failed(sys(unix.SYS_MOUNT, none, m.pathOf(fd), 0, flags, 0, 0))
	return errno
}

// pathOf returns the address of a path that leads to what fd has open: mount(2) takes no descriptor.
//
//go:nosplit
//go:norace
//go:nocheckptr
func (m *machine) pathOf(fd uintptr) uintptr {
	return m.table.numbered("/proc/self/fd/", fd)
}

// mountID returns the number of the mount that fd is open on, see proc_pid_fdinfo(5), or an errno.
//
//go:nosplit
//go:norace
//go:nocheckptr
func (m *machine) mountID(fd uintptr) (id, errno uintptr) {
	path, text := m.table.numbered("self/fdinfo/", fd), uintptr(unsafe.Pointer(&m.children))
	info := sys(unix.SYS_OPENAT, *m.reg(plan.Proc), path, unix.O_RDONLY|unix.O_CLOEXEC, 0, 0, 0)
	if errno, is := failed(info); is {
		return 0, errno
	}
	n := sys(unix.SYS_READ, info, text, unsafe.Sizeof(m.children)-1, 0, 0, 0)
	sys(unix.SYS_CLOSE, info, 0, 0, 0, 0, 0)
	if errno, is := failed(n); is {
		return 0, errno
	}
	const key = "mnt_id:\t"
	for i := uintptr(0); i+uintptr(len(key)) < n; i++ {
		if same(text+i, word(key), uintptr(len(key))) {
			setByte(text+n, 0)
			id, _ = number(text + i + uintptr(len(key)))
			return id, 0
		}
	}
	return 0, uintptr(unix.ENOTSUP)
}
