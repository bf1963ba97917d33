package launch

import (
	"unsafe"

	"box/plan"

	"golang.org/x/sys/unix"
)

// Pid 1 makes sockets of the sandbox for the net process, which connects them to ports that are published: it can't enter the
// sandbox's network itself.

// pass is a message with a descriptor while it is sent, see sendmsg(2).
type pass struct {
	order   plan.Record
	answer  plan.Record
	vector  [2]uintptr // struct iovec
	control [3]uint64  // struct cmsghdr, and the descriptor
	message [7]uintptr // struct msghdr
}

// serve answers a request for a socket. What else comes is no request of box's, and when the net process is gone nothing comes.
//
//go:nosplit
//go:norace
//go:nocheckptr
func (m *machine) serve() {
	p := &m.pass
	conn := *m.reg(plan.Net)
	n := sys(unix.SYS_RECVFROM, conn, uintptr(unsafe.Pointer(&p.order)), unsafe.Sizeof(p.order), unix.MSG_DONTWAIT, 0, 0)
	if errno, is := failed(n); is && errno == uintptr(unix.EAGAIN) {
		return
	}
	family := uintptr(p.order.Value)
	if n != unsafe.Sizeof(p.order) || p.order.Kind != plan.NetSocket || family != unix.AF_INET && family != unix.AF_INET6 {
		sys(unix.SYS_CLOSE, conn, 0, 0, 0, 0, 0)
		m.poll[3].fd = -1
		return
	}
	fd := sys(unix.SYS_SOCKET, family, unix.SOCK_STREAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0, 0, 0, 0)
	errno, is := failed(fd)
	if !is {
		if errno, is = failed(m.passSocket(conn, fd)); !is {
			sys(unix.SYS_CLOSE, fd, 0, 0, 0, 0, 0)
			return
		}
		sys(unix.SYS_CLOSE, fd, 0, 0, 0, 0, 0)
	}
	p.answer = plan.Record{Kind: plan.NetSocket, Value: uint32(errno)}
	const flags = unix.MSG_NOSIGNAL | unix.MSG_DONTWAIT
	sys(unix.SYS_SENDTO, conn, uintptr(unsafe.Pointer(&p.answer)), unsafe.Sizeof(p.answer), flags, 0, 0)
}

// passSocket sends a socket, see unix(7), SCM_RIGHTS, and returns what the kernel has returned.
//
//go:nosplit
//go:norace
//go:nocheckptr
func (m *machine) passSocket(conn, fd uintptr) uintptr {
	const length = 20 // CMSG_LEN of one descriptor
	p := &m.pass
	p.answer = plan.Record{Kind: plan.NetSocket}
	p.vector = [2]uintptr{uintptr(unsafe.Pointer(&p.answer)), unsafe.Sizeof(p.answer)}
	p.control = [3]uint64{length, unix.SOL_SOCKET | unix.SCM_RIGHTS<<32, uint64(fd)}
	p.message = [7]uintptr{
		2: uintptr(unsafe.Pointer(&p.vector)), 3: 1, 4: uintptr(unsafe.Pointer(&p.control)), 5: unsafe.Sizeof(p.control),
	}
	return sys(unix.SYS_SENDMSG, conn, uintptr(unsafe.Pointer(&p.message)), unix.MSG_NOSIGNAL|unix.MSG_DONTWAIT, 0, 0, 0)
}

// acked takes the kernel's answer to a request, see netlink(7), struct nlmsgerr: an errno as a negative number, or 0.
//
//go:nosplit
//go:norace
//go:nocheckptr
func (m *machine) acked(c *plan.Call) {
	const kind, number = 4, 16 // where the header has the kind, and what follows it
	errno := uintptr(-int32(peek(c.Args[0] + number)))
	if peek(c.Args[0]+kind)&0xffff != unix.NLMSG_ERROR {
		errno = uintptr(unix.EPROTO)
	}
	m.errno = errno
	if errno == 0 {
		return
	}
	for _, e := range c.Ignore {
		if e != 0 && uintptr(e) == errno {
			return
		}
	}
	m.fail(m.pc-1, errno)
}
