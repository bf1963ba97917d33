package host

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// noExec is the classic BPF program of a filter that refuses execve(2) and execveat(2), see seccomp(2). It looks at the number
// alone: calls of other architectures have been refused by then.
var noExec = [...]unix.SockFilter{
	{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: 0}, // struct seccomp_data, nr
	{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, K: unix.SYS_EXECVE, Jt: 2},
	{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, K: unix.SYS_EXECVEAT, Jt: 1},
	{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ALLOW},
	{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ERRNO | uint32(unix.EPERM)},
}

// ForbidExec takes execve(2) away from all threads of the process, which must have set no_new_privs.
func ForbidExec() unix.Errno {
	program := unix.SockFprog{Len: uint16(len(noExec)), Filter: &noExec[0]}
	thread, _, errno := unix.RawSyscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, unix.SECCOMP_FILTER_FLAG_TSYNC,
		uintptr(unsafe.Pointer(&program)))
	if errno == 0 && thread != 0 {
		return unix.ESRCH // a thread has other filters: it can't be taken along
	}
	return errno
}

// RawTerminal reports whether a descriptor is a terminal in raw mode: what is typed is not collected to lines, see termios(3).
func RawTerminal(fd int) bool {
	var modes unix.Termios
	_, _, errno := unix.RawSyscall(unix.SYS_IOCTL, uintptr(fd), unix.TCGETS, uintptr(unsafe.Pointer(&modes)))
	return errno == 0 && modes.Lflag&unix.ICANON == 0
}
