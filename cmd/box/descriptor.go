package main

import (
	"errors"
	"fmt"
	"strconv"

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
		return fmt.Errorf("descriptor %d is not open", fd)
	}
	return nil
}

// cannotRead says why a descriptor can't be read.
func cannotRead(fd int, err error) error {
	if errors.Is(err, unix.EISDIR) {
		return fmt.Errorf("descriptor %d is a directory", fd)
	}
	if errors.Is(err, unix.EBADF) {
		return fmt.Errorf("descriptor %d is not open for reading", fd)
	}
	return fmt.Errorf("descriptor %d can't be read: %w", fd, err)
}

// isTerminal says whether the descriptor is a terminal.
func isTerminal(fd int) bool {
	_, err := unix.IoctlGetTermios(fd, unix.TCGETS)
	return err == nil
}
