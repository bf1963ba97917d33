package main

import (
	"box/internal/early"
	"box/internal/host"
	"box/spec"

	"golang.org/x/sys/unix"
)

// kept is what was read from a descriptor.
type kept struct {
	fd   int
	data []byte
}

// keptData is what was read from descriptors: once, and kept, so that one can be named twice.
type keptData []kept

// read reads an inherited descriptor to its end.
func (k *keptData) read(fd int) ([]byte, error) {
	for _, kept := range *k {
		if kept.fd == fd {
			return kept.data, nil
		}
	}
	data, err := readFD(fd)
	if err == nil {
		*k = early.Append(*k, kept{fd, data})
	}
	return data, err
}

// readEarly is what was read before the Go runtime began: it can't be read again if the command line turns out to need that.
var readEarly struct {
	list [16]kept
	n    int
	room [256 << 10]byte
	used int
}

// readFD reads an inherited descriptor to its end. It stays open: nothing else may get its number, by which the child closes it.
func readFD(fd int) ([]byte, error) {
	if err := isOpen(fd); err != nil {
		return nil, err
	}
	if early.Running() {
		return readInto(fd)
	}
	return readAll(fd)
}

// readInto reads into the room of readEarly. What doesn't fit is left for readAll.
func readInto(fd int) ([]byte, error) {
	r := &readEarly
	if r.n == len(r.list) {
		early.Ordinary()
	}
	have := &r.list[r.n]
	have.fd, have.data = fd, r.room[r.used:r.used]
	r.n++
	for {
		if r.used == len(r.room) {
			early.Ordinary()
		}
		n, errno := host.Read(fd, r.room[r.used:])
		switch {
		case errno == unix.EINTR:
		case errno != 0:
			return nil, cannotRead(fd, errno)
		case n == 0:
			return have.data, nil
		default:
			r.used += n
			have.data = r.room[r.used-len(have.data)-n : r.used]
		}
	}
}

//go:noinline
func readAll(fd int) ([]byte, error) {
	early.Ordinary()
	var data []byte
	for _, have := range readEarly.list[:readEarly.n] {
		if have.fd == fd {
			data = have.data
		}
	}
	if early.Again() {
		return data, nil // it was read to its end, and let go
	}
	for buffer := make([]byte, 64<<10); ; {
		n, errno := host.Read(fd, buffer)
		switch {
		case errno == unix.EINTR:
		case errno != 0:
			return nil, cannotRead(fd, errno)
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
	list, errno := host.OpenDir("/proc/self/fd")
	if errno != 0 {
		return
	}
	var fds [256]int
	for {
		n := list.Numbers(fds[:])
		if n == 0 {
			break
		}
		for _, fd := range fds[:n] {
			if fd > 2 && !list.Is(fd) && !names(keep, fd) {
				if flags, errno := host.Fcntl(fd, unix.F_GETFD, 0); errno == 0 && flags&unix.FD_CLOEXEC == 0 {
					host.Close(fd)
				}
			}
		}
	}
	list.Close()
}

// names says whether one of the descriptors is fd.
func names(list []spec.FD, fd int) bool {
	for i := range list {
		if list[i].Number() == fd {
			return true
		}
	}
	return false
}
