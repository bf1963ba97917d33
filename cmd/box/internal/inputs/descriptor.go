package inputs

import (
	"errors"
	"fmt"

	"box/internal/early"
	"box/internal/host"

	"golang.org/x/sys/unix"
)

// IsOpen fails if the caller has not handed over the descriptor. A line that is repeated for its words alone had all of them, and
// has let go of them since.
func IsOpen(fd int) error {
	if early.Again() {
		return nil
	}
	if _, errno := host.Fcntl(fd, unix.F_GETFD, 0); errno != 0 {
		return badDescriptor(fd, "is not open", unix.EBADF)
	}
	return nil
}

//go:noinline
func badDescriptor(fd int, what string, err error) error {
	early.Ordinary()
	return &descriptorError{fd, what, err}
}

// descriptorError says what is wrong with a descriptor.
type descriptorError struct {
	fd   int
	what string
	err  error
}

func (e *descriptorError) Error() string { return fmt.Sprintf("descriptor %d %s", e.fd, e.what) }

// Unwrap returns the errno.
func (e *descriptorError) Unwrap() error { return e.err }

// cannotRead says why a descriptor can't be read.
//
//go:noinline
func cannotRead(fd int, err unix.Errno) error {
	early.Ordinary()
	what := "can't be read: " + err.Error()
	switch {
	case errors.Is(err, unix.EISDIR):
		what = "is a directory"
	case errors.Is(err, unix.EBADF):
		what = "is not open for reading"
	}
	return &descriptorError{fd, what, err}
}

// unreadable is a descriptor that could not be read, before the Go runtime began, and 1; or 0.
var unreadable int

// Readable says whether a descriptor can be read at all.
func Readable(fd int) bool {
	if early.Again() {
		return fd+1 != unreadable
	}
	_, errno := host.Read(fd, nil)
	if errno != 0 {
		unreadable = fd + 1
	}
	return errno == 0
}
