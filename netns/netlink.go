package netns

import (
	"box/plan"

	"golang.org/x/sys/unix"
)

// A netlink request is a header, a structure and attributes, all in the machine's byte order, see netlink(7). The machines that box
// is built for have the low byte first.

// request is one while it is written.
type request struct {
	data [96]byte
	n    int
}

// begin writes the header of a request that makes something new.
func (r *request) begin(kind uint16) {
	r.n = unix.NLMSG_HDRLEN
	r.put16(4, kind)
	r.put16(6, unix.NLM_F_REQUEST|unix.NLM_F_ACK|unix.NLM_F_CREATE|unix.NLM_F_EXCL)
}

func (r *request) put16(at int, v uint16) { r.data[at], r.data[at+1] = byte(v), byte(v>>8) }

func (r *request) put32(at int, v uint32) {
	r.put16(at, uint16(v))
	r.put16(at+2, uint16(v>>16))
}

// attribute adds an attribute, see rtnetlink(7), struct rtattr. Each value here is a multiple of 4 bytes long.
func (r *request) attribute(kind uint16, value []byte) {
	r.put16(r.n, uint16(unix.SizeofRtAttr+len(value)))
	r.put16(r.n+2, kind)
	r.n += unix.SizeofRtAttr + copy(r.data[r.n+unix.SizeofRtAttr:], value)
}

// bytes returns the request.
func (r *request) bytes() []byte {
	r.put32(0, uint32(r.n))
	return r.data[:r.n]
}

// loopback is the index of lo: it is the first interface of every network namespace.
const loopback = 1

// addAddress gives lo an address, with all of its bits as the prefix, see rtnetlink(7), RTM_NEWADDR. With IFA_F_NODAD an IPv6
// address can be a source at once: without it the route that names it is EINVAL in about half of the starts.
func addAddress(b *plan.Builder, socket plan.Reg, family byte, address []byte, what string) {
	var r request
	r.begin(unix.RTM_NEWADDR)
	m := r.data[r.n:]
	m[0], m[1], m[2], m[3], m[4] = family, byte(8*len(address)), unix.IFA_F_NODAD, unix.RT_SCOPE_HOST, loopback
	r.n += unix.SizeofIfAddrmsg
	r.attribute(unix.IFA_LOCAL, address)
	r.attribute(unix.IFA_ADDRESS, address)
	b.Netlink(socket, r.bytes(), what)
}

// addCatchAll makes every address one of the namespace's own, see rtnetlink(7), RTM_NEWROUTE, RTN_LOCAL: a connection to any of
// them ends at whoever listens here. The source is the address of addAddress.
func addCatchAll(b *plan.Builder, socket plan.Reg, family byte, source []byte, what string) {
	var r request
	r.begin(unix.RTM_NEWROUTE)
	m := r.data[r.n:]
	m[0], m[4], m[5], m[6], m[7] = family, unix.RT_TABLE_LOCAL, unix.RTPROT_BOOT, unix.RT_SCOPE_HOST, unix.RTN_LOCAL
	r.n += unix.SizeofRtMsg
	r.attribute(unix.RTA_OIF, []byte{loopback, 0, 0, 0})
	r.attribute(unix.RTA_PREFSRC, source)
	b.Netlink(socket, r.bytes(), what)
}
