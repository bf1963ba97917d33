package plan

import "golang.org/x/sys/unix"

// Kinds of records on the socket between pid 1 and the net process, plan.Net. All but NetReady and a request of NetSocket carry a
// descriptor, see unix(7), SCM_RIGHTS.
const (
	NetTCP    = 1 + iota // a listener for a port of a rule
	NetDNS               // a socket on port 53, of UDP or a listener of TCP
	NetRaw               // a raw socket of TCP that shows what the kernel refuses
	NetAll               // pid 1 to the net process: no more of these come; it carries nothing
	NetReady             // the net process to pid 1: it can begin
	NetReport            // the monitor to the net process, on the socket between these: report what was refused, and end
	NetSocket            // a request for a TCP socket of the family Value, and the answer; without a descriptor Value is an errno
)

// SocketTo is Socket for a network of the sandbox, into the register r.
func (b *Builder) SocketTo(r Reg, domain, typ, protocol int) {
	b.add(WhyNetwork, unix.SYS_SOCKET, uintptr(domain), uintptr(typ|unix.SOCK_CLOEXEC), uintptr(protocol)).out(r)
}

// SetOption sets an option of a socket to a number, see setsockopt(2).
func (b *Builder) SetOption(r Reg, level, option int, value uint32) {
	b.add(WhyNetwork, unix.SYS_SETSOCKOPT, 0, uintptr(level), uintptr(option), uintptr(b.Words32(value)), 4).fd(0, r)
}

// Bind gives a socket an address, a struct sockaddr, see bind(2).
func (b *Builder) Bind(r Reg, address []byte) {
	b.add(WhyNetwork, unix.SYS_BIND, 0, uintptr(b.Bytes(address)), uintptr(len(address))).fd(0, r)
}

// ListenOn lets a socket wait for connections, of which backlog may wait, see listen(2).
func (b *Builder) ListenOn(r Reg, backlog int) {
	b.add(WhyNetwork, unix.SYS_LISTEN, 0, uintptr(backlog)).fd(0, r)
}

// Netlink sends a request to the kernel, which has to ask for an acknowledgement (NLM_F_ACK), and fails with the errno that the
// kernel answers, see netlink(7). what is the request as a text. Errnos that count as done are those of the last call.
func (b *Builder) Netlink(r Reg, request []byte, what string) {
	const answer = 20 // struct nlmsghdr, and the errno of struct nlmsgerr; the rest is cut off
	b.add(WhyNetwork, unix.SYS_SENDTO, 0, uintptr(b.Bytes(request)), uintptr(len(request)), 0, 0, 0).fd(0, r)
	at := b.Space(answer)
	b.add(WhyNetwork, unix.SYS_RECVFROM, 0, uintptr(at), answer, 0, 0, 0).fd(0, r)
	b.add(WhyNetwork, Acked, uintptr(at), uintptr(b.String(what)))
}

// Pass sends a record over a socket, with the descriptor r unless that is None.
func (b *Builder) Pass(why Why, to Reg, kind, value uint32, r Reg) {
	if r != None {
		b.sendOver(to, why, kind, value, r, None, 0)
		return
	}
	const size = 12
	b.add(why, unix.SYS_SENDTO, 0, uintptr(b.Words32(kind, 0, value)), size, unix.MSG_NOSIGNAL, 0, 0).fd(0, to)
}

// AwaitOver waits for a record over a socket. It fails with ENOSPC if the other side is gone.
func (b *Builder) AwaitOver(why Why, from Reg) {
	const size = 12
	b.add(why, unix.SYS_RECVFROM, 0, uintptr(b.Space(size)), size, 0, 0, 0).fd(0, from)
}

// HighCopy makes a copy of r, or of the descriptor fd if r is None, with a number from least on, see fcntl(2), F_DUPFD_CLOEXEC. It
// may be kept in r itself.
func (b *Builder) HighCopy(out, r Reg, fd, least int) {
	b.add(WhyInheritance, unix.SYS_FCNTL, uintptr(fd), unix.F_DUPFD_CLOEXEC, uintptr(least)).fd(0, r).out(out)
}

// AllowPort allows the rights on a TCP port, see landlock_add_rule(2), LANDLOCK_RULE_NET_PORT, since Linux 6.7.
func (b *Builder) AllowPort(ruleset Reg, port uint16, rights uint64) {
	attr := b.Words64(rights, uint64(port))
	b.add(WhyConfine, unix.SYS_LANDLOCK_ADD_RULE, 0, landlockNetPort, uintptr(attr), 0).fd(0, ruleset)
}

const landlockNetPort = 2 // LANDLOCK_RULE_NET_PORT

// SockAddr4 and SockAddr6 are struct sockaddr_in and sockaddr_in6 of an IPv6 address, or of an IPv4 one as ::ffff:a.b.c.d, see
// ip(7) and ipv6(7).
func SockAddr4(addr *[16]byte, port uint16) (a [16]byte) {
	a[0], a[2], a[3] = unix.AF_INET, byte(port>>8), byte(port)
	copy(a[4:], addr[12:])
	return a
}

// SockAddr6 is SockAddr4 for the other family.
func SockAddr6(addr *[16]byte, port uint16) (a [28]byte) {
	a[0], a[2], a[3] = unix.AF_INET6, byte(port>>8), byte(port)
	copy(a[8:], addr[:])
	return a
}
