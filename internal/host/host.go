// Package host asks the kernel about the host and about the process itself, by raw system calls and without allocating: it can be
// used before the Go runtime begins, see package early. Package kernel knows what the answers mean.
package host

import (
	"unsafe"

	"box/internal/early"

	"golang.org/x/sys/unix"
)

// path is a path as the kernel takes it.
type path [unix.PathMax]byte

// set copies name. It returns false for one that the kernel would not take: too long, or with a NUL in it.
func (p *path) set(name string) bool {
	if len(name) >= len(p) {
		return false
	}
	for i := range len(name) {
		if name[i] == 0 {
			return false
		}
		p[i] = name[i]
	}
	p[len(name)] = 0
	return true
}

// Stat returns the mode of what is at name, as in stat(2). flags are those of fstatat(2).
func Stat(name string, flags int) (mode uint32, errno unix.Errno) {
	var p path
	if !p.set(name) {
		return 0, unix.ENAMETOOLONG
	}
	var st unix.Stat_t
	errno = stat(&p, &st, flags)
	return st.Mode, errno
}

// Owner returns the mode of what is at name, and the user id of its owner, as in stat(2). flags are those of fstatat(2).
func Owner(name string, flags int) (mode, uid uint32, errno unix.Errno) {
	var p path
	if !p.set(name) {
		return 0, 0, unix.ENAMETOOLONG
	}
	var st unix.Stat_t
	errno = stat(&p, &st, flags)
	return st.Mode, st.Uid, errno
}

// IsDir reports whether name is a directory, links followed.
func IsDir(name string) bool {
	mode, errno := Stat(name, 0)
	return errno == 0 && mode&unix.S_IFMT == unix.S_IFDIR
}

// IsLink reports whether name is a symbolic link.
func IsLink(name string) bool {
	mode, errno := Stat(name, unix.AT_SYMLINK_NOFOLLOW)
	return errno == 0 && mode&unix.S_IFMT == unix.S_IFLNK
}

// Exists reports whether there is anything at name, links not followed.
func Exists(name string) bool {
	_, errno := Stat(name, unix.AT_SYMLINK_NOFOLLOW)
	return errno == 0
}

// Access reports whether the process may do with name what mode says, see access(2). It asks for its real ids, which are its
// effective ones.
func Access(name string, mode uint32) bool {
	var p path
	if !p.set(name) {
		return false
	}
	at := unix.AT_FDCWD
	_, _, errno := unix.RawSyscall(unix.SYS_FACCESSAT, uintptr(at), uintptr(unsafe.Pointer(&p)), uintptr(mode))
	return errno == 0
}

// ReadFile reads a regular file into buffer, and returns what it has read: all of the file, if that is less than the buffer. It is
// "" for a file that can't be read.
func ReadFile(name string, buffer []byte) string {
	var p path
	if !p.set(name) {
		return ""
	}
	fd, errno := open(&p, unix.O_RDONLY|unix.O_NONBLOCK)
	if errno != 0 {
		return ""
	}
	n, errno := Read(fd, buffer)
	Close(fd)
	if errno != 0 {
		return ""
	}
	return unsafe.String(unsafe.SliceData(buffer), n)
}

// Readlink returns the target of the link at name, which it writes into buffer; "" if name is not a link.
func Readlink(name string, buffer []byte) string {
	var p path
	if !p.set(name) || len(buffer) == 0 {
		return ""
	}
	at, link, to := unix.AT_FDCWD, uintptr(unsafe.Pointer(&p)), uintptr(unsafe.Pointer(&buffer[0]))
	n, _, errno := unix.RawSyscall6(unix.SYS_READLINKAT, uintptr(at), link, to, uintptr(len(buffer)), 0, 0)
	if errno != 0 {
		return ""
	}
	return unsafe.String(&buffer[0], int(n))
}

