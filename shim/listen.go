package shim

import (
	"unsafe"

	"box/internal/early"
	"box/internal/host"
	"box/launch"

	"golang.org/x/sys/unix"
)

// clientsMost is how many clients have places. While all are full nobody is accepted, and who connects waits.
const clientsMost = 64

// client is one connection.
type client struct {
	fd       int
	waits    bool // for the end
	attached bool
}

// accept takes a client, if it is of the user and of the user namespace that the shim is in. What runs in the box is neither, and
// can't reach the socket.
func (s *Shim) accept() {
	place := -1
	for i := range s.clients {
		if s.clients[i].fd < 0 {
			place = i
			break
		}
	}
	if place < 0 {
		host.Rewatch(s.set, s.listener, 0, onListener)
		return
	}
	fd, errno := host.Accept(s.listener)
	if errno != 0 {
		return
	}
	if !ofUs(fd) {
		host.Close(fd)
		return
	}
	s.clients[place] = client{fd: fd}
	host.Watch(s.set, fd, unix.EPOLLIN|unix.EPOLLRDHUP, int32(onClient+place))
}

// ofUs reports whether the other side of a socket is a process of this user, in this user namespace.
func ofUs(fd int) bool {
	pid, uid := host.Peer(fd)
	if pid <= 0 || int(uid) != unix.Getuid() {
		return false
	}
	process, errno := host.OpenProcess(pid)
	if errno != 0 {
		return false
	}
	var there early.Text
	there.Add("/proc/")
	there.AddNumber(uint64(pid))
	there.Add("/ns/user")
	same := host.Same(there.String(), "/proc/self/ns/user")
	if same && host.Pending(process, unix.POLLIN) {
		same = false // it has ended, and the number may be another's
	}
	host.Close(process)
	return same
}

// drop lets a client go.
func (s *Shim) drop(i int) {
	host.Close(s.clients[i].fd)
	s.clients[i] = client{fd: -1}
	if s.listener >= 0 {
		host.Rewatch(s.set, s.listener, unix.EPOLLIN, onListener)
	}
}

// hear does what a client asks for.
func (s *Shim) hear(b *launch.Sandbox, i int) {
	c, p := &s.clients[i], &s.packet
	if c.fd < 0 {
		return // it was dropped while this event was waiting
	}
	n, control, errno := host.Receive(c.fd, unsafe.Pointer(p), unsafe.Sizeof(*p), unix.MSG_DONTWAIT)
	if errno == unix.EAGAIN || errno == unix.EINTR {
		return
	}
	control.Close()
	const head = int(unsafe.Sizeof(Record{}))
	switch {
	case errno != 0 || n < head:
		s.drop(i)
	case p.Format != Format:
		s.answer(c, Record{Kind: OtherFormat, Value: Format})
		s.drop(i)
	default:
		s.do(b, c, p, p.data[:n-head])
	}
}

// do does what a client asks for.
func (s *Shim) do(b *launch.Sandbox, c *client, p *packet, data []byte) {
	if s.resting {
		s.doAtRest(c, p)
		return
	}
	switch p.Kind {
	case Signal:
		s.signal(b, c, p)
	case Stop:
		c.waits = true
		if s.why == "" {
			s.why = "stop"
		}
		s.ask(b, signalOf(p.Extra), p.Value)
	case Wait:
		c.waits = true
	case Again:
		s.again = true
		s.ask(b, signalOf(p.Extra), p.Value)
		s.answer(c, Record{Kind: Done})
	case Enter:
		s.handOut(c)
	case Attach:
		s.attach(c)
	case Input, InputEnds:
		s.give(c, data, p.Kind == InputEnds)
	case Size:
		if s.master >= 0 && p.Value > 0 && p.Extra > 0 {
			host.Resize(s.master, uint16(p.Value), uint16(p.Extra))
		}
	default:
		s.answer(c, Record{Kind: Refused, Value: int64(unix.EINVAL)})
	}
}

// signalMost is the last signal there is.
const signalMost = 64

// signalOf returns n as a signal, or 0 if there is no such signal.
func signalOf(n int64) unix.Signal {
	if n < 1 || n > signalMost {
		return 0
	}
	return unix.Signal(n)
}

// signal sends the command a signal.
func (s *Shim) signal(b *launch.Sandbox, c *client, p *packet) {
	n := signalOf(p.Value)
	switch n {
	case 0:
		s.answer(c, Record{Kind: Refused, Value: int64(unix.EINVAL)})
		return
	case unix.SIGKILL:
		s.end(b, "kill")
	default:
		if s.why == "" && (n == unix.SIGTERM || n == unix.SIGINT || n == unix.SIGQUIT || n == unix.SIGHUP) {
			s.why = "kill"
		}
		b.Signal(n)
	}
	s.answer(c, Record{Kind: Done})
}

// answer sends a record, unless the client has left too many lying.
func (s *Shim) answer(c *client, r Record) {
	r.Format = Format
	host.Send(c.fd, unsafe.Pointer(&r), unsafe.Sizeof(r))
}

// handOut sends what one needs to enter the box.
func (s *Shim) handOut(c *client) {
	r := Record{Format: Format, Kind: Inside, Value: int64(s.root()), Extra: int64(s.command)}
	var fds [len(s.spaces) + 3]int
	n := copy(fds[:], s.spaces[:])
	process, _ := host.OpenProcess(s.pid)
	fds[n], fds[n+1], fds[n+2] = s.outer, s.inside, process
	errno := unix.Errno(0)
	for _, fd := range fds {
		if fd < 0 {
			errno = unix.ENOSYS
		}
	}
	if errno == 0 {
		errno = host.SendWith(c.fd, unsafe.Pointer(&r), unsafe.Sizeof(r), fds[:])
	}
	if errno != 0 {
		s.answer(c, Record{Kind: Refused, Value: int64(errno)})
	}
	if process >= 0 {
		host.Close(process)
	}
}

// root returns pid 1 of the pid namespace that the box is in.
func (s *Shim) root() int {
	if s.Space != 0 {
		return s.Space
	}
	return s.pid
}

// Keep has the shim hand out a sealed file to who enters: how to be inside.
func (s *Shim) Keep(inside int) { s.inside = inside }
