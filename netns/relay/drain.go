package relay

import (
	"box/internal/host"

	"golang.org/x/sys/unix"
)

// How long what a sandbox has sent is carried when it has ended: at most, and without anything moving.
const (
	drainTime = 10e9
	drainIdle = 2e9
)

// drain carries what is left of what the sandbox has sent. Its processes are gone, but a kernel sends what a program has written
// before it ended, and programs count on that.
func (r *Relay) drain(stop int) error {
	_ = unix.EpollCtl(r.epoll, unix.EPOLL_CTL_DEL, stop, nil)
	r.watchers[stop] = nil
	for _, l := range r.listeners {
		r.drop(l.fd)
	}
	r.listeners = nil
	end := now() + drainTime
	moved, since := int64(-1), now()
	for {
		owed, sum := r.owed()
		t := now()
		if sum != moved {
			moved, since = sum, t
		}
		if !owed || t > end || t-since > drainIdle {
			return nil
		}
		if err := r.turn(20); err != nil {
			return err
		}
	}
}

// owed reports whether a connection has something of the sandbox's left, and how many bytes of that kind all have moved.
func (r *Relay) owed() (owed bool, moved int64) {
	for _, w := range r.watchers {
		e, ok := w.(*end)
		if !ok || e.conn.over || e != e.conn.within() {
			continue
		}
		moved += e.conn.up
		if e.conn.publish {
			moved += e.conn.down
		}
		if e.done() {
			continue
		}
		var one [1]byte
		if e.held > 0 {
			owed = true
		} else if n, errno := host.Peek(e.fd, one[:]); errno == 0 && (n > 0 || e.conn.server.fd >= 0) {
			owed = true
		}
	}
	return owed, moved
}

// within returns the socket that is in the sandbox.
func (c *conn) within() *end {
	if c.publish {
		return &c.server
	}
	return &c.client
}
