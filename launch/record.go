package launch

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// The records of mount points that sandboxes have made: empty files in the directory mounts of the state directory.
// Their names hold no path, which could change: the inode number of the directory that the mount point is in, and its
// own name there. No device number, since these can change when the machine starts again.

// RecordDir is the directory's name.
const RecordDir = "mounts"

// mustNote writes the record of the mount point that is claimed. Without one it must not be made: nobody would know
// it again.
//
//go:nosplit
//go:norace
//go:nocheckptr
func (m *machine) mustNote() {
	errno := m.openState(true)
	if errno == 0 {
		errno = m.setRecord()
	}
	if errno == 0 {
		const flags = unix.O_WRONLY | unix.O_CREAT | unix.O_NOFOLLOW | unix.O_CLOEXEC
		fd := sys(unix.SYS_OPENAT, m.claims.state, uintptr(unsafe.Pointer(&m.claims.record)), flags, 0o600, 0, 0)
		if errno = errnoOf(fd); errno == 0 {
			sys(unix.SYS_CLOSE, fd, 0, 0, 0, 0, 0)
		}
	}
	if errno != 0 {
		m.fail(m.claims.notes, errno)
	}
}

// noted reports whether there is a record of it. Where the records can't be read, nobody can tell.
//
//go:nosplit
//go:norace
//go:nocheckptr
func (m *machine) noted() bool {
	if errno := m.openState(false); errno != 0 {
		if errno != uintptr(unix.ENOENT) {
			m.fail(m.claims.notes, errno)
		}
		return false
	}
	if m.setRecord() != 0 {
		return false
	}
	return errnoOf(sys(unix.SYS_FACCESSAT, m.claims.state, uintptr(unsafe.Pointer(&m.claims.record)), unix.F_OK, 0, 0, 0)) == 0
}

// dropNote removes a record, if there is one.
//
//go:nosplit
//go:norace
//go:nocheckptr
func (m *machine) dropNote() {
	if m.openState(false) == 0 && m.setRecord() == 0 {
		sys(unix.SYS_UNLINKAT, m.claims.state, uintptr(unsafe.Pointer(&m.claims.record)), 0, 0, 0, 0)
	}
}

// setRecord writes the name of the record. It returns an errno.
//
//go:nosplit
//go:norace
//go:nocheckptr
func (m *machine) setRecord() uintptr {
	if errno := m.lookAt(m.claims.dir); errno != 0 {
		return errno
	}
	record := uintptr(unsafe.Pointer(&m.claims.record))
	at, rest := record+20, m.claims.opened.Ino // the longest number
	setByte(at, '-')
	for {
		at--
		setByte(at, byte('0'+rest%10))
		if rest /= 10; rest == 0 {
			break
		}
	}
	n := uintptr(0)
	for ; at+n <= record+20; n++ {
		setByte(record+n, byteAt(at+n))
	}
	for i := uintptr(0); ; i++ {
		if n+i >= unsafe.Sizeof(m.claims.record) {
			return uintptr(unix.ENAMETOOLONG)
		}
		c := byteAt(m.claims.name + i)
		if setByte(record+n+i, c); c == 0 {
			return 0
		}
	}
}

// openState opens the directory of records, and makes it if create. It must be the user's own, and nobody else's to
// see. It returns an errno; EPERM is for one that is not.
//
//go:nosplit
//go:norace
//go:nocheckptr
func (m *machine) openState(create bool) uintptr {
	if m.claims.state != 0 {
		return 0
	}
	c, records := m.at(m.claims.notes), word(RecordDir+"\x00")
	if create {
		if errno := m.makeState(c.Args[1]); errno != 0 {
			return errno
		}
	}
	box := m.openPrivate(atFDCWD, c.Args[0])
	if errno := errnoOf(box); errno != 0 {
		return errno
	}
	if create {
		sys(unix.SYS_MKDIRAT, box, records, 0o700, 0, 0, 0)
	}
	state := m.openPrivate(box, records)
	sys(unix.SYS_CLOSE, box, 0, 0, 0, 0, 0)
	errno := errnoOf(state)
	if errno == 0 {
		m.claims.state = state
	}
	return errno
}

// makeState makes what is missing of a list of directories, each in the one before it. It returns an errno.
//
//go:nosplit
//go:norace
//go:nocheckptr
func (m *machine) makeState(list uintptr) uintptr {
	for ; ; list += unsafe.Sizeof(list) {
		path := *(*uintptr)(*(*unsafe.Pointer)(unsafe.Pointer(&list)))
		if path == 0 {
			return 0
		}
		errno := errnoOf(sys(unix.SYS_MKDIRAT, atFDCWD, path, 0o700, 0, 0, 0))
		if errno != 0 && errno != uintptr(unix.EEXIST) {
			return errno
		}
	}
}

// openPrivate opens a directory that only the user may enter; a link is refused. It returns what sys does.
//
//go:nosplit
//go:norace
//go:nocheckptr
func (m *machine) openPrivate(dir, path uintptr) uintptr {
	const flags = unix.O_RDONLY | unix.O_DIRECTORY | unix.O_NOFOLLOW | unix.O_CLOEXEC
	fd := sys(unix.SYS_OPENAT, dir, path, flags, 0, 0, 0)
	if errnoOf(fd) != 0 {
		return fd
	}
	// As lookAt does: another frame would be more than the linker grants the walk.
	to := uintptr(unsafe.Pointer(&m.claims.opened))
	errno := errnoOf(sys(unix.SYS_STATX, fd, word("\x00"), unix.AT_EMPTY_PATH, unix.STATX_BASIC_STATS, to, 0))
	if at := &m.claims.opened; errno == 0 && (at.Mode&0o077 != 0 || uintptr(at.Uid) != sys(unix.SYS_GETEUID, 0, 0, 0, 0, 0, 0)) {
		errno = uintptr(unix.EPERM)
	}
	if errno != 0 {
		sys(unix.SYS_CLOSE, fd, 0, 0, 0, 0, 0)
		return -errno
	}
	return fd
}
