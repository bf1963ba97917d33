package host

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// What is done to a single name in a directory that is open.

// File is what fstat(2) says of a file.
type File struct {
	Dev, Ino uint64
	Mode     uint32
	UID      uint32
	Size     int64
	Changed  unix.Timespec // st_ctim, which nobody can set
}

// Is reports whether the file is of a type, such as unix.S_IFDIR.
func (f File) Is(kind uint32) bool { return f.Mode&unix.S_IFMT == kind }

// Same reports whether two are of the same file.
func (f File) Same(g File) bool { return f.Dev == g.Dev && f.Ino == g.Ino }

// fileOf takes over what is asked for.
func fileOf(st *unix.Stat_t) File {
	return File{uint64(st.Dev), st.Ino, st.Mode, st.Uid, st.Size, st.Ctim} //nolint:unconvert // Dev is 32 bits on some
}

// OpenIn opens what is at a name in a directory, for reading: no link, and nothing that is mounted there (EXDEV).
func OpenIn(dir int, name string, flags uint64) (fd int, errno unix.Errno) {
	var to path
	if !to.set(name) {
		return -1, unix.ENAMETOOLONG
	}
	how := unix.OpenHow{
		Flags:   flags | unix.O_RDONLY | unix.O_CLOEXEC | unix.O_NOFOLLOW | unix.O_NONBLOCK | unix.O_NOCTTY,
		Resolve: unix.RESOLVE_NO_SYMLINKS | unix.RESOLVE_NO_XDEV,
	}
	p := uintptr(unsafe.Pointer(&to))
	r, _, errno := unix.RawSyscall6(unix.SYS_OPENAT2, uintptr(dir), p, uintptr(unsafe.Pointer(&how)), unix.SizeofOpenHow, 0, 0)
	if errno != unix.ENOSYS && errno != unix.EPERM && errno != unix.EINVAL {
		return int(r), errno
	}
	// Before Linux 5.6, or where a filter refuses the call, in one of its words: a file system that is bound onto a part of itself
	// is entered.
	r, _, errno = unix.RawSyscall6(unix.SYS_OPENAT, uintptr(dir), p, uintptr(how.Flags), 0, 0, 0)
	if errno != 0 {
		return -1, errno
	}
	above, wrong := Look(dir, "")
	found, worse := Look(int(r), "")
	if wrong != 0 || worse != 0 || above.Dev != found.Dev {
		Close(int(r))
		return -1, unix.EXDEV
	}
	return int(r), 0
}

// RenameIn gives what is at a name in a directory another name there, if that is free (EEXIST), see renameat2(2).
func RenameIn(dir int, from, to string) unix.Errno {
	var n, m path
	if !n.set(from) || !m.set(to) {
		return unix.ENAMETOOLONG
	}
	errno := rename(dir, &n, &m, unix.RENAME_NOREPLACE)
	if errno != unix.EINVAL && errno != unix.ENOSYS {
		return errno
	}
	// A file system without RENAME_NOREPLACE: what is looked for first is not replaced, but for what comes in between.
	if _, errno := Look(dir, to); errno != unix.ENOENT {
		return unix.EEXIST
	}
	return rename(dir, &n, &m, 0)
}

func rename(dir int, from, to *path, flags uintptr) unix.Errno {
	p, q := uintptr(unsafe.Pointer(from)), uintptr(unsafe.Pointer(to))
	_, _, errno := unix.RawSyscall6(unix.SYS_RENAMEAT2, uintptr(dir), p, uintptr(dir), q, flags, 0)
	return errno
}

// RealTime returns a time that is not after the change time of what changes from now on, as the kernel's clock for files.
func RealTime() (now unix.Timespec) {
	_, _, _ = unix.RawSyscall(unix.SYS_CLOCK_GETTIME, unix.CLOCK_REALTIME_COARSE, uintptr(unsafe.Pointer(&now)), 0)
	return now
}
