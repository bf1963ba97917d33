package mounts

import (
	"box/internal/early"
	"box/internal/host"
	"box/spec"

	"golang.org/x/sys/unix"
)

// view is the base view while it is made. Its entries are in front of those of the flags, and at is the place of the next one.
type view struct {
	s  *spec.Spec
	h  Host
	at int
}

// add adds an entry after those that the view has.
func (v *view) add(e spec.Entry) {
	if e.Origin.Note == "" {
		e.Origin.Note = NoteBase
	}
	insert(v.s, v.at, &e)
	v.at++
}

// replace puts a file of box's own, of which the parts are given, in the place of one of the host's.
func (v *view) replace(path string, parts ...string) {
	v.add(spec.Entry{Kind: spec.Data, RO: true, There: true, Perms: 0o644, Dest: path, Data: early.Bytes(parts...)})
}

// isFile reports whether there is a file at a path of the host's that can be replaced: nothing can be made in what is read-only.
// A link may lead to what the base view does not have, so it is followed as in the sandbox.
func (v *view) isFile(path string) bool {
	mode, errno := host.Stat(path, unix.AT_SYMLINK_NOFOLLOW)
	if errno == 0 && mode&unix.S_IFMT == unix.S_IFLNK {
		return Has(v.s, path)
	}
	return errno == 0 && mode&unix.S_IFMT == unix.S_IFREG
}

// machineID puts an id that is no machine's in the place of that of this one, see machine-id(5).
func (v *view) machineID() {
	const file, zeros = "/etc/machine-id", "00000000000000000000000000000000\n"
	if v.isFile(file) {
		v.replace(file, zeros)
	}
}

// seal makes the root read-only, if it is box's own: what is written there would be lost. It comes after all entries, since they
// make their places in it.
func seal(s *spec.Spec) {
	if s.Root() < 0 {
		e := spec.Entry{Kind: spec.ReadOnly, Dest: "/"}
		e.Origin.Note = NoteBase
		insert(s, len(s.Tree), &e)
	}
}
