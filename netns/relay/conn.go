package relay

import (
	"net/netip"

	"box/internal/host"

	"golang.org/x/sys/unix"
)

// end is one of the two sockets of a connection.
type end struct {
	conn     *conn
	fd       int  // -1: not there yet
	readable bool // there may be something to read
	writable bool // there may be room
	hung     bool // the peer has ended its side or has gone: reading tells which, after what was sent before
	ended    bool // everything was read
}

// conn is a connection that is carried: the client has been accepted, the server is dialled.
type conn struct {
	relay    *Relay
	client   end
	server   end
	verdict  verdict
	dialing  *dial // until there is a server
	hello    helloState
	sni      string
	dialed   netip.AddrPort
	up, down int64 // bytes
	began    int64
	helloBy  int64 // when an unfinished ClientHello is given up
	queued   bool  // in Relay.again
	over     bool
	publish  bool
}

// newConn begins a connection with its accepted socket. It returns nil, and has closed fd, where that fails.
func (r *Relay) newConn(fd int, options []option, v verdict) *conn {
	setOptions(fd, options)
	c := &conn{relay: r, verdict: v, began: now()}
	c.client = end{conn: c, fd: fd}
	c.server = end{conn: c, fd: -1}
	if err := r.watch(fd, edges, &c.client); err != nil {
		unix.Close(fd)
		return nil
	}
	r.open++
	return c
}

// ready notes what has become possible, and does it.
func (e *end) ready(events uint32) {
	if events&(unix.EPOLLIN|unix.EPOLLRDHUP|unix.EPOLLHUP|unix.EPOLLERR) != 0 {
		e.readable = true
	}
	if events&(unix.EPOLLRDHUP|unix.EPOLLHUP|unix.EPOLLERR) != 0 {
		e.hung = true
	}
	if events&(unix.EPOLLOUT|unix.EPOLLHUP|unix.EPOLLERR) != 0 {
		e.writable = true
	}
	c := e.conn
	if d := c.dialing; d != nil && e == &c.client {
		switch {
		case events&(unix.EPOLLHUP|unix.EPOLLERR) != 0:
			c.end("the client has gone")
			return
		case events&unix.EPOLLRDHUP != 0:
			d.clientEnded()
		}
	}
	c.advance()
}

// advance does everything that can be done now.
func (c *conn) advance() {
	if c.over {
		return
	}
	if c.hello != helloDone && c.client.readable && !c.checkHello() {
		return
	}
	if c.server.fd < 0 {
		return
	}
	more := false
	for _, way := range [...]struct {
		from, to *end
		moved    *int64
		open     bool
	}{
		{&c.server, &c.client, &c.down, true},
		{&c.client, &c.server, &c.up, c.hello == helloDone},
	} {
		if !way.open {
			continue
		}
		again, ok := c.relay.pump(way.from, way.to, way.moved)
		if !ok {
			c.end("reset")
			return
		}
		more = more || again
	}
	switch {
	case c.client.ended && c.server.ended:
		c.finish("closed")
	case more && !c.queued:
		c.queued = true
		c.relay.again = append(c.relay.again, c)
	}
}

// turnSize is how many buffers a connection moves before others have their turn.
const turnSize = 4

// pump moves bytes as long as both sides can. What the one side doesn't take stays in the other's socket, so nothing has to be
// kept. again reports whether there is more, ok whether both sides are well.
func (r *Relay) pump(from, to *end, moved *int64) (again, ok bool) {
	for turn := 0; from.readable && to.writable && !from.ended; turn++ {
		if turn == turnSize {
			return true, true
		}
		n, errno := host.Peek(from.fd, r.buffer)
		switch {
		case errno == unix.EINTR:
			continue
		case errno == unix.EAGAIN:
			from.readable = false
			return false, true
		case errno != 0:
			return false, false
		case n == 0:
			from.ended = true
			// The peer of the other side may have gone, which its own events tell.
			_ = unix.Shutdown(to.fd, unix.SHUT_WR)
			return false, true
		}
		sent, errno := host.Give(to.fd, r.buffer[:n])
		if errno == unix.EAGAIN {
			to.writable = false
			return false, true
		}
		if errno != 0 {
			return false, false
		}
		*moved += int64(sent)
		if skipped, errno := host.Skip(from.fd, r.buffer[:sent]); errno != 0 || skipped != sent {
			return false, false // the same bytes must not be sent twice
		}
		switch {
		case sent < n:
			to.writable = false
		case n < len(r.buffer) && !from.hung: // all of it: what comes later is an event
			from.readable = false
		}
	}
	return false, true
}

// end breaks the connection off: both peers see a reset.
func (c *conn) end(why string) {
	if c.over {
		return
	}
	for _, fd := range [...]int{c.client.fd, c.server.fd} {
		if fd >= 0 {
			resetOnClose(fd)
		}
	}
	c.finish(why)
}

// finish closes the sockets and notes the connection.
func (c *conn) finish(why string) {
	if c.over {
		return
	}
	c.over = true
	r := c.relay
	if c.dialing != nil {
		c.dialing.stop()
	}
	delete(r.timed, c)
	r.drop(c.client.fd)
	r.drop(c.server.fd)
	r.open--
	r.log.conn(c, why)
}

// deadline is that of an unfinished ClientHello.
func (c *conn) deadline() int64 { return c.helloBy }

func (c *conn) expire(int64) { c.refuseHello("its TLS greeting did not end") }
