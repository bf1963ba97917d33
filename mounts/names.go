package mounts

import (
	"box/internal/early"
	"box/spec"
)

// The notes of what Resolver adds.
const (
	noteNames   = "--allow: names are asked of box"
	noteSockets = "--allow: a resolver of the host answers there"
)

// resolverSockets are directories in which services of the host answer what a name's address is, by a socket with a path:
// nss-resolve(8), nscd(8), nss-mdns. Where a bind brings them in, the C library asks them before any name server.
var resolverSockets = [...]string{
	"/run/systemd/resolve", "/run/nscd", "/var/run/nscd", "/run/avahi-daemon", "/var/run/avahi-daemon",
}

// Resolver lets a sandbox that reaches names ask box for them, and nobody else: whatever the tree has. contents is that of
// /etc/resolv.conf. Where that file is missing and can't be made, programs ask 127.0.0.1, see resolv.conf(5), and box answers
// there. It comes after everything else in the tree but what makes the root read-only at last.
func Resolver(s *spec.Spec, contents string) {
	if !s.Network.ByName() {
		return
	}
	at := len(s.Tree)
	if at > 0 && s.Tree[at-1].Kind == spec.ReadOnly && s.Tree[at-1].Origin.Note == NoteBase {
		at--
	}
	v := view{s: s, at: at}
	for _, dir := range resolverSockets {
		if Has(s, dir) {
			e := spec.Entry{Kind: spec.Tmpfs, There: true, Dest: dir, Perms: 0o755}
			e.Origin.Note = noteSockets
			v.add(e)
		}
	}
	e := spec.Entry{Kind: spec.Data, RO: true, There: true, Perms: 0o644, Dest: resolvConf, Data: early.Bytes(contents)}
	e.Origin.Note = noteNames
	f := finder{s: s}
	if f.find(resolvConf) {
		v.add(e)
		return
	}
	// A link to what is not there, or nothing at all: what box makes itself is writable until the end.
	place := f.missing()
	if f.tooLong() || !makes(s, place) {
		return
	}
	e.There, e.Dest = false, place
	v.add(e)
}

// makes reports whether a file can be made at a path: nothing that a bind brings is above it.
func makes(s *spec.Spec, path string) bool {
	e := (&finder{s: s}).decides(path)
	return e == nil || !e.Brings() && e.Kind != spec.Proc && e.Kind != spec.Dev && !e.RO
}
