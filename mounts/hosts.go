package mounts

// hostsPath is where a program looks for the address of a name first, see hosts(5).
const hostsPath = "/etc/hosts"

// hosts gives the sandbox's own host name an address: programs want to know theirs, and nobody else could tell. It is the host's
// file and a line with the name. That comes last, so that 127.0.0.1 is localhost as before. Its line begins with a newline, since
// the host's file may end without one. The copy is made when the plan is walked: Data with a Source.
func (v *view) hosts() {
	if name := v.h.Name; name != "" && plainName(name) && v.isFile(hostsPath) {
		v.replace(hostsPath, "\n127.0.0.1\t", name, "\n")
		v.s.Tree[v.at-1].Source = hostsPath
	}
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
