package launch

import (
	"os"

	"box/internal/early"
	"box/internal/host"

	"golang.org/x/sys/unix"
)

// maxChanged is how many files are counted in what was written to a project.
const maxChanged = 1_000_000

// changes are what was written to a project that is an overlay: files, links and the like, and names that were removed. Of a
// directory that was removed that is one. Over says that there are more.
type changes struct {
	written, removed int
	over             bool
}

// countChanges counts what is in the directory that what was written has gone to, and lets that go. The command has made all of it:
// no link is followed, and what can't be read is left out.
//
//go:noinline
func (b *Sandbox) countChanges() {
	early.Ordinary()
	if b.failed == nil {
		b.countIn(b.upper, ".", 0)
	}
	host.Close(b.upper)
	b.upper = -1
}

// countIn counts in a directory by its name in another one.
func (b *Sandbox) countIn(above int, name string, depth int) {
	const flags = unix.O_RDONLY | unix.O_DIRECTORY | unix.O_NOFOLLOW | unix.O_CLOEXEC
	fd, err := unix.Openat(above, name, flags, 0)
	if err != nil || depth > maxDepth {
		return
	}
	dir := os.NewFile(uintptr(fd), name)
	defer dir.Close()
	for !b.changed.over {
		entries, err := dir.ReadDir(256)
		for _, e := range entries {
			switch c := &b.changed; {
			case e.IsDir():
				b.countIn(fd, e.Name(), depth+1)
			// A whiteout: a name of a lower layer that was removed, see the kernel's overlayfs.rst. The command can make no device.
			case e.Type()&os.ModeCharDevice != 0:
				c.removed++
			default:
				c.written++
			}
		}
		if c := &b.changed; c.written+c.removed > maxChanged {
			c.over = true
		}
		if err != nil {
			return
		}
	}
}

// tellChanges tells what was written to a project that is not kept as it is, if anything was.
func (b *Sandbox) tellChanges() {
	if c := &b.changed; c.written+c.removed > 0 {
		b.report(News{What: Changed, Written: c.written, Removed: c.removed, More: c.over})
	}
}
