package launch

import (
	"unsafe"

	"box/plan"

	"golang.org/x/sys/unix"
)

// mountTable is a copy of /proc/self/mountinfo, see proc(5), and what is looked for in it.
type mountTable struct {
	text, size, capacity uintptr // where the copy is, how long it is, and how much fits there
	top                  mount   // the mount whose attributes are set
	line                 mount   // that of the present line
	other                mount   // one that is compared with it
	ids                  [1 << 10]uint32
	nids                 uintptr  // how many of ids: top and what is mounted below it
	want                 uintptr  // the MS_* flags that all of them get
	bars                 int      // directories that were covered
	stale                bool     // something has been mounted since the table was read
	path                 [32]byte // of a descriptor
	name                 [unix.PathMax]byte
}

// mount is a line of the table.
type mount struct {
	id, parent uintptr
	point, end uintptr // the addresses of its mount point, and of the end of that
	flags      uintptr // MS_*
}

// readTable copies /proc/self/mountinfo, into more memory if there is not enough, and once more if it has changed
// meanwhile: it is read in pieces, and one could be skipped. What poll(2) says of it is in proc(5).
//
//go:nosplit
//go:norace
//go:nocheckptr
func (m *machine) readTable() uintptr {
	// Whoever may mount decides how long the table is. fs.mount-max allows 100,000 mounts, and paths have at most
	// 4096 bytes.
	const most = 1 << 30
	t := &m.table
	path := word("self/mountinfo\x00")
	for {
		if t.capacity == 0 || t.size == t.capacity {
			capacity := max(4*t.capacity, 256<<10)
			m.dropTable()
			const prot, flags = unix.PROT_READ | unix.PROT_WRITE, unix.MAP_PRIVATE | unix.MAP_ANONYMOUS
			at := sys(unix.SYS_MMAP, 0, capacity, prot, flags, ^uintptr(0), 0)
			if errno, is := failed(at); is || capacity > most {
				return max(errno, uintptr(unix.ENOMEM))
			}
			t.text, t.capacity = at, capacity
		}
		t.size = 0
		file := sys(unix.SYS_OPENAT, *m.reg(plan.Proc), path, unix.O_RDONLY|unix.O_CLOEXEC, 0, 0, 0)
		if errno, is := failed(file); is {
			return errno
		}
		n := uintptr(1)
		for n != 0 && t.size < t.capacity {
			n = sys(unix.SYS_READ, file, t.text+t.size, t.capacity-t.size, 0, 0, 0)
			if errno, is := failed(n); is {
				sys(unix.SYS_CLOSE, file, 0, 0, 0, 0, 0)
				return errno
			}
			t.size += n
		}
		m.poll[0] = pollfd{fd: int32(file), events: unix.POLLPRI}
		changed := sys(unix.SYS_PPOLL, uintptr(unsafe.Pointer(&m.poll)), 1, uintptr(unsafe.Pointer(&m.never)), 0, 8, 0)
		sys(unix.SYS_CLOSE, file, 0, 0, 0, 0, 0)
		if errno, is := failed(changed); is {
			return errno // else a filter that refuses ppoll(2) would make this go on for ever
		}
		if n == 0 && t.size < t.capacity && changed == 0 {
			return 0
		}
	}
}

// numbered returns the address of a path that begins with prefix and ends in a descriptor's number. It holds until the next one.
//
//go:nosplit
//go:norace
//go:nocheckptr
func (t *mountTable) numbered(prefix string, fd uintptr) uintptr {
	return numbered(uintptr(unsafe.Pointer(&t.path)), prefix, fd)
}

// numbered writes such a path to the 32 bytes at path, and returns that.
//
//go:nosplit
//go:norace
//go:nocheckptr
func numbered(path uintptr, prefix string, fd uintptr) uintptr {
	n := uintptr(len(prefix))
	for i := range n {
		setByte(path+i, byteAt(word(prefix)+i))
	}
	digits(path+n, fd)
	setByte(path+n+8, 0)
	return path
}

// dropTable gives the memory of the table back.
//
//go:nosplit
//go:norace
func (m *machine) dropTable() {
	if t := &m.table; t.capacity != 0 {
		sys(unix.SYS_MUNMAP, t.text, t.capacity, 0, 0, 0, 0)
		t.text, t.size, t.capacity = 0, 0, 0
	}
}

// findTop looks for the mount with a number, which becomes top.
//
//go:nosplit
//go:norace
func (t *mountTable) findTop(id uintptr) bool {
	for at := t.text; at < t.text+t.size; {
		if at = t.top.parse(at); t.top.id == id {
			return true
		}
	}
	return false
}

// has reports whether a mount is known to be top, or below it.
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

// hidden reports whether the mount of the present line can't be reached, because one beside it covers a directory
// above it.
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

// covered reports whether another mount lies on the root of that of the present line.
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

// nameBelow sets name to the mount point of the present line as seen from that of top, without the table's escapes: \040 is a
// space.
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

// mountFlags are the attributes of a mount by their names in the table, and the flags of mount(2) for them. How times of access
// are kept stays as it is if nothing is said of it.
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
	at = find(at+1, ' ', ' ') // the device
	at = find(at+1, ' ', ' ') // the root
	l.point = at + 1
	l.end = find(l.point, ' ', ' ')
	l.flags = 0
	for at = l.end; byteAt(at) == ',' || at == l.end && byteAt(at) != 0; {
		start := at + 1
		at = find(start, ',', ' ')
		for i := range mountFlags {
			f := &mountFlags[i]
			if n := uintptr(len(f.name)); n == at-start && same(start, word(f.name), n) {
				l.flags |= f.flag
			}
		}
	}
	return find(at, '\n', '\n') + 1
}

// find returns the address of the first of two characters from at on, or of the NUL that ends the table.
//
//go:nosplit
//go:norace
//go:noinline
func find(at uintptr, c, or byte) uintptr {
	for byteAt(at) != c && byteAt(at) != or && byteAt(at) != 0 {
		at++
	}
	return at
}
