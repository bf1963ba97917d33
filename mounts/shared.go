package mounts

import (
	"strings"

	"box/internal/early"
	"box/spec"
)

// share notes what the sandbox may write to on the host. What runs in it can have left links there, for this one or the next:
// below these directories a source is taken without links, but with FollowPlanted.
//
// It must have all of them before the first source is cloned: a later entry can make an earlier source writable.
func (t *tree) share() {
	if t.s.Mounts.FollowPlanted {
		return
	}
	for i := range t.s.Tree {
		if source := t.s.Tree[i].Writes(); source != "" {
			t.shareDir(source)
		}
	}
}

// shareDir notes one directory.
func (t *tree) shareDir(source string) {
	if t.nshared == len(t.shared) {
		early.Ordinary()
		t.sharedMore = append(t.sharedMore, t.real(source))
		return
	}
	t.shared[t.nshared] = t.real(source)
	t.nshared++
}

// isShared reports whether the real path is in a directory that is written to.
// Such a directory counts as in itself.
func (t *tree) isShared(path string) bool {
	for i := range t.nshared {
		if spec.Within(path, t.shared[i]) {
			return true
		}
	}
	for _, dir := range t.sharedMore {
		if spec.Within(path, dir) {
			return true
		}
	}
	return false
}

// realDir is a path that was asked for, and what it really is.
// An empty path is an unused place.
type realDir struct{ path, is string }

// real returns the real path of a source, and remembers it: most have the same directories above them.
// The kernel has to be asked for each (open(2) and readlink(2)). The memory is a ring: if it is full, the oldest
// goes.
func (t *tree) real(source string) string {
	for i := range t.realDirs {
		if t.realDirs[i].path == source {
			return t.realDirs[i].is
		}
	}
	is := Absolute(source)
	t.realDirs[t.nextReal%len(t.realDirs)] = realDir{source, is}
	t.nextReal++
	return is
}

// writableAbove returns the first directory on the way to source that is written to, and the rest of the path, which is not to be
// trusted; or "". It looks at where each part leads and not at how it is spelled.
//
// dir is spelled as Spelled gives it. Its own last part may be a link that the user names: only what comes after it
// can be planted. The last part of the source is not looked at. Where only root could have planted anything, nothing was.
func (t *tree) writableAbove(source string) (dir, rest string) {
	if t.nshared == 0 {
		return "", ""
	}
	full := Spelled(source)
	for end := 1; end < len(full); {
		next := strings.IndexByte(full[end:], '/')
		if next < 0 {
			break // the source itself: it may be bound as a whole
		}
		end += next
		if t.isShared(t.real(full[:end])) {
			if rooted(source) {
				break
			}
			return full[:end], full[end+1:]
		}
		end++
	}
	return "", ""
}