// Getwd returns the working directory, which it writes into buffer, see getcwd(2). It is "" if the directory has no path.
func Getwd(buffer []byte) string {
	n, _, errno := unix.RawSyscall(unix.SYS_GETCWD, uintptr(unsafe.Pointer(&buffer[0])), uintptr(len(buffer)), 0)
	if errno != 0 || n < 2 || buffer[0] != '/' { // "(unreachable)"
		return ""
	}
	return unsafe.String(&buffer[0], int(n)-1)
}

// IsTerminal reports whether the descriptor is a terminal.
func IsTerminal(fd int) bool {
	var modes unix.Termios
	_, _, errno := unix.RawSyscall(unix.SYS_IOCTL, uintptr(fd), unix.TCGETS, uintptr(unsafe.Pointer(&modes)))
	return errno == 0
}

// Controls reports whether a terminal is the controlling one of the process, see tty(4).
func Controls(terminal int) bool {
	_, errno := foregroundGroup(terminal)
	return errno == 0
}

// Foreground reports whether the process may read from a terminal: its process group is the foreground one there, or it is not
// the controlling terminal, and so nobody is in the background.
func Foreground(terminal int) bool {
	group, errno := foregroundGroup(terminal)
	own, _, _ := unix.RawSyscall(unix.SYS_GETPGID, 0, 0, 0)
	return errno == unix.ENOTTY || errno == 0 && group == int32(own)
}

func foregroundGroup(terminal int) (group int32, errno unix.Errno) {
	_, _, errno = unix.RawSyscall(unix.SYS_IOCTL, uintptr(terminal), unix.TIOCGPGRP, uintptr(unsafe.Pointer(&group)))
	return group, errno
}

// Description returns the mode of what a descriptor has open, see fstat(2), and how it was opened: F_GETFL of fcntl(2).
func Description(fd int) (mode uint32, flags int, errno unix.Errno) {
	var st unix.Stat_t
	_, _, errno = unix.RawSyscall(unix.SYS_FSTAT, uintptr(fd), uintptr(unsafe.Pointer(&st)), 0)
	if errno == 0 {
		flags, errno = Fcntl(fd, unix.F_GETFL, 0)
	}
	return st.Mode, flags, errno
}

// OnReadOnlyMount reports whether what a descriptor has open is on a mount that is read-only, see fstatfs(2).
func OnReadOnlyMount(fd int) bool {
	var st unix.Statfs_t
	_, _, errno := unix.RawSyscall(unix.SYS_FSTATFS, uintptr(fd), uintptr(unsafe.Pointer(&st)), 0)
	return errno == 0 && st.Flags&unix.ST_RDONLY != 0
}

// Capabilities returns the process's own effective set, see capget(2).
func Capabilities() uint64 {
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var data [2]unix.CapUserData
	_, _, errno := unix.RawSyscall(unix.SYS_CAPGET, uintptr(unsafe.Pointer(&header)), uintptr(unsafe.Pointer(&data)), 0)
	if errno != 0 {
		return 0
	}
	return uint64(data[0].Effective) | uint64(data[1].Effective)<<32
}

// Gained reports whether the process has capabilities that are not ambient. An ordinary user's program has them from its file, see
// capabilities(7).
func Gained() bool {
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var data [2]unix.CapUserData
	_, _, errno := unix.RawSyscall(unix.SYS_CAPGET, uintptr(unsafe.Pointer(&header)), uintptr(unsafe.Pointer(&data)), 0)
	if errno != 0 {
		return true
	}
	permitted := uint64(data[0].Permitted) | uint64(data[1].Permitted)<<32
	for c := range uintptr(64) {
		if permitted>>c&1 == 0 {
			continue
		}
		is, _, errno := unix.RawSyscall6(unix.SYS_PRCTL, unix.PR_CAP_AMBIENT, unix.PR_CAP_AMBIENT_IS_SET, c, 0, 0, 0)
		if errno != 0 || is != 1 {
			return true
		}
	}
	return false
}

// Fcntl is fcntl(2).
func Fcntl(fd, cmd, arg int) (int, unix.Errno) {
	r, _, errno := unix.RawSyscall(unix.SYS_FCNTL, uintptr(fd), uintptr(cmd), uintptr(arg))
	return int(r), errno
}

