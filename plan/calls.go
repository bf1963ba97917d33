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

// MayFail lets the calls from the first on end with one of errnos: those after one that has are left out.
func (b *Builder) MayFail(first int, errnos ...unix.Errno) {
	for i := first; i < len(b.Inside); i++ {
		if i > first {
			b.Inside[i].When = Done
		}
		for n, errno := range errnos {
			b.Inside[i].Ignore[n] = uint8(errno)
		}
	}
}
