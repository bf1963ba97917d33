package host

import (
	"unsafe"

	"box/internal/early"

	"golang.org/x/sys/unix"
)

// What a process does to become another one: a monitor that nobody waits for.

// Fork makes a copy of the process, see fork(2). It returns 0 in the copy. It is for a process without a Go runtime: the copy
// of one with it has none of its other threads.
func Fork() (pid int, errno unix.Errno) {
	if !early.Running() {
		return -1, unix.ENOSYS
	}
	return result2(raw(unix.SYS_CLONE, uintptr(unix.SIGCHLD), 0, 0))
}

func result2(r uintptr) (int, unix.Errno) {
	n, errno := result(r)
	return int(n), errno
}

// Session begins a session, see setsid(2).
func Session() { _, _, _ = unix.RawSyscall(unix.SYS_SETSID, 0, 0, 0) }

// Pipe makes a pipe: what is read from the first is written to the second, see pipe2(2). Both are close-on-exec.
func Pipe() (pair [2]int32, errno unix.Errno) {
	_, _, errno = unix.RawSyscall(unix.SYS_PIPE2, uintptr(unsafe.Pointer(&pair)), unix.O_CLOEXEC, 0)
	return pair, errno
}

// Place makes to the same as fd, and not close-on-exec, see dup3(2).
func Place(fd, to int) { _, _, _ = unix.RawSyscall(unix.SYS_DUP3, uintptr(fd), uintptr(to), 0) }

// Standard opens /dev/null in the place of those of 0, 1 and 2 that are closed: what is opened next would have their numbers.
func Standard() {
	var p path
	p.set("/dev/null")
	for fd := range 3 {
		if _, errno := Fcntl(fd, unix.F_GETFD, 0); errno != 0 {
			_, _, _ = unix.RawSyscall6(unix.SYS_OPENAT, ^uintptr(99), uintptr(unsafe.Pointer(&p)), unix.O_RDWR, 0, 0, 0)
		}
	}
}

// Chdir changes the working directory.
func Chdir(name string) unix.Errno {
	var p path
	if !p.set(name) {
		return unix.ENAMETOOLONG
	}
	_, _, errno := unix.RawSyscall(unix.SYS_CHDIR, uintptr(unsafe.Pointer(&p)), 0, 0)
	return errno
}

// Truncate gives an open file a size, see ftruncate(2).
func Truncate(fd int, size int64) {
	_, _, _ = unix.RawSyscall(unix.SYS_FTRUNCATE, uintptr(fd), uintptr(size), 0)
}

// Title writes a text over the arguments of the process, which start and size are, and zeros behind it: see proc_pid_cmdline(5).
func Title(start, size uintptr, parts ...string) {
	at := uintptr(0)
	for _, part := range parts {
		for i := 0; i < len(part) && at+1 < size; i++ {
			*(*byte)(*(*unsafe.Pointer)(unsafe.Pointer(&start))) = part[i]
			start++
			at++
		}
	}
	for ; at < size; at++ {
		*(*byte)(*(*unsafe.Pointer)(unsafe.Pointer(&start))) = 0
		start++
	}
}

// Resize gives a terminal a size, see TIOCSWINSZ(2const).
func Resize(terminal int, rows, columns uint16) {
	size := unix.Winsize{Row: rows, Col: columns}
	at := uintptr(unsafe.Pointer(&size))
	_, _, _ = unix.RawSyscall(unix.SYS_IOCTL, uintptr(terminal), unix.TIOCSWINSZ, at)
}

// NamespaceOwner returns the user namespace that a namespace belongs to, see ioctl_nsfs(2).
func NamespaceOwner(namespace int) (fd int, errno unix.Errno) {
	r, _, errno := unix.RawSyscall(unix.SYS_IOCTL, uintptr(namespace), unix.NS_GET_USERNS, 0)
	if errno != 0 {
		return -1, errno
	}
	return int(r), 0
}

// RaiseFiles raises the soft limit for descriptors to the hard one.
func RaiseFiles() {
	var limit unix.Rlimit
	at := uintptr(unsafe.Pointer(&limit))
	_, _, errno := unix.RawSyscall6(unix.SYS_PRLIMIT64, 0, unix.RLIMIT_NOFILE, 0, at, 0, 0)
	if limit.Cur = limit.Max; errno == 0 {
		_, _, _ = unix.RawSyscall6(unix.SYS_PRLIMIT64, 0, unix.RLIMIT_NOFILE, at, 0, 0, 0)
	}
}

// AllFiles raises the soft limit for descriptors to the hard one.
func AllFiles(hard uint64) { LimitFiles(hard, hard) }

// LimitFiles sets the limits for descriptors, see prlimit(2).
func LimitFiles(soft, hard uint64) {
	limit := unix.Rlimit{Cur: soft, Max: hard}
	at := uintptr(unsafe.Pointer(&limit))
	_, _, _ = unix.RawSyscall6(unix.SYS_PRLIMIT64, 0, unix.RLIMIT_NOFILE, at, 0, 0, 0)
}

// Execute makes this program begin anew in this process, with these arguments and no environment, see execve(2). It returns only if
// that fails: E2BIG is for more arguments than it takes, or longer ones. The program may have been replaced since.
func Execute(args ...string) unix.Errno {
	n := &next
	if len(args) > len(n.words) {
		return unix.E2BIG
	}
	for i, arg := range args {
		if !n.words[i].set(arg) {
			return unix.E2BIG
		}
		n.argv[i] = uintptr(unsafe.Pointer(&n.words[i]))
	}
	n.argv[len(args)] = 0
	n.file.set("/proc/self/exe")
	argv, none := uintptr(unsafe.Pointer(&n.argv)), uintptr(unsafe.Pointer(&n.argv[len(args)]))
	_, _, errno := unix.RawSyscall(unix.SYS_EXECVE, uintptr(unsafe.Pointer(&n.file)), argv, none)
	return errno
}

// next is what the kernel reads in Execute. It has a place that does not move.
var next struct {
	file  path
	words [3]path
	argv  [4]uintptr
}
