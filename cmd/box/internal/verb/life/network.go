package life

import (
	"strings"

	"box/register"
)

// network is what is known of a box's network: what its flags say. Its names are docker's where it has one for the same.
type network struct {
	Mode  string // none, names, host
	Allow []string
	Deny  []string
	Ports []string // published: [ADDR:]OUTSIDE:INSIDE
	Pid   int      // of the process of box's own that carries connections, outside; 0 if there is no such process
}

// networkOf reads the flags of a box. Nothing of the command counts, which comes after them.
func networkOf(facts register.Facts) network {
	n := network{Mode: "none", Allow: []string{}, Deny: []string{}, Ports: []string{}}
	words := facts.Words()
	words = words[:max(len(words)-len(facts.Values("command")), 0)]
	for i := 0; i < len(words); i++ {
		name, value, cut := strings.Cut(words[i], "=")
		if !cut && i+1 < len(words) {
			value = words[i+1]
		}
		switch name {
		case "--share-net":
			n.Mode = "host"
		case "--unshare-net":
			n.Mode = "none"
		case "--net":
			n.Mode = value
		case "--allow":
			n.Allow = append(n.Allow, value)
		case "--deny":
			n.Deny = append(n.Deny, value)
		case "--publish":
			n.Ports = append(n.Ports, value)
		}
	}
	if n.Mode == "none" && len(n.Allow) > 0 {
		n.Mode = "names"
	}
	return n
}

// netProcess returns the process that carries the connections of a box that is up: the monitor has two children then.
func netProcess(b *register.Box) int {
	live := b.Live()
	for _, child := range childrenOf(live.Number("shim")) {
		if child != live.Number("init") {
			return child
		}
	}
	return 0
}
