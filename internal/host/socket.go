package host

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// Listen makes a socket of packets that listens at a name in a directory, see unix(7). The name of the directory is that of its
// descriptor below /proc/self/fd, since such an address has 108 bytes.
func Listen(dir int, name string) (fd int, errno unix.Errno) {
	const kind = unix.SOCK_SEQPACKET | unix.SOCK_CLOEXEC | unix.SOCK_NONBLOCK
	r, _, errno := unix.RawSyscall(unix.SYS_SOCKET, unix.AF_UNIX, kind, 0)
	if errno != 0 {
		return -1, errno
	}
	var address unix.RawSockaddrUnix
	size := within(&address, dir, name)
	_, _, errno = unix.RawSyscall(unix.SYS_BIND, r, uintptr(unsafe.Pointer(&address)), size)
	if errno == 0 {
		_, _, errno = unix.RawSyscall(unix.SYS_LISTEN, r, 128, 0)
	}
	if errno != 0 {
		Close(int(r))
		return -1, errno
	}
	return int(r), 0
}

// Connect connects a new socket to one that listens at a name in a directory. EAGAIN: too many wait for it.
func Connect(dir int, name string) (fd int, errno unix.Errno) {
	const kind = unix.SOCK_SEQPACKET | unix.SOCK_CLOEXEC
	r, _, errno := unix.RawSyscall(unix.SYS_SOCKET, unix.AF_UNIX, kind, 0)
	if errno != 0 {
		return -1, errno
	}
	var address unix.RawSockaddrUnix
	size := within(&address, dir, name)
	limit := unix.Timeval{Sec: 5}
	at := uintptr(unsafe.Pointer(&limit))
	_, _, _ = unix.RawSyscall6(unix.SYS_SETSOCKOPT, r, unix.SOL_SOCKET, unix.SO_SNDTIMEO, at, unsafe.Sizeof(limit), 0)
	_, _, errno = unix.RawSyscall(unix.SYS_CONNECT, r, uintptr(unsafe.Pointer(&address)), size)
	if errno != 0 {
		Close(int(r))
		return -1, errno
	}
	return int(r), 0
}

// within writes the address of a name in a directory, and returns its length.
func within(address *unix.RawSockaddrUnix, dir int, name string) uintptr {
	address.Family = unix.AF_UNIX
	var digits [22]byte
	at := len(digits)
	for n := dir; ; n /= 10 {
		at--
		digits[at] = byte('0' + n%10)
		if n < 10 {
			break
		}
	}
	n := 0
	for _, part := range [...]string{"/proc/self/fd/", unsafe.String(&digits[at], len(digits)-at), "/", name} {
		for i := 0; i < len(part) && n < len(address.Path)-1; i++ {
			address.Path[n] = int8(part[i])
			n++
		}
	}
	return unsafe.Offsetof(address.Path) + uintptr(n) + 1
}

// Peer returns who has connected a socket, see unix(7), SO_PEERCRED. pid is 0 for one in a pid namespace that can't be seen.
func Peer(fd int) (pid int, uid uint32) {
	var who unix.Ucred
	size := uint32(unsafe.Sizeof(who))
	to, length := uintptr(unsafe.Pointer(&who)), uintptr(unsafe.Pointer(&size))
	_, _, errno := unix.RawSyscall6(unix.SYS_GETSOCKOPT, uintptr(fd), unix.SOL_SOCKET, unix.SO_PEERCRED, to, length, 0)
	if errno != 0 {
		return 0, ^uint32(0)
	}
	return int(who.Pid), who.Uid
}

// SendWith sends a packet with descriptors, if it doesn't have to wait: at most as many as a Control takes. ETOOMANYREFS: the user
// has as many on their way as may have open descriptors.
func SendWith(fd int, data unsafe.Pointer, n uintptr, fds []int) unix.Errno {
	const most, header = 10, unix.SizeofCmsghdr
	var control [header + 4*(most+1)]byte
	vector := unix.Iovec{Base: (*byte)(data), Len: uint64(n)}
	message := unix.Msghdr{Iov: &vector, Iovlen: 1}
	if len(fds) > 0 {
		h := (*unix.Cmsghdr)(unsafe.Pointer(&control[0]))
		h.Level, h.Type, h.Len = unix.SOL_SOCKET, unix.SCM_RIGHTS, uint64(header+4*min(len(fds), most))
		for i := range min(len(fds), most) {
			*(*int32)(unsafe.Pointer(&control[header+4*i])) = int32(fds[i])
		}
		message.Control, message.Controllen = &control[0], h.Len
	}
	const flags = unix.MSG_DONTWAIT | unix.MSG_NOSIGNAL
	_, _, errno := unix.RawSyscall(unix.SYS_SENDMSG, uintptr(fd), uintptr(unsafe.Pointer(&message)), flags)
	return errno
}
