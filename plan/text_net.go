package plan

import (
	"net/netip"

	"golang.org/x/sys/unix"
)

// addressText returns the address and the port of a struct sockaddr_in or sockaddr_in6.
func addressText(address []byte) string {
	port := uint16(address[2])<<8 | uint16(address[3])
	if address[0] == unix.AF_INET {
		return netip.AddrPortFrom(netip.AddrFrom4([4]byte(address[4:8])), port).String()
	}
	return netip.AddrPortFrom(netip.AddrFrom16([16]byte(address[8:24])), port).String()
}
