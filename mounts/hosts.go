package mounts

import (
	"box/internal/early"
	"box/internal/host"
	"box/spec"

	"golang.org/x/sys/unix"
)

// hostsPath is where a program looks for the address of a name first, see hosts(5).
const hostsPath = "/etc/hosts"

// hosts reports whether the sandbox's own host name can be given an address there: programs want to know theirs, and
// nobody else could tell. The file must exist, since nothing can be made in a read-only /etc.
func hosts(s *spec.Spec, name string) bool {
	if name == "" || !plainName(name) {
		return false
	}
	mode, errno := host.Stat(hostsPath, unix.AT_SYMLINK_NOFOLLOW)
	switch {
	case errno != 0:
		return false
	// A link may lead to what the base view does not have, so it is followed as in the sandbox.
	case mode&unix.S_IFMT == unix.S_IFLNK:
		return Has(s, hostsPath)
	}
	return mode&unix.S_IFMT == unix.S_IFREG
}

// hostsFile is the host's file and a line with the name. That comes last, so that 127.0.0.1 is localhost as before.
// Its line begins with a newline, since the host's file may end without one. The entry is a Data with a Source: the
// copy is made when the plan is walked.
func hostsFile(name string) spec.Entry {
	line := early.Buffer(len("\n127.0.0.1\t\n") + len(name))
	n := copy(line, "\n127.0.0.1\t")
	n += copy(line[n:], name)
	line[n] = '\n'
	return spec.Entry{Kind: spec.Data, RO: true, Perms: 0o644, Dest: hostsPath, Source: hostsPath, Data: line}
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
