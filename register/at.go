package register

import (
	"box/internal/host"

	"golang.org/x/sys/unix"
)

// At opens the box of that name for who wants to reach its monitor. It may run before the Go runtime; Find says why there is none.
func (r *Register) At(b *Box, name string) (ok bool) {
	*b = Box{Name: name, in: r, dir: -1, lock: -1}
	if !IsName(name) {
		return false
	}
	dir, errno := host.OpenAt(r.boxes, name, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_NOFOLLOW)
	if errno != 0 {
		return false
	}
	b.dir = dir
	f, errno := host.Look(dir, "")
	if errno != 0 || !ours(f) || !b.readID() {
		b.Close()
		return false
	}
	return true
}
