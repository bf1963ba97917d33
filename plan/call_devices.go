package plan

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// Socket opens a socket, see socket(2).
func (b *Builder) Socket(domain, typ, protocol int) Reg {
	r := b.Reg()
	b.add(WhyNetwork, unix.SYS_SOCKET, uintptr(domain), uintptr(typ|unix.SOCK_CLOEXEC), uintptr(protocol)).out(r)
	return r
}

// Ioctl is ioctl(2) with an argument that is a number or an address.
func (b *Builder) Ioctl(why Why, r Reg, request, arg uintptr) {
	b.add(why, unix.SYS_IOCTL, 0, request, arg).fd(0, r)
}

// IoctlTo is Ioctl with the result kept in out.
func (b *Builder) IoctlTo(why Why, out, r Reg, request, arg uintptr) {
	b.add(why, unix.SYS_IOCTL, 0, request, arg).fd(0, r).out(out)
}

// LockFile opens a file and takes a lock for reading on it, as long as it is open. See fcntl(2), F_SETLK.
func (b *Builder) LockFile(path Ptr) {
	r := b.OpenPlain(WhyLockFile, path, unix.O_RDONLY|unix.O_NONBLOCK) // a pipe must not make it wait
	b.KeepOpen(r)
	lock := b.Space(int(unsafe.Sizeof(unix.Flock_t{}))) // F_RDLCK is 0, and a length of 0 is the whole file
	b.add(WhyLock, unix.SYS_FCNTL, 0, unix.F_SETLK, uintptr(lock)).fd(0, r)
}

// KeepFD lets pid 1 keep a descriptor of the caller open.
func (b *Builder) KeepFD(fd int) {
	r := b.Fresh()
	b.KeepOpen(r)
	b.add(WhyInheritance, unix.SYS_FCNTL, uintptr(fd), unix.F_DUPFD_CLOEXEC, 3).out(r)
}

// AwaitByte reads one byte, or the end of the file, from a descriptor of the caller.
func (b *Builder) AwaitByte(fd int) {
	b.add(WhyMonitor, unix.SYS_READ, uintptr(fd), uintptr(b.Space(1)), 1)
}
