package main

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"

	"box/spec"

	"golang.org/x/sys/unix"
)

// number reads a descriptor's number.
func number(word string, least int) (int, error) {
	n, err := strconv.ParseUint(word, 10, 31)
	if err != nil {
		return 0, fmt.Errorf("%s is not a descriptor's number", word)
	}
	if int(n) < least {
		return 0, fmt.Errorf("descriptors 0, 1 and 2 are always inherited")
	}
	return int(n), nil
}

// isOpen fails if the caller has not handed over the descriptor.
func isOpen(fd int) error {
	if _, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0); err != nil {
		return &descriptorError{fd, "is not open", unix.EBADF}
	}
	return nil
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
func cannotRead(fd int, err error) error {
	what := "can't be read: " + err.Error()
	switch {
	case errors.Is(err, unix.EISDIR):
		what = "is a directory"
	case errors.Is(err, unix.EBADF):
		what = "is not open for reading"
	}
	return &descriptorError{fd, what, err}
}

// keptData is what was read from descriptors: once, and kept, so that one can be named twice.
type keptData map[int][]byte

// read reads an inherited descriptor to its end.
func (k keptData) read(fd int) ([]byte, error) {
	if data, ok := k[fd]; ok {
		return data, nil
	}
	data, err := readFD(fd)
	if err == nil {
		k[fd] = data
	}
	return data, err
}

// readFD reads an inherited descriptor to its end. It stays open: nothing else may get its number, by which the child closes it.
func readFD(fd int) ([]byte, error) {
	if err := isOpen(fd); err != nil {
		return nil, err
	}
	var data []byte
	for buffer := make([]byte, 64<<10); ; {
		n, err := unix.Read(fd, buffer)
		switch {
		case err == unix.EINTR:
		case err != nil:
			return nil, cannotRead(fd, err)
		case n == 0:
			return data, nil
		default:
			data = append(data, buffer[:n]...)
		}
	}
}

// closeInherited closes what the caller handed over besides 0, 1, 2 and keep: the sandbox has it, and a monitor that has it too
// would keep the other side of a pipe from seeing its end. All that box itself opens is close-on-exec, and nothing inherited is.
func closeInherited(keep ...spec.FD) {
	names, _ := os.ReadDir("/proc/self/fd")
	for _, name := range names {
		fd, err := strconv.Atoi(name.Name())
		if err != nil || fd <= 2 || slices.ContainsFunc(keep, func(k spec.FD) bool { return k.Number() == fd }) {
			continue
		}
		if flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0); err == nil && flags&unix.FD_CLOEXEC == 0 {
			unix.Close(fd)
		}
	}
}

// readable says whether a descriptor can be read at all.
func readable(fd int) bool {
	_, err := unix.Read(fd, nil)
	return err == nil
}

// isTerminal says whether the descriptor is a terminal.
func isTerminal(fd int) bool {
	_, err := unix.IoctlGetTermios(fd, unix.TCGETS)
	return err == nil
}
