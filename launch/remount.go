package launch

import (
	"unsafe"

	"box/plan"

	"golang.org/x/sys/unix"
)

// mountTable is a copy of /proc/self/mountinfo, see proc(5), and what is looked for in it.
type mountTable struct {
	text, size, room uintptr // where the copy is, how long it is, and how much fits there
	top              mount   // the mount whose attributes are set
	line             mount   // that of the present line
	other            mount   // one that is compared with it
	ids              [1 << 10]uint32
	nids             uintptr // how many of ids: top and what is mounted below it
	want             uintptr // the MS_* flags that all of them get
	changed          bool    // something has been done
	fdPath           [24]byte
	infoPath         [24]byte
	name             [unix.PathMax]byte
}

// mount is a line of the table.
type mount struct {
	id, parent uintptr
	point, end uintptr // the addresses of its mount point, and of the end of that
	flags      uintptr // MS_*
}

// notAttached is returned for a mount that is nowhere yet: it is no errno.
const notAttached = 0xfff

// maxPasses bounds how often the table is read for one mount: each pass but the last does something that stays done.
const maxPasses = 1000

// setattr is mount_setattr(2) for a kernel that has none (before 5.12): the mount that fd has open and, with AT_RECURSIVE, all that is
// mounted below it are looked up in the mount table and remounted, each with the flags that it has and those that attr, the
// address of a struct mount_attr, adds. The table is read until there is nothing left to do. It returns an errno.
//
//go:nosplit
//go:norace
//go:nocheckptr
func (m *machine) setattr(fd, flags, attr uintptr) uintptr {
	t := &m.table
	words := *(**[3]uint64)(unsafe.Pointer(&attr))
	t.want = uintptr(words[0]) & (unix.MS_RDONLY | unix.MS_NOSUID | unix.MS_NODEV | unix.MS_NOEXEC) // as MOUNT_ATTR_*
	t.nids, t.changed = 0, true
	id, errno := m.mountID(fd)
	for passes := 0; errno == 0 && t.changed; passes++ {
		if passes == maxPasses {
			errno = uintptr(unix.EBUSY)
			break
		}
		t.changed = false
		if errno = m.readTable(); errno != 0 {
			break
		}
		if !t.find(id) {
			errno = notAttached
			break
		}
		if propagation := uintptr(words[2]); passes == 0 && propagation != 0 {
			errno = m.mountAgain(fd, propagation|(flags&unix.AT_RECURSIVE)/unix.AT_RECURSIVE*unix.MS_REC)
			t.changed = true // what the host has mounted until now is in the next table
			continue
		}
		if t.nids == 0 {
			t.ids[0], t.nids = uint32(id), 1
		}
		errno = m.pass(fd, flags&unix.AT_RECURSIVE != 0)
	}
	m.dropTable()
	return errno
}

// attached sets the attributes that a mount was to get when it was nowhere yet: register r has it open as fd, and the call that
// wanted to set them stands before this one.
//
//go:nosplit
//go:norace
//go:nocheckptr
func (m *machine) attached(r plan.Reg, fd uintptr) {
	for i := m.pc - 1; i > 0; {
		i--
		c := (*plan.Call)(unsafe.Add(m.calls, i*callSize))
		if c.Out == r {
			return
		}
		if c.Nr == unix.SYS_MOUNT_SETATTR && c.In[0] == r {
			if errno := m.setattr(fd, c.Args[2], c.Args[3]); errno != 0 {
				m.fail(i, errno)
			}
			return
		}
	}
}

// pass goes through the table once. The line of a mount can come before that of the one it is mounted on: the next pass finds it.
//
//go:nosplit
//go:norace
//go:nocheckptr
func (m *machine) pass(fd uintptr, recursive bool) uintptr {
	t := &m.table
	for at := t.text; at < t.text+t.size; {
		at = t.line.parse(at)
		switch top := t.line.id == t.top.id; {
		case !top && (!recursive || !t.has(t.line.parent) || t.hidden()):
			continue
		case !top && !t.has(t.line.id):
			if t.nids == uintptr(len(t.ids)) {
				return uintptr(unix.E2BIG)
			}
			*(*uint32)(unsafe.Add(unsafe.Pointer(&t.ids), 4*t.nids)) = uint32(t.line.id)
			t.nids++
			t.changed = true
		}
		if t.line.flags&t.want == t.want {
			continue
		}
		if errno := m.remount(fd); errno != 0 {
			return errno
		}
	}
	return 0
}

