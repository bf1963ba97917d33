package mounts

import (
	"strings"

	"box/spec"

	"golang.org/x/sys/unix"
)

// noteProgram is the note of a program's file.
const noteProgram = "base view: the program, which nothing else brings"

// Program brings the file of a program, read-only, that is named by a path on the host which nothing brings: the file alone, at
// that path. It returns the path, without ".", ".." and slashes too many; "" if nothing is added.
//
// The path counts as the user has written it. A link on the way is followed only where nobody but root can have made it, see
// looker: a program in a sandbox may have put one there, and what it leads to is what nobody meant.
func Program(s *spec.Spec, file string) string {
	dest := Spelled(file)
	if !strings.HasPrefix(file, "/") {
		file = dest
	}
	if strings.HasSuffix(file, "/") || !strings.HasPrefix(dest, "/") || !makeable(s.Tree, dest) || Has(s, file) {
		return ""
	}
	l := looker{top: "/", want: unix.S_IFREG}
	e, is := l.find(file)
	if !is {
		return ""
	}
	e.Dest, e.Origin.Note = Through(s.Tree, dest), noteProgram
	insert(s, end(s), &e)
	return dest
}

// makeable reports whether something can be made at a path by the words of the entries: what is there is in memory.
func makeable(tree []spec.Entry, path string) bool {
	for i := len(tree) - 1; i >= 0; i-- {
		if e := &tree[i]; e.Kind.Creates() && spec.Within(path, e.Dest) {
			return e.Kind == spec.Tmpfs && !e.RO || e.Kind == spec.Dir
		}
	}
	return true
}
