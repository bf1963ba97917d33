package mounts

import "box/plan"

// prefixes is a set of paths that is asked whether one of them may be another path or lie above it. It may err on the side
// of yes (it is a Bloom filter with one hash), and then the entries themselves are looked at; without it, that would be
// done for every pair of entries.
type prefixes struct{ bits []byte }

// newPrefixes returns a set for about n paths in the Builder's memory.
// The size is a power of two, so that a mask takes the place of a division.
func newPrefixes(b *plan.Builder, n int) prefixes {
	size := 64
	for size < 2*n { // 16 bits a path
		size *= 2
	}
	return prefixes{b.Scratch(size)}
}

// add puts a path into the set.
func (p prefixes) add(path string) {
	h := start
	for i := range len(path) {
		h = step(h, path, i)
	}
	p.bits[h>>3&uint64(len(p.bits)-1)] |= 1 << (h & 7)
}

// mayCover reports whether path, or a part of it that ends at a slash, may be in the set.
func (p prefixes) mayCover(path string) bool {
	h := start
	// No byte was hashed: that is the hash of a path that is nothing but slashes.
	if p.has(h) {
		return true // the root
	}
	for i := range len(path) {
		if path[i] == '/' && p.has(h) {
			return true
		}
		h = step(h, path, i)
	}
	return p.has(h)
}

// has reports whether the bit of a hash is set: the low 3 bits say which of a byte, those above which byte.
func (p prefixes) has(h uint64) bool {
	return p.bits[h>>3&uint64(len(p.bits)-1)]&(1<<(h&7)) != 0
}

// start is the offset basis of FNV-1a with 64 bits, and the hash of the root.
const start = uint64(14695981039346656037)

// step is FNV-1a over path without the slashes that mean nothing: at the ends, and beside another.
// Two spellings of a path have the same hash then: a destination is not normalised. The high bits are folded into the
// low ones, which choose the place in the set.
func step(h uint64, path string, i int) uint64 {
	if path[i] == '/' {
		return h
	}
	if h != start && path[i-1] == '/' {
		h = (h ^ '/') * 1099511628211
	}
	h = (h ^ uint64(path[i])) * 1099511628211
	return h ^ h>>29
}
