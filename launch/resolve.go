package launch

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// way is the state of resolve.
type way struct {
	base   uintptr // the descriptor of where the path begins
	at     uintptr // that of the directory that has been reached
	rest   uintptr // the address of the rest of the path, which ends where text does
	name   uintptr // the address of the part that has been taken off it
	slash  bool    // a slash follows that part
	flags  uintptr // the members of struct open_how
	mode   uintptr
	limits uintptr
	links  int
	stat   [2]unix.Statx_t
	link   [unix.PathMax]byte
	text   [4 * unix.PathMax]byte
}

// maxLinks is how many symbolic links the kernel follows on one way, see path_resolution(7).
const maxLinks = 40

// resolve is openat2(2) for a kernel that has none (before 5.6). It goes part by part, so that links mean what how says, the
// address of a struct open_how: RESOLVE_IN_ROOT, RESOLVE_NO_SYMLINKS, RESOLVE_BENEATH. Magic links are never followed.
//
// Somebody who moves directories meanwhile doesn't lead it out: the kernel takes no ".." from a directory that is no longer below
// the root of its mount (path_connected() in fs/namei.c), and the mounts are the sandbox's own.
//
//go:nosplit
//go:norace
//go:nocheckptr
func (m *machine) resolve(dir, path, how uintptr) uintptr {
	w := &m.way
	open := *(**[3]uint64)(unsafe.Pointer(&how))
	w.flags, w.mode, w.limits = uintptr(open[0]), uintptr(open[1]), uintptr(open[2])
	w.base, w.at, w.links = dir, dir, 0
	w.rest = uintptr(unsafe.Pointer(&w.text)) + unsafe.Sizeof(w.text) - 1
	setByte(w.rest, 0)
	n := uintptr(0)
	for byteAt(path+n) != 0 {
		n++
	}
	switch {
	case n == 0:
		return minus(unix.ENOENT)
	case n >= unix.PathMax:
		return minus(unix.ENAMETOOLONG)
	}
	r := m.ahead(path, n)
	if r == 0 {
		r = m.follow()
	}
	m.reach(w.base)
	return r
}

// ahead puts n bytes of path in front of the rest, and goes to where they begin.
//
//go:nosplit
//go:norace
//go:nocheckptr
func (m *machine) ahead(path, n uintptr) uintptr {
	w := &m.way
	if w.rest-n < uintptr(unsafe.Pointer(&w.text)) {
		return minus(unix.ENAMETOOLONG)
	}
	w.rest -= n
	for i := range n {
		setByte(w.rest+i, byteAt(path+i))
	}
	switch {
	case byteAt(w.rest) != '/':
	case w.limits&unix.RESOLVE_IN_ROOT != 0:
		m.reach(w.base)
	case w.limits&unix.RESOLVE_BENEATH != 0:
		return minus(unix.EXDEV)
	default:
		root := sys(unix.SYS_OPENAT, 0, word("/\x00"), aDirectory, 0, 0, 0)
		if _, is := failed(root); is {
			return root
		}
		m.reach(root)
	}
	return 0
}

// atFDCWD is AT_FDCWD.
const atFDCWD = ^uintptr(99)

// How places are opened that are only passed.
const (
	aDirectory = unix.O_PATH | unix.O_DIRECTORY | unix.O_CLOEXEC
	aPlace     = unix.O_PATH | unix.O_NOFOLLOW | unix.O_CLOEXEC
)

// follow goes along the rest of the path and opens what is at its end.
//
//go:nosplit
//go:norace
//go:nocheckptr
func (m *machine) follow() uintptr {
	w := &m.way
	for w.take() {
		if w.is(".\x00") {
			continue
		}
		if w.is("..\x00") {
			if r := m.up(); r != 0 {
				return r
			}
			continue
		}
		fd := sys(unix.SYS_OPENAT, w.at, w.name, aPlace, 0, 0, 0)
		if errno, is := failed(fd); is {
			if errno == uintptr(unix.ENOENT) && w.last() && w.flags&unix.O_CREAT != 0 {
				return m.openLast()
			}
			return fd
		}
		r := m.look(fd, 0)
		switch kind := w.stat[0].Mode & unix.S_IFMT; {
		case r != 0:
		case kind == unix.S_IFLNK && !w.stays():
			if r = m.target(fd); r <= unix.PathMax {
				r = m.ahead(uintptr(unsafe.Pointer(&w.link)), r)
			}
		case w.last():
			return m.arrive(fd, kind == unix.S_IFDIR)
		case kind != unix.S_IFDIR:
			r = minus(unix.ENOTDIR)
		default:
			m.reach(fd)
			continue
		}
		sys(unix.SYS_CLOSE, fd, 0, 0, 0, 0, 0)
		if r != 0 {
			return r
		}
	}
	if w.flags&unix.O_PATH != 0 && w.at != atFDCWD { // it is open, and need not be searched
		return sys(unix.SYS_FCNTL, w.at, unix.F_DUPFD_CLOEXEC, 0, 0, 0, 0)
	}
	w.name = word(".\x00")
	return m.openLast()
}

// arrive opens what has been found at the end of the way, and is open as fd.
//
//go:nosplit
//go:norace
func (m *machine) arrive(fd uintptr, dir bool) uintptr {
	wrong := m.way.flags&unix.O_DIRECTORY != 0 && !dir
	if m.way.flags&unix.O_PATH != 0 && !wrong {
		return fd
	}
	sys(unix.SYS_CLOSE, fd, 0, 0, 0, 0, 0)
	if wrong {
		return minus(unix.ENOTDIR)
	}
	return m.openLast()
}

