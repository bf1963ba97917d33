package relay

import (
	"fmt"

	"box/internal/host"

	"golang.org/x/sys/unix"
)

// listener is a socket that connections come from.
type listener struct {
	relay  *Relay
	fd     int
	accept func(fd int) // gets each connection
}

// listen begins to accept in the sandbox, and to answer there.
func (r *Relay) listen() error {
	for _, fd := range r.config.Listeners {
		if err := r.addListener(fd, r.acceptInside); err != nil {
			return err
		}
	}
	return r.listenDNS()
}

func (r *Relay) addListener(fd int, accept func(int)) error {
	if err := unix.SetNonblock(fd, true); err != nil {
		return fmt.Errorf("O_NONBLOCK: %w", err)
	}
	// Urgent data (RFC 6093) is left out of what is read as long as nothing later is urgent: a greeting could be read in two ways.
	// What is accepted has the option from the start.
	if err := unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_OOBINLINE, 1); err != nil {
		return fmt.Errorf("SO_OOBINLINE: %w", err)
	}
	l := &listener{relay: r, fd: fd, accept: accept}
	r.listeners = append(r.listeners, l)
	return r.watch(fd, unix.EPOLLIN, l)
}

// ready accepts what has come, as far as there is room.
func (l *listener) ready(uint32) {
	for range maxAccept {
		if l.relay.full() {
			return
		}
		fd, errno := host.Accept(l.fd)
		switch errno {
		case 0:
		case unix.EMFILE, unix.ENFILE, unix.ENOBUFS, unix.ENOMEM:
			l.relay.rest()
			return
		default: // EAGAIN; or what happened to this connection alone, see accept(2)
			return
		}
		l.accept(fd)
	}
}

// full reports whether connections have to wait in the kernel's queues.
func (r *Relay) full() bool {
	return r.open >= r.maxOpen || len(r.dials) >= r.maxDials || r.resting != nil
}

// rest is a time without accepting: the machine has no room.
type rest struct {
	relay *Relay
	until int64
}

func (r *Relay) rest() {
	if r.resting == nil {
		r.resting = &rest{r, now() + 2*tick}
		r.time(r.resting)
	}
}

func (r *rest) deadline() int64 { return r.until }

func (r *rest) expire(int64) {
	delete(r.relay.timed, r)
	r.relay.resting = nil
}

// pause stops listening while there is no room, and begins again after it.
func (r *Relay) pause() {
	if r.full() == r.paused {
		return
	}
	r.paused = !r.paused
	var events uint32 = unix.EPOLLIN
	if r.paused {
		events = 0
	}
	for _, l := range r.listeners {
		_ = unix.EpollCtl(r.epoll, unix.EPOLL_CTL_MOD, l.fd, &unix.EpollEvent{Events: events, Fd: int32(l.fd)})
	}
}

// acceptInside judges a connection of the sandbox's, and begins to dial for it.
func (r *Relay) acceptInside(fd int) {
	to, err := local(fd)
	if err != nil || !to.IsValid() {
		resetOnClose(fd)
		unix.Close(fd)
		return
	}
	v := r.judge(to)
	if !v.allowed() {
		resetOnClose(fd)
		unix.Close(fd)
		r.refuse(v)
		return
	}
	c := r.newConn(fd, outside[:2], v)
	if c == nil {
		return
	}
	if !v.checksName() {
		c.hello = helloDone
	}
	c.dial()
}