// Read is read(2).
func Read(fd int, data []byte) (n int, errno unix.Errno) {
	r, errno := syscall(unix.SYS_READ, uintptr(fd), unsafe.Pointer(unsafe.SliceData(data)), uintptr(len(data)))
	return int(r), errno
}

// ReadAt is pread64(2) of something that makes nobody wait.
func ReadAt(fd int, data []byte, at int64) (n int, errno unix.Errno) {
	to := uintptr(unsafe.Pointer(unsafe.SliceData(data)))
	r, _, errno := unix.RawSyscall6(unix.SYS_PREAD64, uintptr(fd), to, uintptr(len(data)), uintptr(at), 0, 0)
	return int(r), errno
}

// Write writes a text, see write(2).
func Write(fd int, text string) (n int, errno unix.Errno) {
	r, errno := syscall(unix.SYS_WRITE, uintptr(fd), unsafe.Pointer(unsafe.StringData(text)), uintptr(len(text)))
	return int(r), errno
}

// WriteBytes is Write for bytes.
func WriteBytes(fd int, data []byte) (n int, errno unix.Errno) {
	r, errno := syscall(unix.SYS_WRITE, uintptr(fd), unsafe.Pointer(unsafe.SliceData(data)), uintptr(len(data)))
	return int(r), errno
}

// Same reports whether two names are of the same file, links followed.
func Same(a, b string) bool {
	var p, q path
	var s, t unix.Stat_t
	return p.set(a) && q.set(b) && stat(&p, &s, 0) == 0 && stat(&q, &t, 0) == 0 && s.Dev == t.Dev && s.Ino == t.Ino
}

func stat(p *path, st *unix.Stat_t, flags int) unix.Errno {
	at, name, to := unix.AT_FDCWD, uintptr(unsafe.Pointer(p)), uintptr(unsafe.Pointer(st))
	_, _, errno := unix.RawSyscall6(sysStatat, uintptr(at), name, to, uintptr(flags), 0, 0)
	return errno
}

// open opens a file, close-on-exec.
func open(p *path, flags uintptr) (fd int, errno unix.Errno) { return openat(unix.AT_FDCWD, p, flags) }

// openat is open for a path that is taken from a directory.
func openat(at int, p *path, flags uintptr) (fd int, errno unix.Errno) {
	r, _, errno := unix.RawSyscall6(unix.SYS_OPENAT, uintptr(at), uintptr(unsafe.Pointer(p)), flags|unix.O_CLOEXEC, 0, 0, 0)
	return int(r), errno
}

// Close is close(2).
func Close(fd int) { _, _, _ = unix.RawSyscall(unix.SYS_CLOSE, uintptr(fd), 0, 0) }

// Boxed returns an errno as an error, without allocating.
func Boxed(errno unix.Errno) error {
	if errno == 0 || int(errno) >= len(errnos) {
		return nil
	}
	errnos[errno].Errno = errno
	return &errnos[errno]
}

// boxed is an errno whose address is known.
type boxed struct{ unix.Errno }

// Unwrap returns the errno.
func (b *boxed) Unwrap() error { return b.Errno }

var errnos [134]boxed // up to EHWPOISON

// RealPath returns the path of name without links, which it writes into buffer: what the kernel says of it when it is open, see
// proc(5). It is "" if there is nothing, or no /proc.
func RealPath(name string, buffer []byte) string {
	var p path
	if !p.set(name) {
		return ""
	}
	fd, errno := open(&p, unix.O_PATH)
	if errno != 0 {
		return ""
	}
	var link early.Text
	link.Add("/proc/self/fd/")
	link.AddNumber(uint64(fd))
	target := Readlink(link.String(), buffer)
	Close(fd)
	if target == "" || target[0] != '/' {
		return ""
	}
	return target
}

// Say writes a text to stderr.
func Say(text string) { _, _ = Write(2, text) }

// Exit ends the process.
func Exit(status int) {
	for {
		_, _, _ = unix.RawSyscall(unix.SYS_EXIT_GROUP, uintptr(status), 0, 0)
	}
}
