package mounts

import (
	"box/internal/early"
	"box/internal/host"
	"box/spec"
)

// HostsPath is where a program looks for the address of a name first, see hosts(5).
const HostsPath = "/etc/hosts"

// hosts gives names addresses in the base view. The sandbox's own host name has one: programs want to know theirs, and nobody else
// could tell. The file is the host's with more lines. Those of flags come first, since the first line of a name counts. That of
// the sandbox's own name comes last, so that 127.0.0.1 is localhost as before. It begins with a newline, since the host's file
// may end without one. The copy is made when the plan is walked: Data with a Source.
func (v *view) hosts() {
	name := v.h.Name
	if !plainName(name) {
		name = ""
	}
	if name == "" && v.h.Hosts == "" || !v.isFile(HostsPath) {
		return
	}
	if name == "" {
		v.replace(HostsPath, v.h.Hosts)
	} else {
		v.replace(HostsPath, v.h.Hosts, "\n127.0.0.1\t", name, "\n")
	}
	e := &v.s.Tree[v.at-1]
	e.Source, e.Head, e.Origin.Words = HostsPath, len(v.h.Hosts), v.h.HostsFrom
}

// Hosts puts a file of the host's lines and those of flags into a tree that flags have made: see hosts.
func Hosts(s *spec.Spec, lines string, from spec.Origin) {
	e := spec.Entry{
		Kind: spec.Data, RO: true, Perms: 0o644, Dest: HostsPath, Data: early.Bytes(lines), Head: len(lines), Origin: from,
	}
	if host.Exists(HostsPath) {
		e.Source = HostsPath
	}
	s.Tree = early.Append(s.Tree, e)
}

// plainName reports whether a host name means nothing else in the file.
// A blank would begin another name, a newline another address, and # a comment. Bytes beyond ASCII are in no name,
// see hostname(7).
func plainName(name string) bool {
	for i := range len(name) {
		if c := name[i]; c <= ' ' || c == '#' || c > '~' {
			return false
		}
	}
	return true
}
