package relay

import (
	"encoding/binary"
	"fmt"
	"net/netip"

	"golang.org/x/sys/unix"
)

// refusals is a packet(7) socket on the sandbox's loopback interface: it sees the kernel refuse connections to ports that nobody
// listens on.
type refusals struct {
	relay *Relay
	fd    int
}

// The offsets of a program for packets, see SKF_AD_OFF in linux/filter.h. With SOCK_DGRAM packets begin with the IP header.
const (
	skfAD      = 0xfffff000
	skfPktType = skfAD + 4
)

// refusalFilter keeps the packets that refuse a connection: TCP with RST and ACK and the sequence number 0, which is what the
// kernel answers to a SYN that nobody listens for, see tcp_v4_send_reset(). Each is seen twice on lo, leaving and arriving: the
// second counts. IPv4 from 127/8 and IPv6 from ::1 are the command's own affairs.
var refusalFilter = [...]unix.SockFilter{
	0:  {Code: ldb, K: skfPktType},
	1:  {Code: jeq, K: unix.PACKET_HOST, Jf: 23},
	2:  {Code: ldb, K: 0},
	3:  {Code: rsh, K: 4},
	4:  {Code: jeq, K: 6, Jt: 12},
	5:  {Code: jeq, K: 4, Jf: 19},
	6:  {Code: ldb, K: 9},
	7:  {Code: jeq, K: unix.IPPROTO_TCP, Jf: 17},
	8:  {Code: ldb, K: 12},
	9:  {Code: jeq, K: 127, Jt: 15},
	10: {Code: ldxHeader, K: 0},
	11: {Code: ldbX, K: 13},
	12: {Code: jset, K: rst, Jf: 12},
	13: {Code: jset, K: ack, Jf: 11},
	14: {Code: ldwX, K: 4},
	15: {Code: jeq, K: 0, Jf: 9},
	16: {Code: ret, K: 128},
	17: {Code: ldb, K: 6},
	18: {Code: jeq, K: unix.IPPROTO_TCP, Jf: 6},
	19: {Code: ldb, K: 40 + 13},
	20: {Code: jset, K: rst, Jf: 4},
	21: {Code: jset, K: ack, Jf: 3},
	22: {Code: ldw, K: 40 + 4},
	23: {Code: jeq, K: 0, Jf: 1},
	24: {Code: ret, K: 128},
	25: {Code: ret, K: 0},
}

// The codes of a program, see linux/bpf_common.h.
const (
	ldb       = unix.BPF_LD | unix.BPF_B | unix.BPF_ABS
	ldw       = unix.BPF_LD | unix.BPF_W | unix.BPF_ABS
	ldbX      = unix.BPF_LD | unix.BPF_B | unix.BPF_IND
	ldwX      = unix.BPF_LD | unix.BPF_W | unix.BPF_IND
	ldxHeader = unix.BPF_LDX | unix.BPF_B | unix.BPF_MSH
	rsh       = unix.BPF_ALU | unix.BPF_RSH | unix.BPF_K
	jeq       = unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K
	jset      = unix.BPF_JMP | unix.BPF_JSET | unix.BPF_K
	ret       = unix.BPF_RET | unix.BPF_K

	rst, ack = 4, 16 // flags of TCP
)

// watchRefusals begins to see them.
func (r *Relay) watchRefusals() error {
	fd := r.config.Packet
	if fd < 0 {
		return nil
	}
	const all, lo = 0x0300, 1 // htons(ETH_P_ALL); each namespace's first interface
	program := unix.SockFprog{Len: uint16(len(refusalFilter)), Filter: &refusalFilter[0]}
	if err := unix.SetsockoptSockFprog(fd, unix.SOL_SOCKET, unix.SO_ATTACH_FILTER, &program); err != nil {
		return fmt.Errorf("SO_ATTACH_FILTER: %w", err)
	}
	if err := unix.Bind(fd, &unix.SockaddrLinklayer{Protocol: all, Ifindex: lo}); err != nil {
		return fmt.Errorf("a packet socket on lo: %w", err)
	}
	return r.watch(fd, unix.EPOLLIN, &refusals{r, fd})
}

func (s *refusals) ready(uint32) {
	var packet [128]byte
	for range maxPackets {
		n, _, err := unix.Recvfrom(s.fd, packet[:], unix.MSG_DONTWAIT)
		if err != nil {
			return
		}
		if to, ok := refuser(packet[:n]); ok {
			v := s.relay.judge(to)
			if v.allowed() { // nobody listens, all the same
				v.rule, v.reason, v.flag = "", "nothing listens there", ""
			}
			s.relay.refuse(v)
		}
	}
}

// refuser returns where a packet comes from: what the command has dialled.
func refuser(p []byte) (a netip.AddrPort, ok bool) {
	switch {
	case len(p) >= 20 && p[0]>>4 == 4:
		header := int(p[0]&15) * 4
		if len(p) < header+4 {
			return a, false
		}
		return netip.AddrPortFrom(netip.AddrFrom4([4]byte(p[12:16])), binary.BigEndian.Uint16(p[header:])), true
	case len(p) >= 44 && p[0]>>4 == 6:
		return netip.AddrPortFrom(netip.AddrFrom16([16]byte(p[8:24])), binary.BigEndian.Uint16(p[40:])), true
	}
	return a, false
}
