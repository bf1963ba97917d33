// Package netns compiles the network of a sandbox: a network namespace of its own with nothing but the loopback interface, see
// network_namespaces(7), and where names are reached or ports are published, what listens there for the net process.
package netns

import (
	"box/plan"
	"box/spec"

	"golang.org/x/sys/unix"
)

// Compile brings the loopback interface up, and makes what a sandbox needs whose connections are carried by the net process. The
// kernel adds 127.0.0.1/8 and ::1 by itself, see netdevice(7).
func Compile(b *plan.Builder, s *spec.Spec) error {
	if !s.New.Has(spec.Net) {
		return nil
	}
	socket := b.Socket(unix.AF_INET, unix.SOCK_DGRAM, 0)
	var request [unix.IFNAMSIZ + 24]byte // struct ifreq
	copy(request[:], "lo")
	request[unix.IFNAMSIZ] = unix.IFF_UP
	b.Ioctl(plan.WhyNetwork, socket, unix.SIOCSIFFLAGS, uintptr(b.Bytes(request[:])))
	b.Close(socket)
	if s.Network.Relayed() {
		relayed(b, s)
	}
	return nil
}
