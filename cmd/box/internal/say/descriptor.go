package say

import (
	"errors"
	"fmt"

	"box/internal/early"

	"golang.org/x/sys/unix"
)

// Descriptor returns the error for a descriptor of the caller that can't be used, by its number. It wraps the errno.
//
//go:noinline
func Descriptor(fd int, what string, errno unix.Errno) error {
	early.Ordinary()
	return &descriptorError{fd, what, errno}
}

// descriptorError says what is wrong with a descriptor. It is no Message: both
// modes put words of their own in front.
type descriptorError struct {
	fd   int
	what string
	err  error
}

func (e *descriptorError) Error() string { return fmt.Sprintf("descriptor %d %s", e.fd, e.what) }

// Unwrap returns the errno.
func (e *descriptorError) Unwrap() error { return e.err }

// CannotRead returns the error for a descriptor that can't be read, see read(2).
//
//go:noinline
func CannotRead(fd int, errno unix.Errno) error {
	early.Ordinary()
	what := "can't be read: " + errno.Error()
	switch {
	case errors.Is(errno, unix.EISDIR):
		what = "is a directory"
	case errors.Is(errno, unix.EBADF):
		what = "is not open for reading"
	}
	return &descriptorError{fd, what, errno}
}
