package relay

import (
	"encoding/binary"
	"fmt"
	"net/netip"

	"golang.org/x/sys/unix"
)

// refusals is a raw(7) socket of TCP in the sandbox: it sees the kernel refuse connections to ports that nobody listens on. A
// packet(7) socket would see the same, but who closes one waits for the whole kernel, see packet_release(), synchronize_net().
type refusals struct {
	relay *Relay
	fd    int
}

// The filters keep the packets that refuse a connection: TCP with RST and ACK and the sequence number 0, which is what the kernel
// answers to a SYN that nobody listens for, see tcp_v4_send_reset(). IPv4 from 127/8 is the command's own affair. What a socket of
// IPv4 gets begins with the IP header, and what one of IPv6 gets with that of TCP.
var (
	refusalFilter4 = [...]unix.SockFilter{
		0: {Code: ldb, K: 12},
		1: {Code: jeq, K: 127, Jt: 7},
		2: {Code: ldxHeader, K: 0},
		3: {Code: ldbX, K: 13},
		4: {Code: jset, K: rst, Jf: 4},
		5: {Code: jset, K: ack, Jf: 3},
		6: {Code: ldwX, K: 4},
		7: {Code: jeq, K: 0, Jf: 1},
		8: {Code: ret, K: 128},
		9: {Code: ret, K: 0},
	}
	refusalFilter6 = [...]unix.SockFilter{
		0: {Code: ldb, K: 13},
		1: {Code: jset, K: rst, Jf: 4},
		2: {Code: jset, K: ack, Jf: 3},
		3: {Code: ldw, K: 4},
		4: {Code: jeq, K: 0, Jf: 1},
		5: {Code: ret, K: 128},
		6: {Code: ret, K: 0},
	}
)

// The codes of a program, see linux/bpf_common.h.
const (
	ldb       = unix.BPF_LD | unix.BPF_B | unix.BPF_ABS
	ldw       = unix.BPF_LD | unix.BPF_W | unix.BPF_ABS
	ldbX      = unix.BPF_LD | unix.BPF_B | unix.BPF_IND
	ldwX      = unix.BPF_LD | unix.BPF_W | unix.BPF_IND
	ldxHeader = unix.BPF_LDX | unix.BPF_B | unix.BPF_MSH
	jeq       = unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K
	jset      = unix.BPF_JMP | unix.BPF_JSET | unix.BPF_K
	ret       = unix.BPF_RET | unix.BPF_K

	rst, ack = 4, 16 // flags of TCP
)

// watchRefusals begins to see them.
func (r *Relay) watchRefusals() error {
	for _, fd := range r.config.Raw {
		filter := refusalFilter4[:]
		if family, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_DOMAIN); err == nil && family == unix.AF_INET6 {
			filter = refusalFilter6[:]
		}
		program := unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}
		if err := unix.SetsockoptSockFprog(fd, unix.SOL_SOCKET, unix.SO_ATTACH_FILTER, &program); err != nil {
			return fmt.Errorf("SO_ATTACH_FILTER: %w", err)
		}
		if err := r.watch(fd, unix.EPOLLIN, &refusals{r, fd}); err != nil {
			return err
		}
	}
	return nil
}

func (s *refusals) ready(uint32) {
	var packet [128]byte
	for range maxPackets {
		n, from, err := unix.Recvfrom(s.fd, packet[:], unix.MSG_DONTWAIT)
		if err != nil {
			return
		}
		if to, ok := refuser(packet[:n], from); ok {
			v := s.relay.judge(to)
			if v.allowed() { // nobody listens, all the same
				v.rule, v.reason, v.flag = "", "nothing listens there", ""
			}
			s.relay.refuse(v)
		}
	}
}

// refuser returns where a packet comes from: what the command has dialled. What it gets before there is a filter may be any packet.
func refuser(p []byte, from unix.Sockaddr) (a netip.AddrPort, ok bool) {
	const least, flags, sequence = 20, 13, 4
	var addr netip.Addr
	switch from := from.(type) {
	case *unix.SockaddrInet4:
		addr = netip.AddrFrom4(from.Addr)
		if len(p) < 1 || len(p) < int(p[0]&15)*4 {
			return a, false
		}
		p = p[int(p[0]&15)*4:]
	case *unix.SockaddrInet6:
		addr = netip.AddrFrom16(from.Addr)
	default:
		return a, false
	}
	if len(p) < least || p[flags]&(rst|ack) != rst|ack || binary.BigEndian.Uint32(p[sequence:]) != 0 || addr.IsLoopback() {
		return a, false
	}
	return netip.AddrPortFrom(addr, binary.BigEndian.Uint16(p)), true
}
