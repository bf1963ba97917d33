package launch

import (
	"unsafe"

	"box/internal/early"

	"golang.org/x/sys/unix"
)

// Notice is a system call that a filter asks about instead of refusing it, see seccomp_unotify(2).
type Notice struct {
	PID    int    // of who makes it, as seen here
	Number int32  // of the call
	Arch   uint32 // an AUDIT_ARCH_* value
	Args   [6]uint64
}

// The structures seccomp_notif and seccomp_notif_resp of linux/seccomp.h.
type notif struct {
	id     uint64
	pid    uint32
	flags  uint32
	number int32
	arch   uint32
	ip     uint64
	args   [6]uint64
}

type answer struct {
	id    uint64
	val   int64
	error int32
	flags uint32
}

// The requests for them: _IOWR('!', 0, struct seccomp_notif) and _IOWR('!', 1, struct seccomp_notif_resp).
const (
	notifReceive = 3<<30 | unsafe.Sizeof(notif{})<<16 | '!'<<8
	notifSend    = 3<<30 | unsafe.Sizeof(answer{})<<16 | '!'<<8 | 1
)

// OnNotice says who answers notices: with the errno that the call ends with. It must be said before Wait.
func (b *Sandbox) OnNotice(f func(Notice) unix.Errno) { b.onNotice = f }

// notice takes one notice and answers it.
//
//go:noinline
func (b *Sandbox) notice() {
	early.Ordinary()
	var n notif // the kernel wants it to be zero
	if _, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(b.listener), notifReceive, uintptr(unsafe.Pointer(&n))); errno != 0 {
		return // ENOENT: who asked has been killed meanwhile
	}
	// The call is refused whatever its arguments are, and they are only reported: a thread that changes memory after
	// they were read gains nothing, see seccomp_unotify(2), "Caveats".
	errno := unix.ENOSYS
	if b.onNotice != nil {
		errno = b.onNotice(Notice{PID: int(n.pid), Number: n.number, Arch: n.arch, Args: n.args})
	}
	a := answer{id: n.id, error: -int32(errno)}
	_, _, _ = unix.Syscall(unix.SYS_IOCTL, uintptr(b.listener), notifSend, uintptr(unsafe.Pointer(&a)))
}
