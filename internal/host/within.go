package host

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// What is asked of a directory by descriptor and a single name, without following links.

// name is a name in a directory as the kernel takes it.
type name [256]byte

// set copies text. It returns false for what is no single name.
func (n *name) set(text string) bool {
	if text == "" || len(text) >= len(n) {
		return false
	}
	for i := range len(text) {
		if text[i] == 0 || text[i] == '/' {
			return false
		}
		n[i] = text[i]
	}
	n[len(text)] = 0
	return text != ".."
}

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

// StatIn says what is at a name in a directory.
func StatIn(dir int, text string) (f File, errno unix.Errno) {
	var n name
	if !n.set(text) {
		return f, unix.EINVAL
	}
	var st unix.Stat_t
	p, to := uintptr(unsafe.Pointer(&n)), uintptr(unsafe.Pointer(&st))
	_, _, errno = unix.RawSyscall6(sysStatat, uintptr(dir), p, to, unix.AT_SYMLINK_NOFOLLOW, 0, 0)
	return fileOf(&st), errno
}

// StatFD says what a descriptor has open.
func StatFD(fd int) (f File, errno unix.Errno) {
	var st unix.Stat_t
	_, _, errno = unix.RawSyscall(unix.SYS_FSTAT, uintptr(fd), uintptr(unsafe.Pointer(&st)), 0)
	return fileOf(&st), errno
}

// StatPath says what is at a path; links are not followed at its end.
func StatPath(text string) (f File, errno unix.Errno) {
	var p path
	if !p.set(text) {
		return f, unix.ENAMETOOLONG
	}
	var st unix.Stat_t
	errno = stat(&p, &st, unix.AT_SYMLINK_NOFOLLOW)
	return fileOf(&st), errno
}

func fileOf(st *unix.Stat_t) File {
	return File{uint64(st.Dev), st.Ino, st.Mode, st.Uid, st.Size, st.Ctim} //nolint:unconvert // Dev is 32 bits on some
}

// OpenIn opens what is at a name in a directory, for reading: no link, and nothing that is mounted there (EXDEV).
func OpenIn(dir int, text string, flags uint64) (fd int, errno unix.Errno) {
	var n name
	if !n.set(text) {
		return -1, unix.EINVAL
	}
	how := unix.OpenHow{
		Flags:   flags | unix.O_RDONLY | unix.O_CLOEXEC | unix.O_NOFOLLOW | unix.O_NONBLOCK | unix.O_NOCTTY,
		Resolve: unix.RESOLVE_NO_SYMLINKS | unix.RESOLVE_NO_XDEV,
	}
	p := uintptr(unsafe.Pointer(&n))
	r, _, errno := unix.RawSyscall6(unix.SYS_OPENAT2, uintptr(dir), p, uintptr(unsafe.Pointer(&how)), unix.SizeofOpenHow, 0, 0)
	if errno != unix.ENOSYS && errno != unix.EPERM {
		return int(r), errno
	}
	// Before Linux 5.6, or where a filter refuses the call: a file system that is bound onto a part of itself is entered.
	r, _, errno = unix.RawSyscall6(unix.SYS_OPENAT, uintptr(dir), p, uintptr(how.Flags), 0, 0, 0)
	if errno != 0 {
		return -1, errno
	}
	above, wrong := StatFD(dir)
	found, worse := StatFD(int(r))
	if wrong != 0 || worse != 0 || above.Dev != found.Dev {
		Close(int(r))
		return -1, unix.EXDEV
	}
	return int(r), 0
}

// OpenDirAt opens a directory by its path, for reading.
func OpenDirAt(text string) (fd int, errno unix.Errno) {
	var p path
	if !p.set(text) {
		return -1, unix.ENAMETOOLONG
	}
	return open(&p, unix.O_RDONLY|unix.O_DIRECTORY)
}

// RenameIn gives what is at a name in a directory another name there, if that is free (EEXIST), see renameat2(2).
func RenameIn(dir int, from, to string) unix.Errno {
	var n, m name
	if !n.set(from) || !m.set(to) {
		return unix.EINVAL
	}
	errno := rename(dir, &n, &m, unix.RENAME_NOREPLACE)
	if errno != unix.EINVAL && errno != unix.ENOSYS {
		return errno
	}
	// A file system without RENAME_NOREPLACE: what is looked for first is not replaced, but for what comes in between.
	if _, errno := StatIn(dir, to); errno != unix.ENOENT {
		return unix.EEXIST
	}
	return rename(dir, &n, &m, 0)
}

func rename(dir int, from, to *name, flags uintptr) unix.Errno {
	p, q := uintptr(unsafe.Pointer(from)), uintptr(unsafe.Pointer(to))
	_, _, errno := unix.RawSyscall6(unix.SYS_RENAMEAT2, uintptr(dir), p, uintptr(dir), q, flags, 0)
	return errno
}

// RealTime returns a time that is not after the change time of what changes from now on, as the kernel's clock for files.
func RealTime() (now unix.Timespec) {
	_, _, _ = unix.RawSyscall(unix.SYS_CLOCK_GETTIME, unix.CLOCK_REALTIME_COARSE, uintptr(unsafe.Pointer(&now)), 0)
	return now
}
