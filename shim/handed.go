package shim

import (
	"unsafe"

	"box/internal/early"
	"box/internal/host"
	"box/launch"
	"box/plan"
	"box/register"

	"golang.org/x/sys/unix"
)

// Handed is what a shim hands out to who enters its box: descriptors. They stay open.
type Handed struct {
	Spaces launch.Spaces
	Outer  int // the user namespace that owns the others
	Inside int // a sealed file: how to be inside, see launch.Inside
	Init   int // a descriptor of pid 1
	Root   int // pid 1 of its pid namespace, by its number here
	given  bool
}

// Given reports whether it was handed out: a command line that is compiled again asks nobody twice.
func (h *Handed) Given() bool { return h.given }

// Ask asks the shim of a box, before the Go runtime if need be. An error is one of Dial or Client.Ask.
func (h *Handed) Ask(r *register.Register, b *register.Box) error {
	if _, hard, errno := plan.Limits(unix.RLIMIT_NOFILE); errno == 0 { // see Dial
		host.AllFiles(hard)
	}
	fd, errno := host.Connect(r.Runtime(), early.Concat(b.ID(), ".sock"))
	if absent(errno) {
		fd, errno = reach(r, b)
	}
	if errno != 0 {
		return notConnected(errno)
	}
	err := h.ask(fd)
	host.Close(fd)
	return err
}

// ask sends the request and takes the answer.
func (h *Handed) ask(fd int) error {
	request := Record{Format: Format, Kind: Enter}
	host.Send(fd, unsafe.Pointer(&request), unsafe.Sizeof(request))
	set := [1]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
	for end := host.Clock() + int64(Slow); ; {
		n, errno := host.PollFor(set[:], max(end-host.Clock(), 0))
		if errno == unix.EINTR {
			continue
		}
		if errno != 0 || n == 0 {
			early.Ordinary()
			return ErrSlow
		}
		break
	}
	var r Record
	n, control, errno := host.Receive(fd, unsafe.Pointer(&r), unsafe.Sizeof(r), 0)
	const wanted = len(h.Spaces) + 3
	if errno == 0 && n == int(unsafe.Sizeof(r)) && r.Kind == Inside && control.Count == wanted {
		for i := range h.Spaces {
			h.Spaces[i] = control.Descriptor(i)
		}
		h.Outer, h.Inside, h.Init = control.Descriptor(wanted-3), control.Descriptor(wanted-2), control.Descriptor(wanted-1)
		h.Root, h.given = int(r.Value), true
		return nil
	}
	control.Close()
	early.Ordinary()
	switch {
	case errno != 0 || n < int(unsafe.Sizeof(r)):
		return ErrDown
	case r.Kind == OtherFormat:
		return &FormatError{r.Value}
	case r.Kind == Refused:
		return unix.Errno(r.Value)
	}
	return unix.EMFILE // the kernel could not hand them over
}

// notConnected returns the error of a connect(2).
//
//go:noinline
func notConnected(errno unix.Errno) error {
	early.Ordinary()
	switch errno {
	case unix.ENOENT, unix.ECONNREFUSED:
		return ErrDown
	case unix.EAGAIN:
		return ErrSlow
	}
	return errno
}
