package relay

import (
	"encoding/binary"
	"fmt"

	"box/internal/host"

	"golang.org/x/sys/unix"
)

// The bounds of what is asked for by DNS.
const (
	maxQuery    = 4096 // bytes
	queryTime   = 10e9 // a connection that asks nothing that long is closed
	maxPackets  = 64   // datagrams before something else has its turn
	maxDNSConns = 128
)

// datagrams is a UDP socket on port 53. Every address in the sandbox is local, so it answers for each resolver there is, from the
// address that was asked.
type datagrams struct {
	relay *Relay
	fd    int
}

// listenDNS begins to answer.
func (r *Relay) listenDNS() error {
	for _, fd := range r.config.DNS {
		kind, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_TYPE)
		if err != nil {
			return fmt.Errorf("a resolver's socket: %w", err)
		}
		if kind == unix.SOCK_STREAM {
			if err := r.addListener(fd, r.acceptDNS); err != nil {
				return err
			}
			continue
		}
		// Of the two families' options one fits.
		_ = unix.SetsockoptInt(fd, unix.IPPROTO_IP, unix.IP_PKTINFO, 1)
		_ = unix.SetsockoptInt(fd, unix.IPPROTO_IPV6, unix.IPV6_RECVPKTINFO, 1)
		_ = unix.SetsockoptInt(fd, unix.IPPROTO_IPV6, unix.IPV6_FREEBIND, 1)
		if err := unix.SetNonblock(fd, true); err != nil {
			return fmt.Errorf("O_NONBLOCK: %w", err)
		}
		if err := r.watch(fd, unix.EPOLLIN, &datagrams{r, fd}); err != nil {
			return err
		}
	}
	return nil
}

func (d *datagrams) ready(uint32) {
	message := d.relay.buffer[:maxQuery]
	var control [128]byte
	for range maxPackets {
		n, size, flags, from, err := unix.Recvmsg(d.fd, message, control[:], unix.MSG_DONTWAIT)
		if err != nil {
			return // EAGAIN, or an ICMP error of an earlier answer
		}
		if flags&unix.MSG_TRUNC != 0 {
			continue
		}
		if reply := d.relay.answer(message[:n]); reply != nil {
			_ = unix.Sendmsg(d.fd, reply, sameSource(control[:size]), from, unix.MSG_DONTWAIT)
		}
	}
}

// sameSource makes of the control message that has a datagram's destination one that sends from there, see ip(7), ipv6(7).
func sameSource(control []byte) []byte {
	messages, err := unix.ParseSocketControlMessage(control)
	if err != nil {
		return nil
	}
	for _, m := range messages {
		switch {
		case m.Header.Level == unix.IPPROTO_IP && m.Header.Type == unix.IP_PKTINFO && len(m.Data) >= 12:
			var info unix.Inet4Pktinfo
			info.Spec_dst = [4]byte(m.Data[8:12])
			return unix.PktInfo4(&info)
		case m.Header.Level == unix.IPPROTO_IPV6 && m.Header.Type == unix.IPV6_PKTINFO && len(m.Data) >= 16:
			return unix.PktInfo6(&unix.Inet6Pktinfo{Addr: [16]byte(m.Data[:16])})
		}
	}
	return nil
}

// asker is a connection that asks by DNS over TCP (RFC 7766).
type asker struct {
	relay *Relay
	fd    int
	data  []byte
	by    int64
}

// askers counts them: they are not to take the place of other connections.
func (r *Relay) askers() (count int) {
	for t := range r.timed {
		if _, ok := t.(*asker); ok {
			count++
		}
	}
	return count
}

func (r *Relay) acceptDNS(fd int) {
	a := &asker{relay: r, fd: fd, by: now() + queryTime}
	if r.askers() >= maxDNSConns || r.watch(fd, unix.EPOLLIN, a) != nil {
		unix.Close(fd)
		return
	}
	r.open++
	r.time(a)
}

func (a *asker) ready(uint32) {
	var part [maxQuery]byte
	n, errno := host.Take(a.fd, part[:])
	switch {
	case errno == unix.EAGAIN || errno == unix.EINTR:
		return
	case errno != 0 || n == 0:
		a.close()
		return
	}
	a.data = append(a.data, part[:n]...)
	for len(a.data) >= 2 {
		size := int(binary.BigEndian.Uint16(a.data))
		if size > maxQuery {
			a.close()
			return
		}
		if len(a.data) < 2+size {
			break
		}
		reply := a.relay.answer(a.data[2 : 2+size])
		if reply == nil {
			a.close()
			return
		}
		out := binary.BigEndian.AppendUint16(nil, uint16(len(reply)))
		out = append(out, reply...)
		// An answer is short: who has no room for it doesn't read.
		if sent, errno := host.Give(a.fd, out); errno != 0 || sent != len(out) {
			a.close()
			return
		}
		a.data = a.data[2+size:]
		a.by = now() + queryTime
	}
	if len(a.data) == 0 {
		a.data = nil
	}
}

func (a *asker) close() {
	a.relay.drop(a.fd)
	a.relay.open--
	delete(a.relay.timed, a)
}

func (a *asker) deadline() int64 { return a.by }

func (a *asker) expire(int64) { a.close() }
