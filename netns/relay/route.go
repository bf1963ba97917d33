package relay

import (
	"encoding/binary"
	"fmt"
	"net/netip"

	"box/netns/netrange"

	"golang.org/x/sys/unix"
)

// routes asks the kernel which way an address would take, see rtnetlink(7).
type routes struct {
	fd       int
	sequence uint32
}

func (r *routes) open() (err error) {
	r.fd, err = unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.NETLINK_ROUTE)
	if err != nil {
		r.fd = -1
		return fmt.Errorf("rtnetlink: %w", err)
	}
	return unix.Connect(r.fd, &unix.SockaddrNetlink{Family: unix.AF_NETLINK})
}

func (r *routes) close() {
	if r.fd > 0 {
		unix.Close(r.fd)
	}
	r.fd = -1
}

// own reports whether an address is the machine's own, or leads to all in its networks. A default route of type local doesn't
// count: a sandbox of box has one, and box in it carries connections through that.
func (r *routes) own(a netip.Addr) bool {
	const fibMatch = 0x2000 // RTM_F_FIB_MATCH, since Linux 4.13: the answer is the route, not the address
	r.sequence++
	bytes := a.AsSlice()
	b := make([]byte, 0, 64)
	b = binary.NativeEndian.AppendUint32(b, uint32(16+12+4+len(bytes)))
	b = binary.NativeEndian.AppendUint16(b, unix.RTM_GETROUTE)
	b = binary.NativeEndian.AppendUint16(b, unix.NLM_F_REQUEST)
	b = binary.NativeEndian.AppendUint32(b, r.sequence)
	b = binary.NativeEndian.AppendUint32(b, 0)
	b = append(b, byte(family(a)), byte(len(bytes)*8), 0, 0, 0, 0, 0, 0)
	b = binary.NativeEndian.AppendUint32(b, fibMatch)
	b = binary.NativeEndian.AppendUint16(b, uint16(4+len(bytes)))
	b = binary.NativeEndian.AppendUint16(b, unix.RTA_DST)
	b = append(b, bytes...)
	if _, err := unix.Write(r.fd, b); err != nil {
		return true
	}
	var answer [4096]byte
	for {
		n, err := unix.Read(r.fd, answer[:])
		switch {
		case err == unix.EINTR:
			continue
		case err != nil || n < 16+12:
			return true
		}
		if binary.NativeEndian.Uint32(answer[8:]) != r.sequence {
			continue // of a question that was given up
		}
		if binary.NativeEndian.Uint16(answer[4:]) != unix.RTM_NEWROUTE {
			return false // NLMSG_ERROR: there is no way, which connect(2) says as well
		}
		length, kind := answer[16+1], answer[16+7]
		switch kind {
		case unix.RTN_UNICAST, unix.RTN_BLACKHOLE, unix.RTN_UNREACHABLE, unix.RTN_PROHIBIT, unix.RTN_THROW:
			return false
		}
		return kind != unix.RTN_LOCAL || length != 0
	}
}

// forbidden returns what makes an address one that may not be dialled for v, as a noun with its article, or "". It is asked right
// before connect(2), so no answer of a resolver gets around it.
func (r *Relay) forbidden(a netip.Addr, v *verdict) string {
	if v.toHost {
		return ""
	}
	bytes := a.As16()
	if reason := netrange.Never(bytes); reason != "" {
		return reason
	}
	if r.policy.deniesAddress(bytes) {
		return "an address that --deny names"
	}
	if !v.private && netrange.Private(bytes) {
		return "a private address"
	}
	if r.routes.own(a) {
		return "an address of this host"
	}
	return ""
}
