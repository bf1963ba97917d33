package relay

import (
	"net/netip"

	"golang.org/x/sys/unix"
)

// end is one of the two sockets of a connection.
type end struct {
	conn     *conn
	fd       int  // -1: not there yet
	readable bool // there may be something to read
	writable bool // there may be room
	hung     bool // the peer has ended its side, has gone or has sent urgent data: reading tells which, after what was sent before
	ended    bool // everything was read
	bulk     bool // there is much to read at once
	pipe     *pipe
	held     int // bytes in the pipe: read and not written yet
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
	if events&(unix.EPOLLRDHUP|unix.EPOLLHUP|unix.EPOLLERR|unix.EPOLLPRI) != 0 {
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
	case c.client.done() && c.server.done():
		c.finish("closed")
	case more && !c.queued:
		c.queued = true
		c.relay.again = append(c.relay.again, c)
	}
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
	for _, e := range [...]*end{&c.client, &c.server} {
		r.pipes.put(e)
		r.drop(e.fd)
	}
	r.open--
	r.log.conn(c, why)
}

// deadline is that of an unfinished ClientHello.
func (c *conn) deadline() int64 { return c.helloBy }

func (c *conn) expire(int64) { c.refuseHello("its TLS greeting did not end") }
