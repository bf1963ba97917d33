// Package inputs has what the caller hands over: descriptors, which are read
// once, the working directory, signals and limits. A command line that was
// started before the Go runtime and has failed is compiled once more, for its
// message alone: only this package knows that, and answers then as it did
// before.
//
// The problem that it solves: a pipe can be read once, and the monitor closes
// the caller's descriptors when the sandbox has them. So what the first run has
// read or found is kept in fixed memory, which outlives the change to the
// ordinary way: that jump does not clear the program's variables. Bounds of
// that memory are no limits for users: what doesn't fit goes the ordinary way,
// where there is a heap.
//
// The package is on the early side: nothing allocates before early.Ordinary.
package inputs

import (
	"slices"

	"box/cmd/box/internal/say"
	"box/internal/early"
	"box/internal/host"
	"box/spec"

	"golang.org/x/sys/unix"
)

// Kept is what was read from a descriptor. FD is its number. Data is complete:
// the descriptor was read to its end.
type Kept struct {
	FD   int
	Data []byte
}

// Data is what was read from descriptors: once, and kept, so that one can be
// named twice. The session owns the memory. A failed read is not kept, so it
// fails again.
type Data []Kept

// Read reads an inherited descriptor to its end. The result belongs to the
// list, and must not be changed.
func (k *Data) Read(fd int) ([]byte, error) {
	for _, kept := range *k {
		if kept.FD == fd {
			return kept.Data, nil
		}
	}
	data, err := Read(fd)
	if err == nil {
		*k = early.Append(*k, Kept{fd, data})
	}
	return data, err
}

// readEarly is what was read before the Go runtime began: it can't be read
// again if the command line turns out to need that. buffer holds all data one
// after the other, and each of the list is a part of it. The memory is not
// given back.
var readEarly struct {
	list   [16]Kept
	n      int
	buffer [256 << 10]byte
	used   int
}

// Read reads an inherited descriptor to its end. It stays open: nothing else
// may get its number, by which the child closes it. An error is about the
// descriptor and has its number in it, see package say.
func Read(fd int) ([]byte, error) {
	if err := IsOpen(fd); err != nil {
		return nil, err
	}
	if early.Running() {
		return readInto(fd)
	}
	return readAll(fd)
}

// readInto reads into the memory of readEarly. What doesn't fit is left for
// readAll. The place in the list is taken before the first read: if the memory
// ends in the middle, readAll finds the part that was read, and goes on behind
// it.
func readInto(fd int) ([]byte, error) {
	r := &readEarly
	if r.n == len(r.list) {
		early.Ordinary()
	}
	have := &r.list[r.n]
	have.FD, have.Data = fd, r.buffer[r.used:r.used]
	r.n++
	for {
		if r.used == len(r.buffer) {
			early.Ordinary()
		}
		n, errno := host.Read(fd, r.buffer[r.used:])
		switch {
		case errno == unix.EINTR:
		case errno != 0:
			return nil, say.CannotRead(fd, errno)
		case n == 0:
			return have.Data, nil
		default:
			r.used += n
			have.Data = r.buffer[r.used-len(have.Data)-n : r.used]
		}
	}
}

// readAll reads by the heap, and begins with what was read before the Go
// runtime.
//
//go:noinline
func readAll(fd int) ([]byte, error) {
	early.Ordinary()
	var data []byte
	for _, have := range readEarly.list[:readEarly.n] {
		if have.FD == fd {
			data = have.Data
		}
	}
	if Replayed() {
		return data, nil // it was read to its end, and let go
	}
	for buffer := make([]byte, 64<<10); ; {
		n, errno := host.Read(fd, buffer)
		switch {
		case errno == unix.EINTR:
		case errno != 0:
			return nil, say.CannotRead(fd, errno)
		case n == 0:
			readLater = append(readLater, Kept{fd, data})
			return data, nil
		default:
			data = append(data, buffer[:n]...)
		}
	}
}

// PutBack makes what was read from descriptors readable once more, at the same
// numbers, for a program that is executed next: each becomes a file in memory
// with what was read and what is left.
func PutBack() {
	early.Ordinary()
	for _, have := range readLater {
		putBack(have, false)
	}
	for _, have := range readEarly.list[:readEarly.n] {
		if !slices.ContainsFunc(readLater, func(k Kept) bool { return k.FD == have.FD }) {
			putBack(have, true)
		}
	}
}

// readLater is what readAll has read.
var readLater []Kept

func putBack(have Kept, more bool) {
	fd, err := unix.MemfdCreate("box", 0)
	if err != nil {
		return // it stays at its end
	}
	host.WriteAll(fd, early.String(have.Data))
	for buffer := make([]byte, 64<<10); more; {
		n, errno := host.Read(have.FD, buffer)
		if errno == unix.EINTR {
			continue
		}
		if errno != 0 || n == 0 {
			break
		}
		host.WriteAll(fd, string(buffer[:n]))
	}
	_, _ = unix.Seek(fd, 0, 0)
	host.Place(fd, have.FD)
	host.Close(fd)
}

// Release closes what the caller handed over besides 0, 1, 2 and keep: the
// sandbox has it, and a monitor that has it too would keep the other side of a
// pipe from seeing its end. All that box itself opens is close-on-exec, and
// nothing inherited is. Without /proc nothing is closed. Errors of a close are
// of no interest.
func Release(keep ...spec.FD) {
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

// names reports whether one of the descriptors is fd. An FD that was not given
// has the number -1, which no descriptor has.
func names(list []spec.FD, fd int) bool {
	for i := range list {
		if list[i].Number() == fd {
			return true
		}
	}
	return false
}
