package host

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// Peek copies what a stream socket has received and leaves it there, without waiting, see MSG_PEEK in recv(2). It returns 0 bytes
// and no error where the peer has ended its side.
func Peek(fd int, data []byte) (n int, errno unix.Errno) {
	return receive(fd, data, unix.MSG_PEEK|unix.MSG_DONTWAIT)
}

// Skip takes len(scratch) bytes from a TCP socket without copying them, see MSG_TRUNC in tcp(7). It returns how many it has taken.
func Skip(fd int, scratch []byte) (n int, errno unix.Errno) {
	return receive(fd, scratch, unix.MSG_TRUNC|unix.MSG_DONTWAIT)
}

// Take takes what a socket has received, without waiting, see recv(2).
func Take(fd int, data []byte) (n int, errno unix.Errno) {
	return receive(fd, data, unix.MSG_DONTWAIT)
}

// Give gives data to a socket, without waiting and without SIGPIPE, see send(2). It returns how much the socket took.
func Give(fd int, data []byte) (n int, errno unix.Errno) {
	p := uintptr(unsafe.Pointer(unsafe.SliceData(data)))
	r, _, errno := unix.RawSyscall6(unix.SYS_SENDTO, uintptr(fd), p, uintptr(len(data)), unix.MSG_DONTWAIT|unix.MSG_NOSIGNAL, 0, 0)
	return int(r), errno
}

func receive(fd int, data []byte, flags uintptr) (n int, errno unix.Errno) {
	p := uintptr(unsafe.Pointer(unsafe.SliceData(data)))
	r, _, errno := unix.RawSyscall6(unix.SYS_RECVFROM, uintptr(fd), p, uintptr(len(data)), flags, 0, 0)
	return int(r), errno
}

// Accept takes a connection that has come to a listener, see accept4(2). The new descriptor neither blocks nor survives an
// execve(2).
func Accept(fd int) (conn int, errno unix.Errno) {
	r, _, errno := unix.RawSyscall6(unix.SYS_ACCEPT4, uintptr(fd), 0, 0, unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0, 0)
	return int(r), errno
}

// LocalAddr is getsockname(2) of an IP socket: an IPv4 address is returned as ::ffff:a.b.c.d. The errno is EAFNOSUPPORT for a
// socket of another family.
func LocalAddr(fd int) (addr [16]byte, port uint16, errno unix.Errno) {
	return addrOf(unix.SYS_GETSOCKNAME, fd)
}

// PeerAddr is getpeername(2), in the form of LocalAddr.
func PeerAddr(fd int) (addr [16]byte, port uint16, errno unix.Errno) {
	return addrOf(unix.SYS_GETPEERNAME, fd)
}

func addrOf(call uintptr, fd int) (addr [16]byte, port uint16, errno unix.Errno) {
	var sa unix.RawSockaddrInet6 // the longer one; both begin with family and port
	size := uint32(unsafe.Sizeof(sa))
	_, _, errno = unix.RawSyscall(call, uintptr(fd), uintptr(unsafe.Pointer(&sa)), uintptr(unsafe.Pointer(&size)))
	switch {
	case errno != 0:
		return addr, 0, errno
	case sa.Family == unix.AF_INET:
		four := (*unix.RawSockaddrInet4)(unsafe.Pointer(&sa))
		addr[10], addr[11] = 0xff, 0xff
		copy(addr[12:], four.Addr[:])
	case sa.Family == unix.AF_INET6:
		addr = sa.Addr
	default:
		return addr, 0, unix.EAFNOSUPPORT
	}
	bytes := (*[2]byte)(unsafe.Pointer(&sa.Port)) // in network order
	return addr, uint16(bytes[0])<<8 | uint16(bytes[1]), 0
}

// EpollWait is epoll_wait(2) for so short a time, in milliseconds, that the Go runtime need not know of it.
func EpollWait(fd int, events []unix.EpollEvent, most int) (n int, errno unix.Errno) {
	p := uintptr(unsafe.Pointer(unsafe.SliceData(events)))
	r, _, errno := unix.RawSyscall6(unix.SYS_EPOLL_PWAIT, uintptr(fd), p, uintptr(len(events)), uintptr(most), 0, 0)
	return int(r), errno
}