// openLast opens, or makes, the last part of the path.
//
//go:nosplit
//go:norace
func (m *machine) openLast() uintptr {
	w := &m.way
	return sys(unix.SYS_OPENAT, w.at, w.name, w.flags|unix.O_NOFOLLOW|unix.O_CLOEXEC, w.mode, 0, 0)
}

// target reads where the link leads that is open as fd, and makes room for that in the place of its name. It returns how long it
// is.
//
//go:nosplit
//go:norace
//go:nocheckptr
func (m *machine) target(fd uintptr) uintptr {
	w := &m.way
	if w.links++; w.links > maxLinks || w.limits&unix.RESOLVE_NO_SYMLINKS != 0 {
		return minus(unix.ELOOP)
	}
	link := uintptr(unsafe.Pointer(&w.link))
	n := sys(unix.SYS_READLINKAT, fd, word("\x00"), link, unsafe.Sizeof(w.link), 0, 0)
	_, is := failed(n)
	switch {
	case is:
	case n == 0:
		n = minus(unix.ENOENT)
	case m.magic(fd, link, n):
		n = minus(unix.ELOOP)
	case w.slash:
		w.rest--
		setByte(w.rest, '/')
	}
	return n
}

// magic reports whether the link fd with this target is one of proc(5) that leads to an object and not by its text.
// These are paths from the root, or name a kind of object: "/home", "pipe:[4]". Links by text are relative there:
// "self/mounts".
//
//go:nosplit
//go:norace
//go:nocheckptr
func (m *machine) magic(fd, target, n uintptr) bool {
	stat := uintptr(unsafe.Pointer(&m.way.stat[1])) // a struct statfs is smaller, and begins with the type
	_, is := failed(sys(unix.SYS_FSTATFS, fd, stat, 0, 0, 0, 0))
	if is || peek(stat) != unix.PROC_SUPER_MAGIC {
		return is
	}
	for i := range n {
		if c := byteAt(target + i); c == ':' || c == '/' && i == 0 {
			return true
		}
	}
	return false
}

// up goes to the directory above, but not above the base where that is a bound.
//
//go:nosplit
//go:norace
//go:nocheckptr
func (m *machine) up() uintptr {
	w := &m.way
	if w.limits&(unix.RESOLVE_IN_ROOT|unix.RESOLVE_BENEATH) != 0 {
		if r := m.look(w.at, 0); r != 0 {
			return r
		}
		if r := m.look(w.base, 1); r != 0 {
			return r
		}
		if w.alike() {
			if w.limits&unix.RESOLVE_BENEATH != 0 {
				return minus(unix.EXDEV)
			}
			return 0
		}
	}
	fd := sys(unix.SYS_OPENAT, w.at, word("..\x00"), aDirectory, 0, 0, 0)
	if _, is := failed(fd); !is && m.stage.up && m.onStage(fd) {
		sys(unix.SYS_CLOSE, fd, 0, 0, 0, 0, 0)
		fd = sys(unix.SYS_OPENAT, 0, word("/\x00"), aDirectory, 0, 0, 0)
	}
	if _, is := failed(fd); is {
		return fd
	}
	m.reach(fd)
	return 0
}

// alike reports whether what look has found in the two places is the same.
//
//go:nosplit
//go:norace
func (w *way) alike() bool {
	a, b := &w.stat[0], &w.stat[1]
	return a.Ino == b.Ino && a.Mnt_id == b.Mnt_id && a.Dev_major == b.Dev_major && a.Dev_minor == b.Dev_minor
}

// look asks what is open as fd, see statx(2), into one of the two places for that.
//
//go:nosplit
//go:norace
//go:nocheckptr
func (m *machine) look(fd, place uintptr) uintptr {
	to := uintptr(unsafe.Pointer(&m.way.stat)) + place*unsafe.Sizeof(m.way.stat[0])
	const flags, mask = unix.AT_EMPTY_PATH, unix.STATX_TYPE | unix.STATX_INO | unix.STATX_MNT_ID
	return sys(unix.SYS_STATX, fd, word("\x00"), flags, mask, to, 0)
}

// reach makes fd the directory that has been reached.
//
//go:nosplit
//go:norace
func (m *machine) reach(fd uintptr) {
	if w := &m.way; w.at != fd {
		if w.at != w.base {
			sys(unix.SYS_CLOSE, w.at, 0, 0, 0, 0, 0)
		}
		w.at = fd
	}
}

// take takes the next part off the rest of the path. It returns false if there is none.
//
//go:nosplit
//go:norace
func (w *way) take() bool {
	for byteAt(w.rest) == '/' {
		w.rest++
	}
	w.name = w.rest
	for byteAt(w.rest) != '/' && byteAt(w.rest) != 0 {
		w.rest++
	}
	if w.slash = byteAt(w.rest) == '/'; w.slash {
		setByte(w.rest, 0)
		w.rest++
	}
	return byteAt(w.name) != 0
}

// is reports whether the part that was taken is a constant, which ends in a NUL as it does.
//
//go:nosplit
//go:norace
func (w *way) is(constant string) bool { return same(w.name, word(constant), uintptr(len(constant))) }

// stays reports whether a link at this place is what is asked for.
//
//go:nosplit
//go:norace
func (w *way) stays() bool { return w.flags&unix.O_NOFOLLOW != 0 && w.last() }

// last reports whether the part that was taken is the last one, and no slash asks for a directory.
//
//go:nosplit
//go:norace
func (w *way) last() bool { return !w.slash && byteAt(w.rest) == 0 }
