package launch

import (
	"unsafe"

	"box/plan"

	"golang.org/x/sys/unix"
)

// stage is a tmpfs on "/" that holds what is mounted nowhere yet, where there is no open_tree(2) (before 5.2): each mount has a
// slot of its own there until mount(2) moves it, MS_MOVE. It is made before the cover, and lies below that until the pivot. A plan
// that has the first such mount above the cover has the base for it: what lay on the new root would be found in its place.
type stage struct {
	up    bool    // it is there
	alone bool    // nothing that is mounted here is seen by the host
	asked bool    // a file system was asked for without fsopen(2)
	dir   uintptr // its root, open
	slots uintptr
	slot  [32]byte // the path of the last one
	how   [3]uint64
	from  [32]byte // the path of what is moved
}

// firstSlot is a name that nothing else in the base has.
const firstSlot = 10_000_000

// standAlone keeps from the host what is mounted here next. In a user namespace of its own it is so to begin with.
//
//go:nosplit
//go:norace
func (m *machine) standAlone() uintptr {
	if m.stage.alone {
		return 0
	}
	m.stage.alone = true
	return errnoOf(sys(unix.SYS_MOUNT, word("none\x00"), word("/\x00"), 0, unix.MS_REC|unix.MS_SLAVE, 0, 0))
}

// slots returns a directory for slots, which is open.
//
//go:nosplit
//go:norace
func (m *machine) slots() (dir, errno uintptr) {
	root, base := *m.reg(plan.Root), *m.reg(plan.Base)
	switch {
	case m.stage.up:
		return m.stage.dir, 0
	case base != 0:
		return base, 0
	case root != 0:
		return 0, uintptr(unix.ENOSYS)
	}
	if errno := m.standAlone(); errno != 0 {
		return 0, errno
	}
	const flags = unix.MS_NOSUID | unix.MS_NODEV | unix.MS_NOEXEC
	fstype, top := word("tmpfs\x00"), word("/..\x00")
	if errno := errnoOf(sys(unix.SYS_MOUNT, fstype, word("/\x00"), fstype, flags, word("mode=0700\x00"), 0)); errno != 0 {
		return 0, errno
	}
	m.stage.up = true
	m.stage.dir = sys(unix.SYS_OPENAT, atFDCWD, top, aDirectory, 0, 0, 0)
	if errno, is := failed(m.stage.dir); is {
		return 0, errno
	}
	// A clone of "/" with all that is mounted there leaves it out, see mount_namespaces(7).
	return m.stage.dir, errnoOf(sys(unix.SYS_MOUNT, fstype, top, 0, unix.MS_UNBINDABLE, 0, 0))
}

// newSlot makes a slot for a mount, a directory or a file, and returns its path.
//
//go:nosplit
//go:norace
//go:nocheckptr
func (m *machine) newSlot(kind uint16) (path, errno uintptr) {
	dir, errno := m.slots()
	if errno != 0 {
		return 0, errno
	}
	const prefix = "/proc/self/fd/"
	const slash = uintptr(len(prefix)) + 8
	path = numbered(uintptr(unsafe.Pointer(&m.stage.slot)), prefix, dir)
	setByte(path+slash, '/')
	digits(path+slash+1, firstSlot+m.stage.slots)
	setByte(path+slash+9, 0)
	m.stage.slots++
	if kind == unix.S_IFDIR {
		return path, errnoOf(sys(unix.SYS_MKDIRAT, atFDCWD, path, 0o700, 0, 0, 0))
	}
	return path, errnoOf(sys(unix.SYS_MKNODAT, atFDCWD, path, unix.S_IFREG|0o600, 0, 0, 0))
}

// cloneTree is open_tree(2) with OPEN_TREE_CLONE and AT_RECURSIVE.
//
//go:nosplit
//go:norace
//go:nocheckptr
func (m *machine) cloneTree(dir, path, flags uintptr) uintptr {
	if flags&unix.AT_EMPTY_PATH != 0 {
		return m.cloneStaged(dir)
	}
	from := m.openSource(dir, path)
	if from == astray {
		m.stage.how = [3]uint64{unix.O_PATH | unix.O_CLOEXEC}
		from = m.resolve(dir, path, uintptr(unsafe.Pointer(&m.stage.how)))
	}
	if _, is := failed(from); is {
		return from
	}
	r := m.cloneStaged(from)
	sys(unix.SYS_CLOSE, from, 0, 0, 0, 0, 0)
	return r
}

// cloneStaged clones what is open as from.
//
//go:nosplit
//go:norace
//go:nocheckptr
func (m *machine) cloneStaged(from uintptr) uintptr {
	if r := m.look(from, 0); r != 0 {
		return r
	}
	slot, errno := m.newSlot(m.way.stat[0].Mode & unix.S_IFMT)
	if errno == 0 {
		errno = errnoOf(sys(unix.SYS_MOUNT, m.pathOf(from), slot, 0, unix.MS_BIND|unix.MS_REC, 0, 0))
	}
	if errno != 0 {
		return -errno
	}
	return sys(unix.SYS_OPENAT, atFDCWD, slot, aPlace, 0, 0, 0)
}

// astray is what openSource returns for a path that has to be gone part by part.
const astray = ^uintptr(0) - 0xffff

