package relay

import (
	"net/netip"
	"os"
	"slices"
	"strings"
)

// hosts is the host's /etc/hosts, see hosts(5): a program that has read it there dials an address of it.
type hosts struct {
	path    string // "" is /etc/hosts
	checked int64
	size    int64
	changed int64
	names   map[netip.Addr][]string
}

// has reports whether the file gives an address to a name.
func (h *hosts) has(a netip.Addr, name string) bool {
	h.read()
	return slices.Contains(h.names[a], name)
}

// read looks at the file once a second.
func (h *hosts) read() {
	const most = 1 << 20
	t := now()
	if h.names != nil && t-h.checked < 1e9 {
		return
	}
	h.checked = t
	path := h.path
	if path == "" {
		path = "/etc/hosts"
	}
	info, err := os.Stat(path)
	if err != nil || info.Size() > most {
		h.names = map[netip.Addr][]string{}
		return
	}
	if h.names != nil && info.Size() == h.size && info.ModTime().UnixNano() == h.changed {
		return
	}
	h.size, h.changed = info.Size(), info.ModTime().UnixNano()
	h.names = map[netip.Addr][]string{}
	text, err := os.ReadFile(path)
	if err == nil {
		parseHosts(string(text), h.names)
	}
}

// parseHosts adds the names of each line to its address.
func parseHosts(text string, names map[netip.Addr][]string) {
	for line := range strings.Lines(text) {
		line, _, _ = strings.Cut(line, "#")
		words := strings.Fields(line)
		if len(words) < 2 {
			continue
		}
		a, err := netip.ParseAddr(words[0])
		if err != nil || a.Zone() != "" {
			continue
		}
		for _, name := range words[1:] {
			names[a.Unmap()] = append(names[a.Unmap()], normal(name))
		}
	}
}
