package launch

import (
	"unsafe"

	"box/plan"

	"golang.org/x/sys/unix"
)

// A mount point that a sandbox has to make lies on the host, where others see it and where it must not stay. Whoever
// removes it takes away what others have mounted on it meanwhile: unlink(2), rmdir(2) and rename(2) detach that, in
// every mount namespace. So all sandboxes that mount something there share a lock on it, see flock(2), and only who
// can have it alone removes it.
//
// One that was left by a sandbox which was killed is known by its mode, 0 for a file and the sticky bit for a
// directory, and by a record of its name in the state directory: so no file of the user's is taken for one.

// claims is what a claim needs.
type claims struct {
	dir, name, mode uintptr // of the claim that is being made
	notes           uintptr // the step that names the state directory for it
	fd              uintptr // the mount point, open

	named  unix.Statx_t // what is at the name
	opened unix.Statx_t // what is open, or the directory of the name
	state  uintptr      // the directory of records, open; 0 if it isn't
	record [280]byte    // a name in it: the inode number of the directory, "-", the name of the mount point
	pause  [2]uint64    // struct timespec
}

// maxClaims bounds how often a claim is tried again while others make or remove the same mount point, each time after
// a pause: five seconds in all.
const (
	maxClaims  = 5000
	claimPause = 1e6
)

// What a step of a claim comes to, besides an errno; 0 is done.
const (
	theirs   = ^uintptr(0)     // no sandbox has made what is there
	tryAgain = ^uintptr(0) - 1 // it has changed meanwhile
)

// claim makes a mount point, or takes part in one that another sandbox has made: the name at Args[1] in the directory
// Args[0], of the type and with the mode of Args[2]. Args[3] is the step that names the state directory. The result
// is a descriptor that has a shared lock on it. What nobody's sandbox has made is left alone, and the call ends as
// EEXIST.
//
//go:nosplit
//go:norace
//go:nocheckptr
func (m *machine) claim(c *plan.Call) {
	m.claims.dir, m.claims.name, m.claims.mode, m.claims.notes = *m.reg(c.In[0]), c.Args[1], c.Args[2], c.Args[3]
	*m.reg(c.Out) = ^uintptr(0) // no descriptor: pid 1 keeps the one in this register open
	step := m.pc - 1
	for range maxClaims {
		switch errno := m.point(); errno {
		case 0:
			*m.reg(c.Out), m.errno = m.claims.fd, 0
			return
		case theirs:
			m.errno = uintptr(unix.EEXIST)
			return
		case tryAgain, uintptr(unix.EEXIST), uintptr(unix.EWOULDBLOCK):
			m.claims.pause[1] = claimPause
			sys(unix.SYS_NANOSLEEP, uintptr(unsafe.Pointer(&m.claims.pause)), 0, 0, 0, 0, 0)
		default:
			m.fail(step, errno)
		}
	}
	m.errno = uintptr(unix.EEXIST)
	if m.noted() { // else it only looks like a mount point, and somebody has locked it for something else
		m.fail(step, uintptr(unix.EWOULDBLOCK))
	}
}

// point makes or opens the mount point once, and locks it.
//
//go:nosplit
//go:norace
func (m *machine) point() uintptr {
	errno := m.lookName()
	made := errno == uintptr(unix.ENOENT)
	switch {
	case made:
		m.mustNote()
		if errno = m.makePoint(); errno != 0 && errno != uintptr(unix.EEXIST) && errno != tryAgain {
			m.dropNote()
		}
	case errno == 0 && !m.marked():
		if m.bare() {
			m.dropNote() // it is of what was there before
		}
		return theirs
	case errno == 0:
		errno = m.openPoint()
	}
	if errno != 0 {
		return errno
	}
	switch errno = m.lockPoint(); {
	case errno != 0:
	case made:
		m.mustNote() // who has just removed one of that name may have removed the record as well
	case !m.noted():
		errno = theirs
	default:
		m.openUp()
	}
	if errno != 0 {
		sys(unix.SYS_CLOSE, m.claims.fd, 0, 0, 0, 0, 0)
	}
	return errno
}

// openUp gives a directory the permissions that it needs, if it was the last part of another's destination and is not
// of this one's.
//
//go:nosplit
//go:norace
func (m *machine) openUp() {
	has := uintptr(m.claims.named.Mode) & 0o7777
	if want := m.claims.mode & 0o777; want&^has != 0 {
		sys(unix.SYS_FCHMOD, m.claims.fd, has|want, 0, 0, 0, 0)
	}
}

// lookName looks at what is at the name, the last link not followed. It returns an errno.
//
//go:nosplit
//go:norace
//go:nocheckptr
func (m *machine) lookName() uintptr {
	to := uintptr(unsafe.Pointer(&m.claims.named))
	errno, _ := failed(sys(unix.SYS_STATX, m.claims.dir, m.claims.name, unix.AT_SYMLINK_NOFOLLOW, unix.STATX_BASIC_STATS, to, 0))
	return errno
}

