package launch

import (
	"box/internal/early"
	"box/internal/host"

	"golang.org/x/sys/unix"
)

// held follows the name of what box has renamed: git doesn't look for that.
const held = ".held-by-box"

// maxHeld bounds how many there may be in one directory.
const maxHeld = 1000

// hold gives what has a name in a directory another one, which is in b.names.name then. Nothing that has that name is replaced.
func (b *Sandbox) hold(dir int, was string) (errno unix.Errno) {
	name := &b.names.name
	errno = unix.EEXIST
	for i := 1; errno == unix.EEXIST && i < maxHeld; i++ {
		name.Cut(0)
		name.Add(was)
		name.Add(held)
		if i > 1 {
			name.Add(".")
			name.AddNumber(uint64(i))
		}
		errno = host.RenameIn(dir, was, name.String())
	}
	return errno
}

// reportHeld tells how hold has ended. path is the directory's, from the project's top.
func (b *Sandbox) reportHeld(path, was string, errno unix.Errno) {
	from, as := &b.names.from, &b.names.as
	within(from, path, was)
	within(as, path, b.names.name.String())
	switch errno {
	case unix.ENOENT: // it is gone
	case 0:
		b.report(News{What: Held, Name: from.String(), As: as.String()})
	default:
		b.report(News{What: NotHeld, Name: from.String(), Errno: errno})
	}
}

// within writes the path of a name in a directory; "" is the project's top.
func within(text *early.Text, dir, name string) {
	text.Cut(0)
	if dir != "" {
		text.Add(dir)
		text.Add("/")
	}
	text.Add(name)
}
