package launch

import (
	"box/internal/early"
	"box/internal/host"

	"golang.org/x/sys/unix"
)

// heldName is what a .git is called that box has renamed: git doesn't look for it.
const heldName = gitDir + ".held-by-box"

// maxHeld bounds how many there may be in one directory.
const maxHeld = 1000

// hold gives the .git in a directory another name, which is in b.names.name then. Nothing that has that name is replaced.
func (b *Sandbox) hold(dir int) (errno unix.Errno) {
	name := &b.names.name
	errno = unix.EEXIST
	for i := 1; errno == unix.EEXIST && i < maxHeld; i++ {
		name.Cut(0)
		name.Add(heldName)
		if i > 1 {
			name.Add(".")
			name.AddNumber(uint64(i))
		}
		errno = host.RenameIn(dir, gitDir, name.String())
	}
	return errno
}

// reportHeld tells how hold has ended. path is the directory's, from the project's top.
func (b *Sandbox) reportHeld(path string, errno unix.Errno) {
	from, as := &b.names.from, &b.names.as
	within(from, path, gitDir)
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
