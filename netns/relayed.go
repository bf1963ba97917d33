package netns

import (
	"box/plan"
	"box/spec"

	"golang.org/x/sys/unix"
)

// A sandbox whose connections a process outside carries, the net process, has no interface but lo, on which every address is local.
// Listeners in it, one for each port that a rule names, are made here and sent to that process: it accepts, decides and connects.
// docs/network.md has the whole.

// DNSPort is the port of the sandbox's name server. No rule can name it.
const DNSPort = 53

// The addresses of a sandbox: its own, and those of its name server.
var (
	own4 = [...]byte{10, 0, 2, 100}
	own6 = [...]byte{0xfd, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0}
)

// Resolver is what /etc/resolv.conf says in a sandbox that reaches names, see resolv.conf(5). Any address would do, since all of
// them are local; a link-local one with a scope would not.
const Resolver = "nameserver 10.0.2.100\n"

// relayed writes the calls for the network of such a sandbox.
func relayed(b *plan.Builder, s *spec.Spec) {
	was := b.For(spec.Networked)
	// The kernel lets nobody send a descriptor who has a smaller soft limit than there are descriptors of the user on their way,
	// see unix(7), ETOOMANYREFS. The command gets its own limits later.
	if _, hard, errno := plan.Limits(unix.RLIMIT_NOFILE); errno == 0 {
		b.Limit(unix.RLIMIT_NOFILE, hard, hard)
	}
	lowPorts(b)
	addresses(b)
	if s.Network.Mode == spec.NetNames {
		listeners(b, s)
		dns(b)
		watchRefusals(b)
	}
	b.Pass(plan.WhyRelay, plan.Net, plan.NetAll, 0, plan.None)
	b.For(was)
}

// lowPorts lets the command bind every port, see ip(7), ip_unprivileged_port_start: it has no capability, and what is published
// as port 8080 may listen on 80. The file shows the namespace of who opens it. Where /proc/sys is read-only the ports stay as
// they are.
func lowPorts(b *plan.Builder) {
	fd := b.Openat(plan.WhyNetwork, plan.Proc, b.String("sys/net/ipv4/ip_unprivileged_port_start"), unix.O_WRONLY, 0)
	b.Ignoring(unix.EROFS, unix.EACCES, unix.ENOENT)
	b.Write(plan.WhyNetwork, fd, b.String("0"), 1)
	b.Last().When = plan.Done
	b.Close(fd)
	b.Last().When = plan.Done
}

// addresses makes all addresses local. IPv6 may be off: by a sysctl (EACCES, from RTM_NEWADDR), at boot or by a filter.
func addresses(b *plan.Builder) {
	socket := b.Socket(unix.AF_NETLINK, unix.SOCK_RAW, unix.NETLINK_ROUTE)
	addAddress(b, socket, unix.AF_INET, own4[:], "address 10.0.2.100/32")
	addCatchAll(b, socket, unix.AF_INET, own4[:], "local 0.0.0.0/0 source 10.0.2.100")
	off := [...]unix.Errno{unix.EAFNOSUPPORT, unix.EACCES, unix.EOPNOTSUPP, unix.EPERM}
	addAddress(b, socket, unix.AF_INET6, own6[:], "address fd00:2::100/128")
	b.Ignoring(off[:]...)
	first := len(b.Inside)
	addCatchAll(b, socket, unix.AF_INET6, own6[:], "local ::/0 source fd00:2::100")
	b.Ignoring(off[:]...)
	for i := first; i < len(b.Inside); i++ {
		b.Inside[i].When = plan.Done
	}
	b.Close(socket)
}

// listeners makes a listener for each port of a rule, in both families, and sends it.
func listeners(b *plan.Builder, s *spec.Spec) {
	for i := range s.Network.Allow {
		port := s.Network.Allow[i].Port
		if !named(s.Network.Allow[:i], port) {
			listener(b, unix.AF_INET, unix.SOCK_STREAM, port, plan.NetTCP)
			listener(b, unix.AF_INET6, unix.SOCK_STREAM, port, plan.NetTCP)
		}
	}
}

// named reports whether one of the rules names a port.
func named(rules []spec.NetRule, port uint16) bool {
	for i := range rules {
		if rules[i].Port == port {
			return true
		}
	}
	return false
}

// dns makes the sockets of the name server.
func dns(b *plan.Builder) {
	for _, family := range [...]int{unix.AF_INET, unix.AF_INET6} {
		listener(b, family, unix.SOCK_DGRAM, DNSPort, plan.NetDNS)
		listener(b, family, unix.SOCK_STREAM, DNSPort, plan.NetDNS)
	}
}

// backlog is how many connections may wait to be accepted, see listen(2); net.core.somaxconn bounds it.
const backlog = 4096

// listener makes a socket on a port of all addresses of a family, and sends it. IPv6 may be missing, or refused by a filter.
func listener(b *plan.Builder, family, typ int, port uint16, kind uint32) {
	r := b.Fresh()
	b.SocketTo(r, family, typ|unix.SOCK_NONBLOCK, 0)
	skip := 0
	var every [16]byte
	if family == unix.AF_INET6 {
		b.Ignoring(unix.EAFNOSUPPORT, unix.EACCES, unix.EPERM)
		skip = b.SkipUnless(r)
		b.SetOption(r, unix.IPPROTO_IPV6, unix.IPV6_V6ONLY, 1)
		address := plan.SockAddr6(&every, port)
		b.Bind(r, address[:])
	} else {
		address := plan.SockAddr4(&every, port)
		b.Bind(r, address[:])
	}
	if typ == unix.SOCK_STREAM {
		b.ListenOn(r, backlog)
	}
	b.Pass(plan.WhyNetwork, plan.Net, kind, uint32(port), r)
	b.Close(r)
	if skip != 0 {
		b.SkipEnd(skip)
	}
}

// watchRefusals makes the sockets that show which connections the kernel itself refuses, see raw(7), and sends them: for the report
// only. A filter may refuse them.
func watchRefusals(b *plan.Builder) {
	for _, family := range [...]int{unix.AF_INET, unix.AF_INET6} {
		r := b.Fresh()
		b.SocketTo(r, family, unix.SOCK_RAW|unix.SOCK_NONBLOCK, unix.IPPROTO_TCP)
		b.Ignoring(unix.EAFNOSUPPORT, unix.EACCES, unix.EPERM, unix.EPROTONOSUPPORT)
		skip := b.SkipUnless(r)
		b.Pass(plan.WhyNetwork, plan.Net, plan.NetRaw, 0, r)
		b.Close(r)
		b.SkipEnd(skip)
	}
}

// Ready lets pid 1 wait until the net process can take connections; it is the last thing before the command's process is made.
// Pid 1 keeps the socket where it is asked for sockets of the sandbox later, for ports that are published.
func Ready(b *plan.Builder, s *spec.Spec) {
	if !s.Network.Relayed() {
		return
	}
	was := b.For(spec.Networked)
	b.AwaitOver(plan.WhyRelay, plan.Net)
	if len(s.Network.Publish) != 0 && !s.Life.Direct {
		b.KeepOpen(plan.Net)
	} else {
		b.Close(plan.Net)
	}
	b.For(was)
}
