package mounts

import (
	"path"
	"slices"

	"box/spec"

	"golang.org/x/sys/unix"
)

// The notes of entries that no flag asked for: --dry-run shows them.
const (
	noteCourtesy = "courtesy: no flag names it (--base none leaves it out)"
	noteLink     = "courtesy: the same link as beside the bound /usr"
	noteDir      = "courtesy: a directory beside the bound /usr, where others have a link"
	noteStore    = "courtesy: the programs of this system live here"
)

// Courtesies adds what nearly every program needs and no flag names: a fresh /proc, a minimal /dev, a tmpfs on /tmp,
// right after whatever makes the root, so that every later flag can cover them. Then, if the root is box's own, the
// links into /usr.
func Courtesies(s *spec.Spec) (left []string) {
	at, root := 0, ""
	for i := range s.Tree {
		if e := &s.Tree[i]; e.Kind.Mounts() && spec.Relative(e.Dest) == "" {
			at, root = i+1, e.Source
		}
	}
	for _, e := range []spec.Entry{
		{Kind: spec.Tmpfs, Dest: "/tmp", Perms: 0o1777},
		{Kind: spec.Dev, Dest: "/dev"},
		{Kind: spec.Proc, Dest: "/proc"},
	} {
		if named(s, e.Dest) {
			continue
		}
		if root != "" && !IsDir(path.Join(root, e.Dest)) {
			left = append(left, e.Dest)
			continue
		}
		e.Origin.Note = noteCourtesy
		s.Tree = slices.Insert(s.Tree, at, e)
	}
	if root == "" {
		Links(s)
	}
	return left
}

// named says whether an entry is for exactly dest.
func named(s *spec.Spec, dest string) bool {
	return slices.ContainsFunc(s.Tree, func(e spec.Entry) bool {
		return e.Kind.Creates() && spec.Relative(e.Dest) == spec.Relative(dest)
	})
}

// taken says whether an entry is for dest or something below it, so that it will exist.
func taken(s *spec.Spec, dest string) bool {
	return slices.ContainsFunc(s.Tree, func(e spec.Entry) bool {
		return e.Kind.Creates() && spec.Within(e.Dest, dest)
	})
}

// merged are the directories that are links into /usr on most systems. Debian needs lib and lib64 both: the loader
// /lib64/ld-linux-x86-64.so.2 is a link to /lib/….
var merged = [...]string{"bin", "sbin", "lib", "lib32", "lib64", "libx32"}

// stores are where NixOS and Guix keep programs, and what leads there.
var stores = [...]string{"/nix/store", "/gnu/store"}

// Links adds, for a bind on /usr, what stands beside it and leads into it: without these no program finds its loader.
func Links(s *spec.Spec) {
	usr := slices.IndexFunc(s.Tree, func(e spec.Entry) bool {
		return e.Kind == spec.Bind && spec.Relative(e.Dest) == "usr"
	})
	if usr < 0 {
		return
	}
	beside := path.Dir(path.Clean(s.Tree[usr].Source))
	store := slices.ContainsFunc(stores[:], func(dir string) bool { return IsDir(path.Join(beside, dir)) })
	for _, name := range merged {
		if !taken(s, name) {
			addBeside(s, beside, name, store)
		}
	}
	if store {
		for _, dir := range []string{stores[0], stores[1], "/run/current-system"} {
			if !taken(s, dir) && exists(path.Join(beside, dir)) {
				bindRO(s, path.Join(beside, dir), dir, noteStore)
			}
		}
	}
}

// addBeside adds what is at name beside /usr: the same link if it leads into usr, a bind if it is a directory. On a
// system with a store, /bin and its like are links or directories outside of /usr, and are bound.
func addBeside(s *spec.Spec, beside, name string, store bool) {
	host := path.Join(beside, name)
	var target [256]byte
	if n, err := unix.Readlink(host, target[:]); err == nil {
		to := string(target[:n])
		if spec.Within(to, "usr") {
			link := spec.Entry{Kind: spec.Symlink, Dest: "/" + name, Source: to, Try: true}
			link.Origin.Note = noteLink
			addLast(s, link)
			return
		}
		if !store {
			return
		}
	}
	if IsDir(host) {
		bindRO(s, host, "/"+name, noteDir)
	}
}

// bindRO adds a read-only bind that no flag asked for.
func bindRO(s *spec.Spec, source, dest, note string) {
	addLast(s, spec.Entry{Kind: spec.Bind, RO: true, Source: source, Dest: dest, Origin: spec.Origin{Note: note}})
}

// addLast adds an entry after all others, but before the root becomes read-only.
func addLast(s *spec.Spec, e spec.Entry) {
	at := slices.IndexFunc(s.Tree, func(e spec.Entry) bool {
		return e.Kind == spec.ReadOnly && spec.Relative(e.Dest) == ""
	})
	if at < 0 {
		at = len(s.Tree)
	}
	s.Tree = slices.Insert(s.Tree, at, e)
}