// lookAt looks at what fd has open. It returns an errno.
//
//go:nosplit
//go:norace
//go:nocheckptr
func (m *machine) lookAt(fd uintptr) uintptr {
	to := uintptr(unsafe.Pointer(&m.claims.opened))
	errno, _ := failed(sys(unix.SYS_STATX, fd, word("\x00"), unix.AT_EMPTY_PATH, unix.STATX_BASIC_STATS, to, 0))
	return errno
}

// marked reports whether what lookName has found is as a sandbox makes mount points of that type, for the same user.
//
//go:nosplit
//go:norace
//go:nocheckptr
func (m *machine) marked() bool {
	mode, at := m.claims.mode, &m.claims.named
	if at.Attributes&unix.STATX_ATTR_MOUNT_ROOT != 0 {
		return false // this sandbox has mounted something on it
	}
	if uintptr(at.Mode)&unix.S_IFMT != mode&unix.S_IFMT || uintptr(at.Uid) != sys(unix.SYS_GETEUID, 0, 0, 0, 0, 0, 0) {
		return false
	}
	if mode&unix.S_IFMT == unix.S_IFDIR {
		return at.Mode&unix.S_ISVTX != 0
	}
	return at.Mode&0o7777 == 0 && at.Size == 0
}

// bare reports whether nothing is mounted on what lookName has found, as far as the kernel can tell (since Linux 5.8,
// see statx(2)).
//
//go:nosplit
//go:norace
//go:nocheckptr
func (m *machine) bare() bool {
	at := &m.claims.named
	return at.Attributes_mask&unix.STATX_ATTR_MOUNT_ROOT != 0 && at.Attributes&unix.STATX_ATTR_MOUNT_ROOT == 0
}

// makePoint makes a mount point and opens it.
//
//go:nosplit
//go:norace
func (m *machine) makePoint() uintptr {
	at, perms := &m.claims, m.claims.mode&0o7777
	if at.mode&unix.S_IFMT == unix.S_IFDIR {
		if errno := errnoOf(sys(unix.SYS_MKDIRAT, at.dir, at.name, perms, 0, 0, 0)); errno != 0 {
			return errno
		}
		return m.openPoint()
	}
	const flags = unix.O_RDONLY | unix.O_CREAT | unix.O_EXCL | unix.O_NOFOLLOW | unix.O_CLOEXEC
	at.fd = sys(unix.SYS_OPENAT, at.dir, at.name, flags, perms, 0, 0)
	return errnoOf(at.fd)
}

// openPoint opens a mount point for its lock. Its mode lets nobody do that but pid 1, which is root of a user
// namespace, if that knows its owner and its group: where new files have the group of the directory, it first gets
// the user's.
//
//go:nosplit
//go:norace
func (m *machine) openPoint() uintptr {
	at, flags := &m.claims, uintptr(unix.O_RDONLY|unix.O_NOFOLLOW|unix.O_CLOEXEC|unix.O_NONBLOCK)
	if at.mode&unix.S_IFMT == unix.S_IFDIR {
		flags |= unix.O_DIRECTORY
	}
	at.fd = sys(unix.SYS_OPENAT, at.dir, at.name, flags, 0, 0, 0)
	if errnoOf(at.fd) == uintptr(unix.EACCES) {
		group := sys(unix.SYS_GETEGID, 0, 0, 0, 0, 0, 0)
		sys(unix.SYS_FCHOWNAT, at.dir, at.name, ^uintptr(0), group, unix.AT_SYMLINK_NOFOLLOW, 0)
		at.fd = sys(unix.SYS_OPENAT, at.dir, at.name, flags, 0, 0, 0)
	}
	switch errno := errnoOf(at.fd); errno {
	case uintptr(unix.ENOENT), uintptr(unix.ELOOP), uintptr(unix.ENOTDIR):
		return tryAgain
	default:
		return errno
	}
}

// lockPoint takes a shared lock on what is open, and makes sure that it is still what has the name: from then on
// nobody removes it.
//
//go:nosplit
//go:norace
//go:nocheckptr
func (m *machine) lockPoint() uintptr {
	if errno := errnoOf(sys(unix.SYS_FLOCK, m.claims.fd, unix.LOCK_SH|unix.LOCK_NB, 0, 0, 0, 0)); errno != 0 {
		return errno
	}
	if errno := m.lookAt(m.claims.fd); errno != 0 {
		return errno
	}
	if m.lookName() != 0 {
		return tryAgain
	}
	a, b := &m.claims.named, &m.claims.opened
	if a.Ino != b.Ino || a.Dev_major != b.Dev_major || a.Dev_minor != b.Dev_minor {
		return tryAgain
	}
	return 0
}
