package relay

import (
	"box/internal/host"

	"golang.org/x/sys/unix"
)

// turnSize is how many times a connection moves bytes before others have their turn.
const turnSize = 4

// moved is what moving bytes has come to.
type moved uint8

const (
	movedSome   moved = iota // there may be more
	movedAll                 // the one side has no more, for now or at all, or the other has no room
	movedBroken              // a side has gone
)

// pump moves bytes as long as both sides can. What the one side doesn't take stays in the other's socket, or in a pipe. again
// reports whether there is more, ok whether both sides are well.
func (r *Relay) pump(from, to *end, count *int64) (again, ok bool) {
	for turn := 0; to.writable && (from.held > 0 || from.readable && !from.ended); turn++ {
		if turn == turnSize {
			return true, true
		}
		move := r.copy
		if from.held > 0 || from.bulk && r.pipes.take(from) {
			move = r.splice
		}
		switch move(from, to, count) {
		case movedAll:
			return false, true
		case movedBroken:
			return false, false
		case movedSome:
		}
	}
	return false, true
}

// copy sends what it finds in the one socket to the other, and takes only as much out as that one took: nothing is held here.
func (r *Relay) copy(from, to *end, count *int64) moved {
	n, errno := host.Peek(from.fd, r.buffer)
	switch {
	case errno == unix.EINTR:
		return movedSome
	case errno == unix.EAGAIN:
		from.readable = false
		return movedAll
	case errno != 0:
		return movedBroken
	case n == 0:
		return from.endTo(to)
	}
	sent, errno := host.Give(to.fd, r.buffer[:n])
	if errno == unix.EAGAIN {
		to.writable = false
		return movedAll
	}
	if errno != 0 {
		return movedBroken
	}
	*count += int64(sent)
	if skipped, errno := host.Skip(from.fd, r.buffer[:sent]); errno != 0 || skipped != sent {
		return movedBroken // the same bytes must not be sent twice
	}
	from.bulk = n == len(r.buffer)
	switch {
	case sent < n:
		to.writable = false
	case n < len(r.buffer) && !from.hung: // all of it: what comes later is an event
		from.readable = false
	}
	return movedSome
}

// splice moves pages from socket to socket by way of a pipe, see splice(2): for streams it takes a fifth less of a processor.
func (r *Relay) splice(from, to *end, count *int64) moved {
	const flags = unix.SPLICE_F_NONBLOCK | unix.SPLICE_F_MOVE
	if from.held == 0 {
		n, err := unix.Splice(from.fd, nil, from.pipe.w, nil, pipeSize, flags)
		from.bulk = n >= pipeSize/16
		switch {
		case err == unix.EINTR:
			return movedSome
		case err == unix.EAGAIN || n == 0 && err == nil: // the end, for now or at all, or urgent data, which reading tells apart
			from.bulk = false
			r.pipes.put(from)
			return movedSome
		case err == unix.EINVAL || err == unix.ENOSYS || err == unix.EPERM: // not here, or a filter of somebody's refuses it
			r.pipes.put(from)
			r.pipes.off = true
			return movedSome
		case err != nil:
			return movedBroken
		}
		from.held = int(n)
	}
	n, err := unix.Splice(from.pipe.r, nil, to.fd, nil, from.held, flags)
	switch {
	case err == unix.EINTR:
		return movedSome
	case err == unix.EAGAIN:
		to.writable = false
		return movedAll
	case err != nil || n == 0:
		return movedBroken
	}
	*count += n
	if from.held -= int(n); from.held == 0 {
		r.pipes.put(from)
	}
	return movedSome
}

// endTo passes the end of what the one side sends on to the other.
func (e *end) endTo(to *end) moved {
	e.ended = true
	if !to.done() { // else both are closed now
		_ = unix.Shutdown(to.fd, unix.SHUT_WR) // whether the other side has gone, its own events tell
	}
	return movedAll
}

// done reports whether all that a side has sent was passed on.
func (e *end) done() bool { return e.ended && e.held == 0 }
