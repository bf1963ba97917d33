package relay

import (
	"errors"
	"net/netip"
	"slices"

	"golang.org/x/sys/unix"
)

// The times of a dial.
const (
	dialTime  = 30e9  // for all of it
	leftTime  = 5e9   // when the client has ended its side: it may have gone, or wait for an answer to nothing
	staggerBy = 250e6 // before the next address is tried beside the last one (RFC 8305, 5)
	maxTries  = 8     // addresses of a name
)

// dial is a connection's way to its server: a name is resolved, then its addresses are tried, the next one when the last has failed
// or takes long. The first that answers is taken.
type dial struct {
	conn   *conn
	lookup *lookup // while the name is being resolved
	addrs  []netip.AddrPort
	tries  []*try
	by     int64 // when it is given up
	nextAt int64 // when the next address is tried
	failed string
}

// try is one address of a dial.
type try struct {
	dial *dial
	fd   int
	addr netip.AddrPort
}

// dial begins to dial for a connection that its verdict allows.
func (c *conn) dial() {
	d := &dial{conn: c, by: now() + dialTime}
	c.dialing = d
	c.relay.dials[d] = struct{}{}
	c.relay.time(d)
	switch addrs := c.verdict.dials; {
	case c.publish:
		d.addrs = addrs
		d.askForSocket()
	case len(addrs) > 0:
		d.found(addrs, "")
	default:
		c.relay.resolve(d)
	}
}

// found gets the addresses of the name, or why there are none.
func (d *dial) found(addrs []netip.AddrPort, problem string) {
	d.lookup = nil
	if problem != "" {
		d.fail(problem)
		return
	}
	d.addrs = addrs[:min(len(addrs), maxTries)]
	d.next()
}

// next tries the next address that may be dialled.
func (d *dial) next() {
	r := d.conn.relay
	for len(d.addrs) > 0 {
		if len(d.tries) > 0 && r.extra >= r.maxExtra {
			d.nextAt = now() + staggerBy
			return
		}
		to := d.addrs[0]
		d.addrs = d.addrs[1:]
		if reason := r.forbidden(to.Addr(), &d.conn.verdict); reason != "" {
			d.failed = "it is " + reason + ", " + to.Addr().String()
			d.conn.verdict.forbidden = true
			continue
		}
		fd, err := socketTo(to)
		if err == nil {
			err = d.connect(fd, to)
		}
		if err != nil {
			d.note(to, err)
			continue
		}
		d.nextAt = now() + staggerBy
		return
	}
	if len(d.tries) == 0 {
		d.fail(d.failed)
	}
	d.nextAt = 1 << 62
}

// socketTo makes a socket of the host's network.
func socketTo(to netip.AddrPort) (int, error) {
	fd, err := unix.Socket(family(to.Addr()), unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err == nil {
		setOptions(fd, outside[:])
	}
	return fd, err
}

// connect begins to connect fd, which it closes where that fails.
func (d *dial) connect(fd int, to netip.AddrPort) error {
	err := unix.Connect(fd, sockaddr(to))
	if err != nil && err != unix.EINPROGRESS {
		unix.Close(fd)
		return err
	}
	t := &try{dial: d, fd: fd, addr: to}
	if err := d.conn.relay.watch(fd, edges, t); err != nil {
		unix.Close(fd)
		return err
	}
	d.tries = append(d.tries, t)
	if len(d.tries) > 1 {
		d.conn.relay.extra++
	}
	return nil
}

// ready learns whether the address has answered.
func (t *try) ready(events uint32) {
	d := t.dial
	failed := events&(unix.EPOLLHUP|unix.EPOLLERR) != 0
	if !failed && events&unix.EPOLLOUT == 0 {
		return // not yet
	}
	err := t.problem(failed)
	if err == nil {
		d.done(t, events)
		return
	}
	d.note(t.addr, err)
	d.remove(t)
	d.conn.relay.drop(t.fd)
	if d.conn.publish {
		d.askForSocket()
		return
	}
	d.next()
}

// problem returns why the address is not connected, or nil.
func (t *try) problem(failed bool) error {
	c := t.dial.conn
	if failed {
		code, err := unix.GetsockoptInt(t.fd, unix.SOL_SOCKET, unix.SO_ERROR)
		if err == nil {
			err = unix.ECONNABORTED
		}
		if code != 0 {
			err = unix.Errno(code)
		}
		return err
	}
	if c.publish || c.verdict.toHost { // a TCP socket can be connected to itself, where nobody listens
		if own, err := local(t.fd); err != nil || own == t.addr {
			return unix.ECONNREFUSED
		}
	}
	return nil
}

// note keeps why an address can't be connected, as the end of a line that begins with what the command has asked for.
func (d *dial) note(to netip.AddrPort, err error) {
	switch v := &d.conn.verdict; {
	case v.toHost && errors.Is(err, unix.ECONNREFUSED):
		d.failed = "nothing listens on that port of this machine"
	case v.toHost && d.failed != "": // of its two addresses, the second one may be no address here
	case v.name == "" && to == v.to:
		d.failed = explained(err.Error())
	default:
		d.failed = explained(to.String() + ": " + err.Error())
	}
}

// remove takes out an address that was tried.
func (d *dial) remove(t *try) {
	i := slices.Index(d.tries, t)
	if len(d.tries) > 1 {
		d.conn.relay.extra--
	}
	d.tries = slices.Delete(d.tries, i, i+1)
}

// done makes the socket of t the connection's server.
func (d *dial) done(t *try, events uint32) {
	c := d.conn
	server := &c.server
	server.fd = t.fd
	c.relay.watchers[t.fd] = server
	c.dialed = t.addr
	d.remove(t)
	d.stop()
	server.ready(events)
}

// stop ends the dial, however far it is.
func (d *dial) stop() {
	c := d.conn
	c.dialing = nil
	for _, t := range d.tries {
		c.relay.drop(t.fd)
	}
	c.relay.extra -= max(0, len(d.tries)-1)
	d.tries = nil
	if d.lookup != nil {
		d.lookup.leave(d)
	}
	delete(c.relay.dials, d)
	delete(c.relay.timed, d)
}

// fail ends the connection, since nothing of what it asked for could be reached.
func (d *dial) fail(why string) {
	c := d.conn
	if c.over {
		return
	}
	if why == "" {
		why = "no address"
	}
	if !c.publish {
		c.relay.unreached(&c.verdict, why)
	}
	c.end(why)
}

// clientEnded shortens the wait: a client that has ended its side before there is a server has most likely gone.
func (d *dial) clientEnded() { d.by = min(d.by, now()+leftTime) }

func (d *dial) deadline() int64 { return min(d.by, d.nextTime()) }

func (d *dial) nextTime() int64 {
	if len(d.tries) == 0 || len(d.addrs) == 0 || d.conn.publish {
		return 1 << 62
	}
	return d.nextAt
}

func (d *dial) expire(now int64) {
	if now < d.by {
		d.next()
		return
	}
	why := "no answer"
	if len(d.tries) > 0 {
		why = d.tries[0].addr.String() + ": no answer"
	}
	d.fail(why)
}
