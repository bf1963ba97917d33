package inputs

import (
	"box/cmd/box/internal/say"
	"box/internal/early"
	"box/internal/host"

	"golang.org/x/sys/unix"
)

// Replayed reports whether this run repeats an early one for its message alone:
// what was read then is not read again, and nothing is started.
func Replayed() bool { return early.Again() }

// IsOpen fails if the caller has not handed over the descriptor. A command line
// that is compiled again for its message alone had all of them, and has let go
// of them since. The error wraps EBADF.
func IsOpen(fd int) error {
	if Replayed() {
		return nil
	}
	if _, errno := host.Fcntl(fd, unix.F_GETFD, 0); errno != 0 {
		return say.Descriptor(fd, "is not open", unix.EBADF)
	}
	return nil
}

// unreadable is a descriptor that could not be read, before the Go runtime
// began, and 1; or 0. One is enough: Readable is asked for --block-fd alone.
var unreadable int

// Readable reports whether a descriptor can be read at all. It reads no byte:
// read(2) with a count of 0 finds errors only, and may find none for some kinds
// of files.
func Readable(fd int) bool {
	if Replayed() {
		return fd+1 != unreadable
	}
	_, errno := host.Read(fd, nil)
	if errno != 0 {
		unreadable = fd + 1
	}
	return errno == 0
}
