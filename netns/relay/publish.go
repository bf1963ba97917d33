package relay

import (
	"errors"
	"fmt"
	"net/netip"

	"box/spec"

	"golang.org/x/sys/unix"
)

// PublishError says that a published port can't be listened on.
type PublishError struct {
	Port  spec.NetPort
	Errno unix.Errno // EADDRINUSE, EACCES, EADDRNOTAVAIL
}

func (e *PublishError) Error() string { return "--publish " + e.Port.Word + ": " + e.Errno.Error() }

// Unwrap returns the errno.
func (e *PublishError) Unwrap() error { return e.Errno }

// fetch asks pid 1 for a socket.
type fetch struct {
	family int
	got    func(fd int, err error) // by the thread
}

// publish makes the listeners outside.
func (r *Relay) publish() error {
	for i := range r.config.Network.Publish {
		p := &r.config.Network.Publish[i]
		a := netip.AddrPortFrom(netip.AddrFrom16(p.Addr).Unmap(), p.Outside)
		fd, err := listenOutside(a)
		if err != nil {
			errno, _ := errors.AsType[unix.Errno](err)
			return &PublishError{*p, errno}
		}
		if err := r.addListener(fd, func(fd int) { r.acceptOutside(p, fd) }); err != nil {
			return err
		}
	}
	if len(r.config.Network.Publish) > 0 && r.config.Inside != nil {
		r.fetch = make(chan fetch, mostDials+maxAccept)
		go r.fetchSockets(r.fetch)
	}
	return nil
}

func listenOutside(a netip.AddrPort) (fd int, err error) {
	fd, err = unix.Socket(family(a.Addr()), unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err == unix.EACCES { // a filter's way to say so
		err = unix.EAFNOSUPPORT
	}
	if err != nil {
		return -1, err
	}
	steps := [...]func() error{
		func() error { return unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_REUSEADDR, 1) }, // what is left of a run before
		func() error {
			if a.Addr().Is4() {
				return nil
			}
			return unix.SetsockoptInt(fd, unix.IPPROTO_IPV6, unix.IPV6_V6ONLY, 1)
		},
		func() error { return unix.Bind(fd, sockaddr(a)) },
		func() error { return unix.Listen(fd, 4096) },
	}
	for _, step := range steps {
		if err := step(); err != nil {
			unix.Close(fd)
			return -1, err
		}
	}
	return fd, nil
}

// fetchSockets waits for pid 1, so that the thread doesn't.
func (r *Relay) fetchSockets(asked <-chan fetch) {
	for f := range asked {
		fd, err := r.config.Inside.Socket(f.family)
		r.post(func() { f.got(fd, err) })
	}
}

// acceptOutside begins to dial into the sandbox: the family of the client first, where its address can be kept.
func (r *Relay) acceptOutside(p *spec.NetPort, fd int) {
	from, err := remote(fd)
	if err != nil {
		unix.Close(fd)
		return
	}
	to := [2]netip.AddrPort{
		netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), p.Inside),
		netip.AddrPortFrom(netip.IPv6Loopback(), p.Inside),
	}
	if from.Addr().Is6() {
		to[0], to[1] = to[1], to[0]
	}
	v := verdict{to: from, port: p.Inside, via: viaPublish, rule: p.Word, dials: to[:]}
	c := r.newConn(fd, outside[:], v)
	if c == nil {
		return
	}
	c.publish, c.hello = true, helloDone
	c.dial()
}

// askForSocket asks for the socket that the next address is dialled with.
func (d *dial) askForSocket() {
	r := d.conn.relay
	if len(d.addrs) == 0 || r.fetch == nil {
		d.fail(d.failed)
		return
	}
	to := d.addrs[0]
	d.addrs = d.addrs[1:]
	f := fetch{family(to.Addr()), func(fd int, err error) { d.gotSocket(fd, to, err) }}
	select {
	case r.fetch <- f:
		r.asked++
	default:
		d.fail("too many connections at once")
	}
}

// gotSocket dials into the sandbox, unless the client has gone meanwhile.
func (d *dial) gotSocket(fd int, to netip.AddrPort, err error) {
	d.conn.relay.asked--
	if d.conn.over {
		if err == nil {
			unix.Close(fd)
		}
		return
	}
	if err == nil {
		setOptions(fd, outside[:2])
		if client := d.conn.verdict.to.Addr(); client.Is4() == to.Addr().Is4() {
			keepAddress(fd, client)
		}
		err = d.connect(fd, to)
	}
	if err != nil {
		d.failed = fmt.Sprintf("%v: %v", to, err)
		d.askForSocket()
	}
}

// keepAddress has the server in the sandbox see the client's own address. All addresses are local there, but IPv6 wants
// IPV6_FREEBIND; where it fails, the server sees a loopback address. The port is chosen by connect(2), see IP_BIND_ADDRESS_NO_PORT
// in ip(7).
func keepAddress(fd int, client netip.Addr) {
	_ = unix.SetsockoptInt(fd, unix.IPPROTO_IP, unix.IP_BIND_ADDRESS_NO_PORT, 1)
	if client.Is6() {
		_ = unix.SetsockoptInt(fd, unix.IPPROTO_IPV6, unix.IPV6_FREEBIND, 1)
	}
	_ = unix.Bind(fd, sockaddr(netip.AddrPortFrom(client, 0)))
}