// remount gives the mount of the present line the flags it lacks. top is open as fd.
//
//go:nosplit
//go:norace
//go:nocheckptr
func (m *machine) remount(fd uintptr) uintptr {
	t := &m.table
	flags := t.line.flags | t.want | unix.MS_REMOUNT | unix.MS_BIND
	if t.line.id == t.top.id {
		t.changed = true
		return m.mountAgain(fd, flags)
	}
	t.nameBelow()
	name := uintptr(unsafe.Pointer(&t.name))
	there := sys(unix.SYS_OPENAT, fd, name, aPlace, 0, 0, 0)
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
		t.changed = true
		errno = m.mountAgain(there, flags)
	case !t.covered():
		errno = uintptr(unix.EXDEV) // somebody has moved a directory
	}
	sys(unix.SYS_CLOSE, there, 0, 0, 0, 0, 0)
	return errno
}

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
		m.table.changed = true
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
	path := uintptr(unsafe.Pointer(&m.table.fdPath))
	digits(path+uintptr(len(fdPrefix)), fd)
	return path
}

// The beginnings of paths that end in a descriptor's number.
const (
	fdPrefix   = "/proc/self/fd/"
	infoPrefix = "self/fdinfo/"
)

// mountID returns the number of the mount that fd is open on, see proc_pid_fdinfo(5), or an errno.
//
//go:nosplit
//go:norace
//go:nocheckptr
func (m *machine) mountID(fd uintptr) (id, errno uintptr) {
	path, text := uintptr(unsafe.Pointer(&m.table.infoPath)), uintptr(unsafe.Pointer(&m.children))
	digits(path+uintptr(len(infoPrefix)), fd)
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

// readTable copies /proc/self/mountinfo, into more room if there is not enough.
//
//go:nosplit
//go:norace
//go:nocheckptr
func (m *machine) readTable() uintptr {
	const most = 1 << 30
	t := &m.table
	path := word("self/mountinfo\x00")
	for {
		if t.room == 0 || t.size == t.room {
			room := max(4*t.room, 256<<10)
			m.dropTable()
			const prot, flags = unix.PROT_READ | unix.PROT_WRITE, unix.MAP_PRIVATE | unix.MAP_ANONYMOUS
			at := sys(unix.SYS_MMAP, 0, room, prot, flags, ^uintptr(0), 0)
			if errno, is := failed(at); is || room > most {
				return max(errno, uintptr(unix.ENOMEM))
			}
			t.text, t.room = at, room
		}
		t.size = 0
		file := sys(unix.SYS_OPENAT, *m.reg(plan.Proc), path, unix.O_RDONLY|unix.O_CLOEXEC, 0, 0, 0)
		if errno, is := failed(file); is {
			return errno
		}
		n := uintptr(1)
		for n != 0 && t.size < t.room {
			n = sys(unix.SYS_READ, file, t.text+t.size, t.room-t.size, 0, 0, 0)
			if errno, is := failed(n); is {
				sys(unix.SYS_CLOSE, file, 0, 0, 0, 0, 0)
				return errno
			}
			t.size += n
		}
		sys(unix.SYS_CLOSE, file, 0, 0, 0, 0, 0)
		if n == 0 && t.size < t.room {
			return 0
		}
	}
}

// dropTable gives the memory of the table back.
//
//go:nosplit
//go:norace
func (m *machine) dropTable() {
	if t := &m.table; t.room != 0 {
		sys(unix.SYS_MUNMAP, t.text, t.room, 0, 0, 0, 0)
		t.text, t.size, t.room = 0, 0, 0
	}
}

// find looks for the mount with a number, which becomes top.
//
//go:nosplit
//go:norace
func (t *mountTable) find(id uintptr) bool {
	for at := t.text; at < t.text+t.size; {
		if at = t.top.parse(at); t.top.id == id {
			return true
		}
	}
	return false
}

// has says whether a mount is known to be top, or below it.
//
//go:nosplit
//go:norace
//go:nocheckptr
func (t *mountTable) has(id uintptr) bool {
	for i := range t.nids {
		if *(*uint32)(unsafe.Add(unsafe.Pointer(&t.ids), 4*i)) == uint32(id) {
			return true
		}
	}
	return false
}

// hidden says whether the mount of the present line can't be reached, because one beside it covers a directory above it.
//
//go:nosplit
//go:norace
func (t *mountTable) hidden() bool {
	l, o := &t.line, &t.other
	for at := t.text; at < t.text+t.size; {
		at = o.parse(at)
		n := o.end - o.point
		if o.parent != l.parent || n >= l.end-l.point || !same(o.point, l.point, n) {
			continue
		}
		if n == 1 || byteAt(l.point+n) == '/' {
			return true
		}
	}
	return false
}

// covered says whether another mount lies on the root of that of the present line.
//
//go:nosplit
//go:norace
func (t *mountTable) covered() bool {
	for at := t.text; at < t.text+t.size; {
		if at = t.other.parse(at); t.other.parent == t.line.id && t.other.end-t.other.point == t.line.end-t.line.point &&
			same(t.other.point, t.line.point, t.line.end-t.line.point) {
			return true
		}
	}
	return false
}

// nameBelow sets name to the mount point of the present line as seen from that of top, without the table's escapes: \040 is a space.
//
//go:nosplit
//go:norace
//go:nocheckptr
func (t *mountTable) nameBelow() {
	from, to := t.line.point+(t.top.end-t.top.point), uintptr(unsafe.Pointer(&t.name))
	for from < t.line.end && byteAt(from) == '/' {
		from++
	}
	for last := to + unsafe.Sizeof(t.name) - 1; from < t.line.end && to < last; to++ {
		c := byteAt(from)
		if c == '\\' {
			c = (byteAt(from+1)-'0')<<6 | (byteAt(from+2)-'0')<<3 | (byteAt(from+3) - '0')
			from += 3
		}
		setByte(to, c)
		from++
	}
	setByte(to, 0)
}

// mountFlags are the attributes of a mount by their names in the table, and the flags of mount(2) for them. How times of access are
// kept stays as it is if nothing is said of it.
var mountFlags = [...]struct {
	name string
	flag uintptr
}{
	{"ro", unix.MS_RDONLY},
	{"nosuid", unix.MS_NOSUID},
	{"nodev", unix.MS_NODEV},
	{"noexec", unix.MS_NOEXEC},
	{"nosymfollow", unix.MS_NOSYMFOLLOW},
}

// parse reads the line at an address and returns the address of the next one:
//
//	36 35 98:0 /root /mount/point ro,nosuid master:1 - ext4 /dev/sda1 rw
//
//go:nosplit
//go:norace
//go:nocheckptr
func (l *mount) parse(at uintptr) (next uintptr) {
	l.id, at = number(at)
	l.parent, at = number(at + 1)
	for range 2 {
		for at++; byteAt(at) != ' '; at++ {
		}
	}
	l.point = at + 1
	for at++; byteAt(at) != ' '; at++ {
	}
	l.end, l.flags = at, 0
	for byteAt(at) != ' ' || at == l.end {
		start := at + 1
		for at++; byteAt(at) != ',' && byteAt(at) != ' '; at++ {
		}
		for i := range mountFlags {
			f := &mountFlags[i]
			if n := uintptr(len(f.name)); n == at-start && same(start, word(f.name), n) {
				l.flags |= f.flag
			}
		}
	}
	for byteAt(at) != '\n' {
		at++
	}
	return at + 1
}
