package mounts

import (
	"slices"

	"box/internal/early"
	"box/spec"
)

// insert puts an entry at a place of the tree.
//
// Those at that place and after it move on by one. So indices into the tree, and what was made of them, hold only
// until the next call. The entry comes as a pointer since it is large; it is copied.
func insert(s *spec.Spec, at int, e *spec.Entry) {
	if len(s.Tree) == cap(s.Tree) {
		// Before the Go runtime the tree lies in fixed memory, which is enough for a plain command line.
		early.Ordinary()
		s.Tree = slices.Grow(s.Tree, 1+len(s.Tree))
	}
	s.Tree = s.Tree[:len(s.Tree)+1]
	copy(s.Tree[at+1:], s.Tree[at:])
	s.Tree[at] = *e
}
