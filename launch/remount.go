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
	bars             int     // directories that were covered
	stale            bool    // something has been mounted since the table was read
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

// maxBars bounds how many directories are covered for one mount.
const maxBars = 1000

// setattr is mount_setattr(2) for a kernel that has none (before 5.12): the mount that fd has open and, with AT_RECURSIVE, all that is
// mounted below it are looked up in the mount table and remounted, each with the flags that it has and those that attr, the
// address of a struct mount_attr, adds. It returns an errno.
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
		if !t.find(id) {
			errno = uintptr(unix.EINVAL)
			break
		}
		// First of all, and whatever it has: the kernel says if fd is not the root of a mount.
		if errno = m.mountAgain(fd, t.top.flags|t.want|unix.MS_REMOUNT|unix.MS_BIND); errno == 0 && recursive {
			errno = m.below(fd)
		}
	}
	m.dropTable()
	return errno
}

// detached says whether the mount that register r has open is nowhere yet, and so in no table: it has to wait for its attributes. What is
// somewhere already is closed next.
//
//go:nosplit
//go:norace
//go:nocheckptr
func (m *machine) detached(r plan.Reg) bool {
	for i := m.pc; i < m.n; i++ {
		switch c := m.at(i); {
		case c.In[0] == r && c.Nr == unix.SYS_MOVE_MOUNT:
			return true
		case c.In[0] == r && c.Nr == unix.SYS_CLOSE:
			return false
		}
	}
	return true // its place has turned out to be none
}

// attached sets the attributes of a mount that has waited for them: register r has it open as fd, and a call before this one wanted
// to set them.
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

// below remounts what is mounted below top, which is open as fd. The line of a mount can come before that of the one it is mounted
// on: then the table is gone through once more.
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
	there := sys(unix.SYS_OPENAT, fd, uintptr(unsafe.Pointer(&t.name)), aPlace, 0, 0, 0)
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

// readTable copies /proc/self/mountinfo, into more room if there is not enough, and once more if it has changed meanwhile: it is read in
// pieces, and one could be skipped. What poll(2) says of it is in proc(5).
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
		m.poll[0] = pollfd{fd: int32(file), events: unix.POLLPRI}
		changed := sys(unix.SYS_PPOLL, uintptr(unsafe.Pointer(&m.poll)), 1, uintptr(unsafe.Pointer(&m.never)), 0, 8, 0)
		sys(unix.SYS_CLOSE, file, 0, 0, 0, 0, 0)
		if n == 0 && t.size < t.room && changed == 0 {
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