// openSource opens what is to be cloned. From a directory below "/" the way ".." leads to what lies on top of that, which is the
// stage, and there is nothing. Up leads to the host's root then.
//
//go:nosplit
//go:norace
//go:nocheckptr
func (m *machine) openSource(dir, path uintptr) uintptr {
	from := sys(unix.SYS_OPENAT, dir, path, aDirectory, 0, 0, 0) // which an automount point is mounted for
	if from == minus(unix.ENOTDIR) {
		from = sys(unix.SYS_OPENAT, dir, path, unix.O_PATH|unix.O_CLOEXEC, 0, 0, 0)
	}
	_, is := failed(from)
	switch {
	case !m.stage.up || is && from != minus(unix.ENOENT):
		return from
	case is:
		return astray
	case m.onStage(from):
		sys(unix.SYS_CLOSE, from, 0, 0, 0, 0, 0)
		return astray
	}
	return from
}

// onStage reports whether fd is open on the root of the stage.
//
//go:nosplit
//go:norace
//go:nocheckptr
func (m *machine) onStage(fd uintptr) bool {
	return m.look(fd, 0) == 0 && m.look(m.stage.dir, 1) == 0 && m.way.alike()
}

// mountAside is fsmount(2): c is that call, and those before it have said what file system. It is mounted on "/" and cloned, or
// only opened if the plan puts it nowhere, and then unmounted again: no path means what lies there in between.
//
//go:nosplit
//go:norace
func (m *machine) mountAside(c *plan.Call) uintptr {
	m.stage.asked = false
	fstype, options, errno := m.optionsOf(c.In[0])
	if errno == 0 {
		errno = m.standAlone()
	}
	if errno != 0 {
		return -errno
	}
	// The attributes have the values of the MS_* flags.
	if r := sys(unix.SYS_MOUNT, fstype, word("/\x00"), fstype, c.Args[2], options, 0); r != 0 {
		return r
	}
	fd := sys(unix.SYS_OPENAT, atFDCWD, word("/..\x00"), aDirectory, 0, 0, 0)
	if _, is := failed(fd); !is && m.detached(c.Out) {
		const flags = unix.OPEN_TREE_CLONE | unix.OPEN_TREE_CLOEXEC | unix.AT_EMPTY_PATH
		clone := sys(unix.SYS_OPEN_TREE, fd, word("\x00"), flags, 0, 0, 0)
		if unusable(clone) {
			clone = m.cloneStaged(fd)
		}
		sys(unix.SYS_CLOSE, fd, 0, 0, 0, 0, 0)
		fd = clone
	}
	if r := sys(unix.SYS_UMOUNT2, word("/..\x00"), unix.MNT_DETACH, 0, 0, 0, 0); r != 0 {
		return r
	}
	return fd
}

// optionsOf returns the type of the file system that register fs is for, and its options as mount(2) takes them.
//
//go:nosplit
//go:norace
//go:nocheckptr
func (m *machine) optionsOf(fs plan.Reg) (fstype, options, errno uintptr) {
	first := m.pc - 1
	for m.at(first).Nr != unix.SYS_FSOPEN || m.at(first).Out != fs {
		if first == 0 {
			return 0, 0, uintptr(unix.ENOSYS)
		}
		first--
	}
	options = uintptr(unsafe.Pointer(&m.children))
	at, end := options, options+unsafe.Sizeof(m.children)
	for i := first; i < m.pc; i++ {
		c := m.at(i)
		if c.Nr != unix.SYS_FSCONFIG || c.Args[1] != unix.FSCONFIG_SET_STRING || same(c.Args[2], word("source\x00"), 7) {
			continue
		}
		quote := word("\x00")
		if byteAt(find(c.Args[3], ',', ',')) != 0 { // an SELinux context, see mount(8)
			quote = word("\"\x00")
		}
		at = appendText(at, end, c.Args[2])
		at = appendText(at, end, word("=\x00"))
		at = appendText(at, end, quote)
		at = appendText(at, end, c.Args[3])
		at = appendText(at, end, quote)
		at = appendText(at, end, word(",\x00"))
	}
	if at == end {
		return 0, 0, uintptr(unix.E2BIG)
	}
	setByte(at, 0)
	if at > options {
		setByte(at-1, 0) // the last comma
	}
	return m.at(first).Args[0], options, 0
}

// appendText copies the text at from to at, without its NUL, and returns the address of what follows. That is end where there is
// not enough memory.
//
//go:nosplit
//go:norace
func appendText(at, end, from uintptr) uintptr {
	for ; at < end && byteAt(from) != 0; from++ {
		setByte(at, byteAt(from))
		at++
	}
	return at
}

// moveStaged is move_mount(2) for what from and to have open.
//
//go:nosplit
//go:norace
//go:nocheckptr
func (m *machine) moveStaged(from, to uintptr) uintptr {
	path := numbered(uintptr(unsafe.Pointer(&m.stage.from)), "/proc/self/fd/", from)
	return sys(unix.SYS_MOUNT, path, m.pathOf(to), 0, unix.MS_MOVE, 0, 0)
}

// moveStagedTo is moveStaged for a name in the directory that dir has open; no name means that directory.
//
//go:nosplit
//go:norace
//go:nocheckptr
func (m *machine) moveStagedTo(from, dir, name uintptr) uintptr {
	if byteAt(name) == 0 {
		return m.moveStaged(from, dir)
	}
	to := placeAt(dir, name)
	if _, is := failed(to); is {
		return to
	}
	r := m.moveStaged(from, to)
	shut(to)
	return r
}

// dropStage takes the stage away that the pivot has left on the host's root: "." is the new one, with all that on top of it.
//
//go:nosplit
//go:norace
func (m *machine) dropStage() uintptr {
	if !m.stage.up {
		return 0
	}
	m.stage.up = false
	sys(unix.SYS_CLOSE, m.stage.dir, 0, 0, 0, 0, 0)
	return errnoOf(sys(unix.SYS_UMOUNT2, word(".\x00"), unix.MNT_DETACH, 0, 0, 0, 0))
}
