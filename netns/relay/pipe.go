package relay

import "golang.org/x/sys/unix"

// The bounds of pipes. The kernel counts their pages for each user: one with many leaves all other programs small ones, see
// pipe-user-pages-soft in pipe(7).
const (
	pipeSize  = 1 << 20
	mostPipes = 8
)

// pipe is what bytes are spliced through.
type pipe struct{ r, w int }

// pipes has one that is free, and counts those in use: each of these has bytes of a connection in it.
type pipes struct {
	free *pipe
	used int
	off  bool // splice(2) does not work
}

// take gives a pipe to e. It reports false where there is none.
func (p *pipes) take(e *end) bool {
	if e.pipe != nil {
		return true
	}
	if p.off || p.used >= mostPipes {
		return false
	}
	if p.free == nil {
		var fds [2]int
		if unix.Pipe2(fds[:], unix.O_CLOEXEC|unix.O_NONBLOCK) != nil {
			return false
		}
		p.free = &pipe{fds[0], fds[1]}
		if _, err := unix.FcntlInt(uintptr(fds[0]), unix.F_SETPIPE_SZ, pipeSize); err != nil {
			p.close()
			p.off = true // it would hold a few pages only: copying is as good
			return false
		}
	}
	e.pipe, p.free = p.free, nil
	p.used++
	return true
}

// put takes the pipe of e back, if it has one. One with bytes in it goes.
func (p *pipes) put(e *end) {
	if e.pipe == nil {
		return
	}
	if p.free == nil && e.held == 0 {
		p.free = e.pipe
	} else {
		e.pipe.close()
	}
	e.pipe, e.held = nil, 0
	p.used--
}

// close closes the free one.
func (p *pipes) close() {
	if p.free != nil {
		p.free.close()
		p.free = nil
	}
}

func (p *pipe) close() {
	unix.Close(p.r)
	unix.Close(p.w)
}
