package mounts

import (
	"box/internal/early"
	"box/internal/host"
	"box/spec"

	"golang.org/x/sys/unix"
)

// home makes an empty home, which is private and goes with the sandbox. It lies where the home really is, and by the name that HOME
// has for it there is a link: programs use both.
//
// Not every user has a home of its own: that of daemon is /usr/sbin. What the base view has brought there stays.
func (v *view) home() {
	if spec.Relative(v.h.Home) == "" {
		return
	}
	spelled := Spelled(v.h.Home)
	place := RealPath(spelled)
	if !v.free(place) {
		return
	}
	e := spec.Entry{Kind: spec.Tmpfs, Dest: place, Perms: 0o700}
	v.add(e)
	if place != spelled && v.free(spelled) && !spec.Within(spelled, place) && !spec.Within(place, spelled) {
		e := spec.Entry{Kind: spec.Symlink, Dest: spelled, Source: place, Try: true}
		v.add(e)
	}
}

// free reports whether a directory of the sandbox's own can be at a path: the base view has nothing there or below it, nor above it
// but what lies in memory. The caller's own home may lie in what is bound, in /opt for example: it is covered.
func (v *view) free(path string) bool {
	before := v.s.Tree[:v.at]
	if taken(before, path) {
		return false
	}
	if makeable(before, path) {
		return true
	}
	mode, uid, errno := host.Owner(path, unix.AT_SYMLINK_NOFOLLOW)
	return errno == 0 && mode&unix.S_IFMT == unix.S_IFDIR && uid == uint32(v.h.UID) && uid != root && Has(v.s, path)
}

// Through returns the place of a destination that has a link of the tree above it, as the home may have; else the destination. What
// is at a path is looked for by the destinations of entries, and these are compared as they are spelled.
func Through(tree []spec.Entry, dest string) string {
	for i := range tree {
		e := &tree[i]
		if e.Kind == spec.Symlink && e.Source != "" && e.Source[0] == '/' && spec.Within(dest, e.Dest) {
			below := spec.Relative(dest)[len(spec.Relative(e.Dest)):]
			return early.Concat(e.Source, below)
		}
	}
	return dest
}
