package plan

import "golang.org/x/sys/unix"

var atFDCWD = uintptr(^uint64(0) - 99) // AT_FDCWD, -100

// Last returns the call that was written last, to change how its errors count.
func (b *Builder) Last() *Call { return &b.Inside[len(b.Inside)-1] }

// Ignoring lets the call that was written last count as done when it ends with one of errnos (at most four).
func (b *Builder) Ignoring(errnos ...unix.Errno) {
	c := b.Last()
	for i, e := range errnos {
		c.Ignore[i] = uint8(e)
	}
}
