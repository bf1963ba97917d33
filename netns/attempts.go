package netns

import "golang.org/x/sys/unix"

// shown is how many bytes of a packet the packet socket shows: the headers of IPv6 and TCP.
const shown = 60

// attempts is the classic BPF program of the packet socket. It takes the first segment of each TCP connection (SYN without ACK), of
// IPv4 that is no fragment and of IPv6 without extension headers. A packet begins at its network header, since the socket is of type
// SOCK_DGRAM, see packet(7). lo shows each packet twice: when it is sent, which counts as PACKET_OUTGOING, and when it arrives. The
// two numbers of a jump are how many instructions are left out where the condition holds, and where not. See
// Documentation/networking/filter.rst of the kernel.
var attempts = [...]unix.SockFilter{
	0:  {Code: loadByte, K: packetType},
	1:  {Code: jumpEqual, K: unix.PACKET_OUTGOING, Jt: 17},
	2:  {Code: loadByte, K: 0}, // the version, in the upper half
	3:  {Code: shiftRight, K: 4},
	4:  {Code: jumpEqual, K: 4, Jt: 1},
	5:  {Code: jumpEqual, K: 6, Jt: 7, Jf: 13},
	6:  {Code: loadByte, K: 9}, // of IPv4: the protocol
	7:  {Code: jumpEqual, K: unix.IPPROTO_TCP, Jf: 11},
	8:  {Code: loadHalf, K: 6}, // the fragment's offset
	9:  {Code: jumpSet, K: 0x1fff, Jt: 9},
	10: {Code: loadHeaderLength, K: 0},
	11: {Code: loadByteBehind, K: 13},
	12: {Code: jump, K: 3},
	13: {Code: loadByte, K: 6}, // of IPv6: the next header
	14: {Code: jumpEqual, K: unix.IPPROTO_TCP, Jf: 4},
	15: {Code: loadByte, K: 40 + 13},
	16: {Code: and, K: synAck}, // of TCP: the flags
	17: {Code: jumpEqual, K: syn, Jf: 1},
	18: {Code: answer, K: shown},
	19: {Code: answer, K: 0},
}

// The instructions that attempts is made of, and what they look at.
const (
	loadByte         = unix.BPF_LD | unix.BPF_B | unix.BPF_ABS
	loadHalf         = unix.BPF_LD | unix.BPF_H | unix.BPF_ABS
	loadByteBehind   = unix.BPF_LD | unix.BPF_B | unix.BPF_IND
	loadHeaderLength = unix.BPF_LDX | unix.BPF_B | unix.BPF_MSH
	shiftRight       = unix.BPF_ALU | unix.BPF_RSH | unix.BPF_K
	and              = unix.BPF_ALU | unix.BPF_AND | unix.BPF_K
	jump             = unix.BPF_JMP | unix.BPF_JA
	jumpEqual        = unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K
	jumpSet          = unix.BPF_JMP | unix.BPF_JSET | unix.BPF_K
	answer           = unix.BPF_RET | unix.BPF_K

	packetType  = 0xfffff000 + 4 // SKF_AD_OFF + SKF_AD_PKTTYPE
	syn, synAck = 0x02, 0x12
)
