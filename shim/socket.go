package shim

import (
	"box/internal/early"
	"box/internal/host"

	"golang.org/x/sys/unix"
)

// socket returns the name of the socket.
func (s *Shim) socket() string { return early.Concat(s.Box.ID(), ".sock") }

// listen makes the socket, or takes that which the process had before it began anew.
func (s *Shim) listen() (errno unix.Errno) {
	if s.Listener >= 0 {
		s.listener, s.Listener = s.Listener, -1
		s.bound, _ = host.Look(s.register.Runtime(), s.socket())
		return 0
	}
	if s.Lock >= 0 {
		host.RemoveAt(s.register.Runtime(), s.socket(), 0) // of a monitor that was killed: this one has the lock
	}
	if s.listener, errno = host.Listen(s.register.Runtime(), s.socket()); errno != 0 {
		return errno
	}
	s.bound, errno = host.Look(s.register.Runtime(), s.socket())
	return errno
}

// Missed makes the socket anew if it is no longer where clients look for it: the user's runtime directory is removed when the user
// has logged out, and boxes stay. A client that finds a box up and its socket not asks for that: see reach.
func (s *Shim) Missed() {
	if !s.started || s.listener < 0 || s.register.Has(s.socket(), s.bound) {
		return
	}
	if errno := s.register.Renew(); errno != 0 {
		s.log.say("the directory of its socket is gone, and can't be made anew")
		return
	}
	was := s.listener
	host.RemoveAt(s.register.Runtime(), s.socket(), 0) // what is there is not of this box
	if s.listen() != 0 {
		s.listener = was
		s.log.say("its socket is gone, and can't be made anew")
		return
	}
	host.Close(was)
	host.Watch(s.set, s.listener, unix.EPOLLIN, onListener)
	s.note()
}
