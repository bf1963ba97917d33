package host

import (
	"unsafe"

	"box/internal/early"

	"golang.org/x/sys/unix"
)

// What makes, writes, renames and removes files below a directory that is open.

// MakeDir makes a directory, see mkdirat(2).
func MakeDir(dir int, name string, mode uint32) unix.Errno {
	var p path
	if !p.set(name) {
		return unix.ENAMETOOLONG
	}
	_, _, errno := unix.RawSyscall(unix.SYS_MKDIRAT, uintptr(dir), uintptr(unsafe.Pointer(&p)), uintptr(mode))
	return errno
}

// CreateAt opens what is at name below the directory dir, close-on-exec, and makes it if O_CREAT is among flags, those of open(2).
func CreateAt(dir int, name string, flags int, mode uint32) (fd int, errno unix.Errno) {
	var p path
	if !p.set(name) {
		return -1, unix.ENAMETOOLONG
	}
	at := uintptr(unsafe.Pointer(&p))
	r, _, errno := unix.RawSyscall6(unix.SYS_OPENAT, uintptr(dir), at, uintptr(flags)|unix.O_CLOEXEC, uintptr(mode), 0, 0)
	if errno != 0 {
		return -1, errno
	}
	return int(r), 0
}

// ChangeMode gives what fd has open another mode, also where fd is open for nothing, with O_PATH, see fchmodat(2).
func ChangeMode(fd int, mode uint32) unix.Errno {
	var name early.Text
	name.Add("/proc/self/fd/")
	name.AddNumber(uint64(fd))
	var p path
	if !p.set(name.String()) {
		return unix.ENAMETOOLONG
	}
	here := Here
	_, _, errno := unix.RawSyscall(unix.SYS_FCHMODAT, uintptr(here), uintptr(unsafe.Pointer(&p)), uintptr(mode))
	return errno
}

// RemoveAt removes a name, see unlinkat(2); flags are its own.
func RemoveAt(dir int, name string, flags int) unix.Errno {
	var p path
	if !p.set(name) {
		return unix.ENAMETOOLONG
	}
	_, _, errno := unix.RawSyscall(unix.SYS_UNLINKAT, uintptr(dir), uintptr(unsafe.Pointer(&p)), uintptr(flags))
	return errno
}

// Replace gives what is at a name in a directory another name there, and takes that from what had it, see rename(2).
func Replace(dir int, from, to string) unix.Errno {
	var n, m path
	if !n.set(from) || !m.set(to) {
		return unix.ENAMETOOLONG
	}
	return rename(dir, &n, &m, 0)
}

// WriteAll writes all of a text, see write(2). ENOSPC is from a file that takes nothing more.
func WriteAll(fd int, text string) unix.Errno {
	for text != "" {
		n, errno := Write(fd, text)
		switch {
		case errno == unix.EINTR:
		case errno != 0:
			return errno
		case n == 0:
			return unix.ENOSPC
		default:
			text = text[n:]
		}
	}
	return 0
}

// Lock takes a lock for writing on an open file description, see fcntl(2), F_OFD_SETLK: all descriptors of that have it, those of
// children as well, and it goes with the last of them. EAGAIN: somebody has it.
func Lock(fd int) unix.Errno {
	const set = unix.F_OFD_SETLK
	f := unix.Flock_t{Type: unix.F_WRLCK}
	_, _, errno := unix.RawSyscall(unix.SYS_FCNTL, uintptr(fd), set, uintptr(unsafe.Pointer(&f)))
	return errno
}

// Locked reports whether somebody else has a lock as Lock takes it. It takes none.
func Locked(fd int) (held bool, errno unix.Errno) {
	f := unix.Flock_t{Type: unix.F_WRLCK}
	_, _, errno = unix.RawSyscall(unix.SYS_FCNTL, uintptr(fd), unix.F_OFD_GETLK, uintptr(unsafe.Pointer(&f)))
	return errno == 0 && f.Type != unix.F_UNLCK, errno
}

// LockByte takes a lock of the process on one byte of a file, see fcntl(2), F_SETLK. It goes when the process ends, or closes any
// descriptor of the file.
func LockByte(fd int, at int64) unix.Errno {
	f := unix.Flock_t{Type: unix.F_WRLCK, Start: at, Len: 1}
	_, _, errno := unix.RawSyscall(unix.SYS_FCNTL, uintptr(fd), unix.F_SETLK, uintptr(unsafe.Pointer(&f)))
	return errno
}

// LockedByte returns where a byte from at on, and before end, is locked by LockByte, and by which process: one of them, and not
// the first. pid is 0 if none is.
func LockedByte(fd int, at, end int64) (pid int, where int64, errno unix.Errno) {
	f := unix.Flock_t{Type: unix.F_WRLCK, Start: at, Len: end - at}
	_, _, errno = unix.RawSyscall(unix.SYS_FCNTL, uintptr(fd), unix.F_GETLK, uintptr(unsafe.Pointer(&f)))
	if errno != 0 || f.Type == unix.F_UNLCK {
		return 0, 0, errno
	}
	return int(f.Pid), f.Start, 0
}

// ShareLock takes a shared lock of flock(2), if nobody has it for himself.
func ShareLock(fd int) unix.Errno {
	_, _, errno := unix.RawSyscall(unix.SYS_FLOCK, uintptr(fd), unix.LOCK_SH|unix.LOCK_NB, 0)
	return errno
}

// OnlyLock takes the lock of flock(2) that nobody else can have beside. EAGAIN: somebody has one.
func OnlyLock(fd int) unix.Errno {
	_, _, errno := unix.RawSyscall(unix.SYS_FLOCK, uintptr(fd), unix.LOCK_EX|unix.LOCK_NB, 0)
	return errno
}

// Random fills data with what nobody can guess, see getrandom(2).
func Random(data []byte) unix.Errno {
	to := uintptr(unsafe.Pointer(unsafe.SliceData(data)))
	_, _, errno := unix.RawSyscall(unix.SYS_GETRANDOM, to, uintptr(len(data)), 0)
	return errno
}

// Now returns the time since 1970 in nanoseconds, see clock_gettime(2).
func Now() int64 {
	var now unix.Timespec
	_, _, _ = unix.RawSyscall(unix.SYS_CLOCK_GETTIME, unix.CLOCK_REALTIME, uintptr(unsafe.Pointer(&now)), 0)
	return now.Sec*1e9 + now.Nsec
}
