package inputs

import (
	"box/cmd/box/internal/say"
	"box/internal/early"
	"box/internal/host"
	"box/spec"

	"golang.org/x/sys/unix"
)

// Describe notes what the descriptors are that the command inherits. A
// directory on 0, 1 or 2 would let it go wherever that leads, to sockets too,
// and is refused: nothing reads a directory there. kept is memory for the list,
// in the order of Life.Keep. Landlock rules and read-only mounts are made of
// the result.
func Describe(s *spec.Spec, kept []spec.Description) error {
	life := &s.Life
	for fd := range life.Stdio {
		if life.TTY[fd] { // it will be the sandbox's own
			life.Stdio[fd] = spec.Description{Kind: spec.DeviceFile, Reads: true, Writes: true}
			continue
		}
		life.Stdio[fd] = description(fd)
		// A Landlock domain would keep the command from opening what is below
		// it, but not from connect(2) to a socket there (before Linux 7.1).
		if life.Stdio[fd].Kind == spec.DirectoryFile {
			early.Ordinary()
			return say.Usagef("%s is a directory, which would let the command out of the sandbox", stdioNames[fd]).
				Hintf("redirect it, or bind the directory; --keep-fd hands a descriptor over knowingly")
		}
	}
	life.Kept = kept[:0]
	for _, fd := range life.Keep {
		life.Kept = early.Append(life.Kept, describedOnce(fd))
	}
	return nil
}

// stdioNames are the words of messages, by the descriptor's number.
var stdioNames = [...]string{"standard input", "standard output", "standard error"}

// description returns what a descriptor has open. One that is closed has the
// zero value. O_PATH lets nobody read or write, whatever the mode bits say.
func description(fd int) (d spec.Description) {
	mode, flags, errno := host.Description(fd)
	if errno != 0 {
		return d
	}
	switch mode & unix.S_IFMT {
	case unix.S_IFREG:
		d.Kind = spec.RegularFile
	case unix.S_IFDIR:
		d.Kind, d.Fixed = spec.DirectoryFile, host.OnReadOnlyMount(fd)
	case unix.S_IFCHR, unix.S_IFBLK:
		d.Kind = spec.DeviceFile
	case unix.S_IFIFO:
		d.Kind = spec.FifoFile
	default:
		d.Kind = spec.OtherFile
	}
	if flags&unix.O_PATH == 0 {
		access := flags & unix.O_ACCMODE
		d.Reads, d.Writes = access != unix.O_WRONLY, access != unix.O_RDONLY
	}
	return d
}

// described is what was found before the Go runtime began. A command line that
// is compiled again for its message has let go of these since. 64 are as many
// as session.Memory has for the flags.
var described struct {
	list [64]struct {
		fd int
		is spec.Description
	}
	n int
}

// describedOnce is description for a descriptor that is handed over on purpose.
// The standard descriptors need no such memory: box does not close 0, 1 and 2.
func describedOnce(fd int) spec.Description {
	for i := range described.n {
		if described.list[i].fd == fd {
			return described.list[i].is
		}
	}
	d := description(fd)
	if early.Running() {
		if described.n == len(described.list) {
			early.Ordinary()
		}
		described.list[described.n].fd, described.list[described.n].is = fd, d
		described.n++
	}
	return d
}
