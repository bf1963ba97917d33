package mounts

import (
	"path"

	"box/internal/early"
	"box/internal/host"
	"box/internal/pathname"
	"box/spec"
)

// NoteDefault is the note of what Defaults adds on its own account.
const NoteDefault = "default mount: no flag names it"

// The notes of what it adds beside a bind.
const (
	noteLink  = "default: the same link as beside the bound /usr"
	noteDir   = "default: a directory beside the bound /usr, where others have a link"
	noteStore = "default: the programs of this system live here"
)

// Defaults adds what nearly every program needs and no flag names: a fresh /proc, a minimal /dev, a tmpfs on /tmp,
// right after whatever makes the root, so that every later flag can cover them. Then, if the root is box's own, the
// links into /usr.
//
// It returns what was left out: no mount point is made in a root of the host's, so the directory has to be there.
// What a flag names is not added, and not left out either.
func Defaults(s *spec.Spec) (left []string) {
	root := s.Root()
	own := root < 0 || s.Tree[root].Source == ""
	for _, e := range defaults {
		if named(s.Tree, e.Dest) {
			continue
		}
		if !own && !shows(&s.Tree[root], e.Dest) {
			left = leave(left, e.Dest)
			continue
		}
		insert(s, root+1, &e)
	}
	if own {
		Links(s, end(s), true)
	}
	return left
}

// shows reports whether an entry that makes the root brings a directory: in an overlay any of its layers may have it.
func shows(e *spec.Entry, dest string) bool {
	for i := range e.Layers {
		if host.IsDir(below(e.Layers[i], dest)) {
			return true
		}
	}
	return host.IsDir(below(e.Source, dest))
}

// defaults are what Defaults adds, the last one first.
// They are all inserted at one place, so the last one comes first in the tree.
var defaults = [...]spec.Entry{
	{Kind: spec.Tmpfs, Dest: "/tmp", Perms: 0o1777, Origin: spec.Origin{Note: NoteDefault}},
	{Kind: spec.Dev, Dest: "/dev", Origin: spec.Origin{Note: NoteDefault}},
	{Kind: spec.Proc, Dest: "/proc", Origin: spec.Origin{Note: NoteDefault}},
}

// leave is append, which needs the heap.
//
//go:noinline
func leave(left []string, dest string) []string {
	early.Ordinary()
	return append(left, dest)
}

// below returns the path of name in a directory.
// The name is taken from that directory, whether it begins with a slash or not.
func below(dir, name string) string {
	if dir == "/" {
		return early.Concat("/", spec.Relative(name))
	}
	return early.Concat(dir, "/", spec.Relative(name))
}

// named reports whether an entry is for exactly dest.
// A destination is compared as it is spelled, but for slashes at its ends.
func named(tree []spec.Entry, dest string) bool {
	for i := range tree {
		if tree[i].Kind.Creates() && spec.Relative(tree[i].Dest) == spec.Relative(dest) {
			return true
		}
	}
	return false
}

// taken reports whether an entry is for dest or something below it, so that it will exist.
func taken(tree []spec.Entry, dest string) bool {
	for i := range tree {
		if tree[i].Kind.Creates() && spec.Within(tree[i].Dest, dest) {
			return true
		}
	}
	return false
}

// merged are the directories that are links into /usr on most systems. Debian needs lib and lib64 both: the loader
// /lib64/ld-linux-x86-64.so.2 is a link to /lib/….
var merged = [...]string{"bin", "sbin", "lib", "lib32", "lib64", "libx32"}

// stores are where NixOS and Guix keep programs, and what leads there.
var stores = [...]string{"/nix/store", "/gnu/store"}

// Links adds, for a bind or an overlay on /usr, what stands beside it and leads into it: without these no program finds its
// loader. They come at a place of the tree, unless something is there: of all entries, or of those before that place. It returns
// how many there are.
func Links(s *spec.Spec, at int, all bool) (n int) {
	usr := ""
	for i := len(s.Tree) - 1; i >= 0; i-- {
		if e := &s.Tree[i]; e.Brings() && spec.Relative(e.Dest) == "usr" {
			usr = system(e)
		}
	}
	if usr == "" {
		return 0
	}
	add := func(e spec.Entry) {
		insert(s, at+n, &e)
		n++
	}
	taken := func(dest string) bool {
		if all {
			return taken(s.Tree, dest)
		}
		return taken(s.Tree[:at+n], dest)
	}
	beside := above(usr)
	l := looker{top: beside}
	store := false
	// On a system with a store, links beside /usr that lead elsewhere are looked at, too.
	for _, dir := range stores {
		_, is := l.find(dir)
		store = store || is
	}
	for _, name := range merged {
		if !taken(name) {
			addBeside(add, &l, name, store)
		}
	}
	if store {
		for _, dir := range [...]string{stores[0], stores[1], "/run/current-system"} {
			if !taken(dir) {
				addStore(add, &l, dir)
			}
		}
	}
	return n
}

// system returns the directory of the host that an entry on /usr has the programs from. Of the layers of an overlay that is the
// lowest one with that name, or else the lowest: what lies beside a layer that only changes some files is nobody's system.
func system(e *spec.Entry) string {
	if e.Kind == spec.Bind {
		return e.Source
	}
	for _, layer := range e.Layers {
		if _, name := pathname.Cut(Spelled(layer)); name == "usr" {
			return layer
		}
	}
	return e.Layers[0]
}

// above returns the directory that a path lies in.
// It is asked for "/usr" nearly always, and answers that without the heap.
func above(name string) string {
	if name == "/usr" {
		return "/"
	}
	early.Ordinary()
	return path.Dir(path.Clean(name))
}

// addBeside adds what is at name beside /usr: the same link if it leads into usr, a bind if it is a directory. On a
// system with a store, /bin and its like are links or directories outside of /usr, and are bound.
func addBeside(add func(spec.Entry), l *looker, name string, store bool) {
	var buffer [256]byte
	if target := host.Readlink(below(l.top, name), buffer[:]); target != "" {
		if spec.Within(target, "usr") {
			add(sameLink(early.Concat("/", name), target))
			return
		}
		// It leads to somewhere else than usr: a flag has to name that.
		if !store {
			return
		}
	}
	if e, is := l.find(name); is {
		e.Dest, e.Origin.Note = early.Concat("/", name), noteDir
		add(e)
	}
}

// addStore adds one of the stores, or what leads there. A link into a store is made again: it leads nowhere but there.
func addStore(add func(spec.Entry), l *looker, dest string) {
	var buffer [256]byte
	if target := host.Readlink(below(l.top, dest), buffer[:]); target != "" && target[0] == '/' {
		for _, dir := range stores {
			if spec.Within(target, dir) {
				add(sameLink(dest, target))
				return
			}
		}
	}
	if e, is := l.find(dest); is {
		e.Dest, e.Origin.Note = dest, noteStore
		add(e)
	}
}

// sameLink is a link as the host has it. Inside it is resolved inside.
// So what it leads to is in the sandbox, or nothing. It gives way to what is there already (Try).
func sameLink(dest, target string) spec.Entry {
	link := spec.Entry{Kind: spec.Symlink, Dest: dest, Source: early.Concat(target), Try: true}
	link.Origin.Note = noteLink
	return link
}

// end returns the place after all entries, but before the root becomes read-only.
// In a read-only root no link could be made (EROFS).
func end(s *spec.Spec) int {
	for i := range s.Tree {
		if e := &s.Tree[i]; e.Kind == spec.ReadOnly && spec.Relative(e.Dest) == "" {
			return i
		}
	}
	return len(s.Tree)
}
