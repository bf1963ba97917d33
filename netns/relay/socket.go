package relay

import (
	"net/netip"

	"box/internal/host"

	"golang.org/x/sys/unix"
)

// option is one of a socket's, see socket(7), tcp(7).
type option struct{ level, name, value int }

// outside are the options of sockets that lead to the host's network. A peer that has gone is noticed after two minutes. Sockets in
// the sandbox have the first two alone: its processes' ends are closed by the kernel, so nothing has to be kept alive.
var outside = [...]option{
	{unix.SOL_SOCKET, unix.SO_OOBINLINE, 1}, // a byte that is urgent (RFC 6093) stays in its place
	{unix.IPPROTO_TCP, unix.TCP_NODELAY, 1},
	{unix.SOL_SOCKET, unix.SO_KEEPALIVE, 1},
	{unix.IPPROTO_TCP, unix.TCP_KEEPIDLE, 15},
	{unix.IPPROTO_TCP, unix.TCP_KEEPINTVL, 15},
	{unix.IPPROTO_TCP, unix.TCP_KEEPCNT, 8},
}

func setOptions(fd int, options []option) {
	for _, o := range options {
		_ = unix.SetsockoptInt(fd, o.level, o.name, o.value) // none of them is needed for the bytes to be right
	}
}

// local returns the address that a socket is bound to, an IPv4 one as such: of an accepted one, what its client has dialled.
func local(fd int) (netip.AddrPort, error) {
	addr, port, errno := host.LocalAddr(fd)
	return addrPort(addr, port, errno)
}

// remote returns the address of a socket's peer.
func remote(fd int) (netip.AddrPort, error) {
	addr, port, errno := host.PeerAddr(fd)
	return addrPort(addr, port, errno)
}

func addrPort(addr [16]byte, port uint16, errno unix.Errno) (netip.AddrPort, error) {
	if errno != 0 {
		return netip.AddrPort{}, errno
	}
	return netip.AddrPortFrom(netip.AddrFrom16(addr).Unmap(), port), nil
}

// sockaddr returns an address as system calls take it.
func sockaddr(a netip.AddrPort) unix.Sockaddr {
	if a.Addr().Is4() {
		return &unix.SockaddrInet4{Addr: a.Addr().As4(), Port: int(a.Port())}
	}
	return &unix.SockaddrInet6{Addr: a.Addr().As16(), Port: int(a.Port())}
}

func family(a netip.Addr) int {
	if a.Is4() {
		return unix.AF_INET
	}
	return unix.AF_INET6
}

// resetOnClose makes close(2) end a TCP connection so that the peer's next call is ECONNRESET, see SO_LINGER in socket(7).
func resetOnClose(fd int) {
	_ = unix.SetsockoptLinger(fd, unix.SOL_SOCKET, unix.SO_LINGER, &unix.Linger{Onoff: 1})
}
