package native

import (
	"strings"

	"box/cmd/box/internal/arg"
	"box/cmd/box/internal/say"
	"box/internal/early"
	"box/internal/host"
	"box/mounts"
	"box/spec"
)

// hostLines are what --add-host asks for.
type hostLines struct {
	// text are lines of hosts(5), and from are the words of the first flag.
	text string
	from []string
}

// addHost notes a line for /etc/hosts: NAME:ADDR, or NAME=ADDR. An address of IPv6 may stand in brackets, and has colons itself; a
// name has none.
func (b *Line) addHost(w []string) error {
	const form = "--add-host NAME:ADDRESS"
	at := strings.IndexByte(w[0], ':')
	if is := strings.IndexByte(w[0], '='); is >= 0 && (at < 0 || is < at) {
		at = is
	}
	switch {
	case at < 0:
		return say.BadHint("there is no address", form)
	case at == 0:
		return say.BadHint("there is no name", form)
	}
	name, err := arg.HostName(w[0][:at])
	if err != nil {
		return err
	}
	addr := w[0][at+1:]
	if n := len(addr); n > 1 && addr[0] == '[' && addr[n-1] == ']' {
		addr = addr[1 : n-1]
	}
	if _, bits, ok := arg.Prefix(addr); !ok || bits != 128 || strings.IndexByte(addr, '/') >= 0 {
		if addr == "host-gateway" {
			const hint = "--allow host:PORT reaches a port of it, as host.box.internal"
			return say.BadHint("this machine has no address in a box", hint)
		}
		return say.BadHint("not an address of IPv4 or IPv6", form)
	}
	if b.hosts.from == nil {
		b.hosts.from = b.step.words
	}
	b.hosts.text = early.Concat(b.hosts.text, addr, "\t", name, "\n")
	return nil
}

// hostsInTree adds /etc/hosts where flags say what the files are.
func (b *Line) hostsInTree() {
	if b.hosts.from != nil {
		mounts.Hosts(b.spec, b.hosts.text, spec.Origin{Words: b.hosts.from})
	}
}

// hostsInView refuses --add-host where the base view can't have its lines: it would have no effect.
func (b *Line) hostsInView() error {
	if b.hosts.from == nil {
		return nil
	}
	if !host.Exists(mounts.HostsPath) {
		return say.Refuse(b.hosts.from, "there is no /etc/hosts here that the base view could have")
	}
	for i := range b.spec.Tree {
		if e := &b.spec.Tree[i]; e.Kind.Mounts() && spec.Within(mounts.HostsPath, e.Dest) {
			return say.Refuse(e.Origin.Words, "it covers /etc/hosts, which --add-host is for")
		}
	}
	return nil
}
