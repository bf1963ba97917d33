package register

import (
	"errors"

	"box/internal/early"

	"golang.org/x/sys/unix"
)

// Error is what could not be done with a file of the register.
type Error struct {
	Do    string // open, make, lock, write …
	Path  string
	Errno unix.Errno
}

// Error says it in the words of the system.
func (e *Error) Error() string { return e.Do + " " + e.Path + ": " + e.Errno.Error() }

// Unwrap returns the errno.
func (e *Error) Unwrap() error { return e.Errno }

// ErrTaken is for a box whose name another one has, ErrUp for one that runs, and ErrNone for a name that no box has.
var (
	ErrTaken = errors.New("a box has that name")
	ErrUp    = errors.New("the box is up")
	ErrNone  = errors.New("no such box")
)

// problem returns an Error. It allocates.
//
//go:noinline
func problem(do, path string, errno unix.Errno) error {
	early.Ordinary()
	return &Error{do, path, errno}
}

// taken returns ErrTaken, which package errors makes when the Go runtime begins.
//
//go:noinline
func taken() error {
	early.Ordinary()
	return ErrTaken
}
