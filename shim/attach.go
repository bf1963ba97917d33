package shim

import (
	"unsafe"

	"box/internal/host"

	"golang.org/x/sys/unix"
)

// attach lets a client hear what the command writes.
func (s *Shim) attach(c *client) {
	if !s.Detach {
		s.answer(c, Record{Kind: Refused, Value: int64(unix.ENOTTY)})
		return
	}
	r := Record{Kind: Attached}
	if s.master >= 0 {
		r.Value = 1
	}
	if s.master >= 0 || s.input >= 0 {
		r.Extra = 1
	}
	s.answer(c, r)
	c.attached, c.waits = true, true
}

// show sends what the command has written to all who are attached. Who is too slow loses some of it: the box does not wait.
func (s *Shim) show(stream int, data []byte) {
	for i := range s.clients {
		c := &s.clients[i]
		if c.fd < 0 || !c.attached {
			continue
		}
		p := &s.packet
		for rest := data; len(rest) > 0; {
			p.Record = Record{Format: Format, Kind: Output, Value: int64(1 + stream)}
			n := copy(p.data[:], rest)
			rest = rest[n:]
			host.Send(c.fd, unsafe.Pointer(p), unsafe.Sizeof(p.Record)+uintptr(n))
		}
	}
}

// give gives the command something to read, as much as there is room for.
func (s *Shim) give(c *client, data []byte, ends bool) {
	to := s.master
	if to < 0 {
		to = s.input
	}
	if !c.attached || to < 0 {
		return
	}
	for len(data) > 0 {
		n, errno := host.WriteBytes(to, data)
		if errno != 0 || n <= 0 {
			break
		}
		data = data[n:]
	}
	if ends && s.master < 0 {
		host.Close(s.input)
		s.input = -1
	}
}
