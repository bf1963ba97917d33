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
