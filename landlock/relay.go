package landlock

import (
	"box/internal/early"
	"box/internal/host"
	"box/plan"
	"box/spec"

	"golang.org/x/sys/unix"
)

// FirstPorts is the first version, ABI, that handles TCP ports.
const FirstPorts = 4

const (
	bindTCP    = unix.LANDLOCK_ACCESS_NET_BIND_TCP
	connectTCP = unix.LANDLOCK_ACCESS_NET_CONNECT_TCP
)

// Relay begins the domain of the net process, which carries the connections of a sandbox: it reads what says how names are
// resolved, executes box, connects to the ports that rules name and to name servers, and listens on the ports that are published.
// The register is plan.None where the kernel has no Landlock. RelayEnter is the end of it; files that are opened in between are
// the process's own.
//
// A rule is on a file and not on a name. So the rules are on directories: the file itself is replaced by another one whenever a VPN
// comes or goes.
func Relay(b *plan.Builder, s *spec.Spec, dns uint16) (ruleset plan.Reg) {
	abi := plan.LandlockABI()
	files := Rights(abi)
	if files == 0 {
		return plan.None
	}
	ports := uint64(0)
	if abi >= FirstPorts {
		ports = bindTCP | connectTCP
	}
	ruleset = b.Ruleset(files, ports, scopes(abi)&(scopeAbstract|scopeSignal))
	if s.Network.Mode == spec.NetNames {
		read(b, ruleset, "/etc")
		resolvers(b, ruleset)
	}
	program := b.Openat(plan.WhyConfine, plan.Proc, b.String("self/exe"), unix.O_PATH, 0)
	b.AllowBelow(ruleset, program, execute|readFile) // execve(2) needs both
	b.Close(program)
	if ports != 0 {
		relayPorts(b, ruleset, s, dns)
	}
	return ruleset
}

// RelayEnter puts the process into the domain.
func RelayEnter(b *plan.Builder, ruleset plan.Reg) {
	if ruleset != plan.None {
		b.Restrict(ruleset)
		b.Close(ruleset)
	}
}

// read lets what lies below a directory be read, if it is there.
func read(b *plan.Builder, ruleset plan.Reg, dir string) {
	r := b.Openat(plan.WhyConfine, plan.Cwd, b.String(dir), unix.O_PATH|unix.O_DIRECTORY, 0)
	b.Ignoring(unix.ENOENT, unix.ENOTDIR, unix.EACCES)
	first := len(b.Inside)
	b.AllowBelow(ruleset, r, readFile|readDir)
	b.Close(r)
	for i := first; i < len(b.Inside); i++ {
		b.Inside[i].When = plan.Done
	}
}

// maxLinks bounds the links that are followed from /etc/resolv.conf.
const maxLinks = 8

// resolvers lets the directories be read that /etc/resolv.conf leads through: that of systemd-resolved lies in /run, and the link
// may have more links on its way. Where a directory is written by others than root, such as /tmp, its files are only read.
func resolvers(b *plan.Builder, ruleset plan.Reg) {
	path := "/etc/resolv.conf"
	for range maxLinks {
		var buffer [unix.PathMax]byte
		target := host.Readlink(path, buffer[:])
		if target == "" {
			return
		}
		if target[0] == '/' {
			path = early.Concat(target)
		} else {
			path = early.Concat(above(path), "/", target)
		}
		if dir := above(path); dir != "" && dir != "/etc" {
			read(b, ruleset, dir)
		}
	}
}

// above returns the directory that path lies in, "" for one in the root.
func above(path string) string {
	end := len(path)
	for end > 0 && path[end-1] != '/' {
		end--
	}
	for end > 0 && path[end-1] == '/' {
		end--
	}
	return path[:end]
}

// relayPorts writes the rules for TCP ports. A socket that is published connects to the port inside, from the client's own address,
// and binds that without a port (0).
func relayPorts(b *plan.Builder, ruleset plan.Reg, s *spec.Spec, dns uint16) {
	n := &s.Network
	if n.Mode == spec.NetNames {
		b.AllowPort(ruleset, dns, connectTCP)
		for i := range n.Allow {
			b.AllowPort(ruleset, n.Allow[i].Port, connectTCP)
		}
	}
	for i := range n.Publish {
		b.AllowPort(ruleset, n.Publish[i].Outside, bindTCP)
		b.AllowPort(ruleset, n.Publish[i].Inside, connectTCP)
	}
	if len(n.Publish) != 0 {
		b.AllowPort(ruleset, 0, bindTCP)
	}
}
