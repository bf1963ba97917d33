package plan

import (
	"fmt"
	"net/netip"

	"golang.org/x/sys/unix"
)

// addressText returns the address and the port of a struct sockaddr_in or sockaddr_in6, or the protocol of a sockaddr_ll.
func addressText(address []byte) string {
	port := uint16(address[2])<<8 | uint16(address[3])
	switch address[0] {
	case unix.AF_INET:
		return netip.AddrPortFrom(netip.AddrFrom4([4]byte(address[4:8])), port).String()
	case unix.AF_INET6:
		return netip.AddrPortFrom(netip.AddrFrom16([16]byte(address[8:24])), port).String()
	}
	return fmt.Sprintf("protocol %#x, interface %d", port, address[4])
}
