package relay

import (
	"errors"
	"fmt"

	"box/internal/host"

	"golang.org/x/sys/unix"
)

// edges are the events of a connection's socket: each is told once, so what is ready is remembered.
const edges = unix.EPOLLIN | unix.EPOLLPRI | unix.EPOLLOUT | unix.EPOLLRDHUP | unix.EPOLLET

func (r *Relay) openLoop() (err error) {
	if r.epoll, err = unix.EpollCreate1(unix.EPOLL_CLOEXEC); err != nil {
		return fmt.Errorf("epoll_create1: %w", err)
	}
	if r.wake, err = unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK); err != nil {
		return fmt.Errorf("eventfd: %w", err)
	}
	return r.watch(r.wake, unix.EPOLLIN, waker{r})
}

// watch tells w of events on fd from now on.
func (r *Relay) watch(fd int, events uint32, w watcher) error {
	for len(r.watchers) <= fd {
		r.watchers = append(r.watchers, nil)
	}
	if err := unix.EpollCtl(r.epoll, unix.EPOLL_CTL_ADD, fd, &unix.EpollEvent{Events: events, Fd: int32(fd)}); err != nil {
		return fmt.Errorf("epoll_ctl: %w", err)
	}
	r.watchers[fd] = w
	return nil
}

// drop closes fd when all events that were returned with this one have been seen: a new descriptor can't have its number before.
func (r *Relay) drop(fd int) {
	if fd < 0 {
		return
	}
	r.watchers[fd] = nil
	r.dead = append(r.dead, fd)
}

// turn waits for events, at most so many milliseconds if that is not negative, and does what they ask for.
func (r *Relay) turn(most int) error {
	var events [batch]unix.EpollEvent
	wait := r.timeout()
	if most >= 0 && (wait < 0 || wait > most) {
		wait = most
	}
	n, err := r.wait(events[:], wait)
	if err != nil && !errors.Is(err, unix.EINTR) {
		return fmt.Errorf("epoll_wait: %w", err)
	}
	for i := range max(n, 0) {
		if w := r.watchers[events[i].Fd]; w != nil {
			w.ready(events[i].Events)
		}
	}
	again := r.again
	r.again = nil
	for _, c := range again {
		c.queued = false
		c.advance()
	}
	r.expire()
	for _, fd := range r.dead {
		unix.Close(fd)
	}
	r.dead = r.dead[:0]
	r.pause()
	return nil
}

// wait is epoll_wait(2). What comes within a millisecond is waited for without the Go runtime, which else wakes a thread to look
// for something to do. It has something to do where goroutines have been asked.
func (r *Relay) wait(events []unix.EpollEvent, most int) (int, error) {
	soon := 1
	if r.asked > 0 {
		return unix.EpollWait(r.epoll, events, most)
	}
	if most >= 0 && most < soon {
		soon = most
	}
	n, errno := host.EpollWait(r.epoll, events, soon)
	if n > 0 || errno != 0 && errno != unix.EINTR || soon == most {
		if errno != 0 {
			return 0, errno
		}
		return n, nil
	}
	return unix.EpollWait(r.epoll, events, most)
}

// timeout returns how many milliseconds there are to wait, -1 for no end.
func (r *Relay) timeout() int {
	switch {
	case len(r.again) > 0:
		return 0
	case len(r.timed) > 0:
		return int(max(0, r.nextTick-now())/1e6) + 1
	}
	return -1
}

// expire tells what has passed its deadline.
func (r *Relay) expire() {
	if len(r.timed) == 0 {
		return
	}
	t := now()
	if t < r.nextTick {
		return
	}
	r.nextTick = t + tick
	for x := range r.timed {
		if x.deadline() <= t {
			x.expire(t)
		}
	}
}

// time adds what has a deadline.
func (r *Relay) time(x timed) {
	if len(r.timed) == 0 {
		r.nextTick = now() + tick
	}
	r.timed[x] = struct{}{}
}

// post has f called by the thread of Run. Any goroutine may call it.
func (r *Relay) post(f func()) {
	r.mu.Lock()
	first := len(r.posted) == 0
	r.posted = append(r.posted, f)
	r.mu.Unlock()
	if first {
		_, _ = unix.Write(r.wake, []byte{1, 0, 0, 0, 0, 0, 0, 0})
	}
}

type waker struct{ r *Relay }

func (w waker) ready(uint32) {
	var count [8]byte
	_, _ = unix.Read(w.r.wake, count[:])
	w.r.mu.Lock()
	posted := w.r.posted
	w.r.posted = nil
	w.r.mu.Unlock()
	for _, f := range posted {
		f()
	}
}
