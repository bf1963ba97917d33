package mounts

import (
	"path"
	"strings"

	"box/spec"

	"golang.org/x/sys/unix"
)

// maxLinks bounds the links that Find follows, as the kernel does: path_resolution(7).
const maxLinks = 40

// Find returns what would be at name in the sandbox: the path on the host that a bind brings, or "" for something that
// the sandbox itself makes; false if nothing. Links are followed, those of the tree and those of the host, with the
// sandbox's root as theirs.
func Find(s *spec.Spec, name string) (host string, ok bool) {
	return find(s, "/", spec.Relative(name), maxLinks)
}

// find resolves rest from the directory at, which holds no links.
func find(s *spec.Spec, at, rest string, links int) (string, bool) {
	for rest != "" {
		part, after, _ := strings.Cut(rest, "/")
		rest = spec.Relative(after)
		next := path.Join(at, part)
		target, ok := linkAt(s, next)
		if !ok {
			if _, exists := here(s, next); !exists {
				return "", false
			}
			at = next
			continue
		}
		if links--; links < 0 {
			return "", false
		}
		if path.IsAbs(target) {
			at = "/"
		}
		rest = spec.Relative(spec.Relative(target) + "/" + rest)
	}
	return here(s, at)
}

// linkAt returns the target of the symbolic link at name, if there is one.
func linkAt(s *spec.Spec, name string) (string, bool) {
	e, ok := s.Lookup(name)
	if ok && e.Kind == spec.Symlink && spec.Relative(e.Dest) == spec.Relative(name) {
		return e.Source, true
	}
	host, ok := here(s, name)
	if !ok || host == "" {
		return "", false
	}
	var target [unix.PathMax]byte
	n, err := unix.Readlink(host, target[:])
	return string(target[:max(n, 0)]), err == nil && n > 0
}

// here is Find for a name whose directory holds no links; the name itself isn't followed.
func here(s *spec.Spec, name string) (host string, ok bool) {
	if e, ok := s.Lookup(name); ok {
		if e.Brings() {
			below := strings.TrimPrefix(spec.Relative(name), spec.Relative(e.Dest))
			for _, source := range e.Sources() {
				if host := path.Join(source, below); exists(host) {
					return host, true
				}
			}
		} else if e.Kind == spec.Proc || e.Kind == spec.Dev || spec.Relative(e.Dest) == spec.Relative(name) {
			return "", true // proc and dev have more inside than can be known here
		}
	}
	for i := range s.Tree { // a directory that had to be made for something below it
		e := &s.Tree[i]
		if spec.Relative(name) == "" || e.Kind.Creates() && spec.Within(e.Dest, name) {
			return "", true
		}
	}
	return "", spec.Relative(name) == ""
}

// IsDir says whether path is a directory of the host, links followed.
func IsDir(path string) bool {
	var st unix.Stat_t
	return unix.Stat(path, &st) == nil && st.Mode&unix.S_IFMT == unix.S_IFDIR
}

// exists says whether there is anything at path of the host, links not followed.
func exists(path string) bool {
	var st unix.Stat_t
	return unix.Lstat(path, &st) == nil
}
