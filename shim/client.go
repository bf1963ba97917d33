package shim

import (
	"errors"
	"fmt"
	"time"
	"unsafe"

	"box/internal/early"
	"box/internal/host"
	"box/register"

	"golang.org/x/sys/unix"
)

// Client is a connection to the shim of a box.
type Client struct{ fd int }

// ErrDown is for a box without a shim that listens, ErrSlow for one whose shim doesn't answer: it is stopped, or a debugger has it.
var (
	ErrDown = errors.New("nobody listens for the box")
	ErrSlow = errors.New("the monitor of the box does not answer")
)

// FormatError is for a shim of another version.
type FormatError struct{ Theirs int64 }

// Error names the two versions.
func (e *FormatError) Error() string {
	return fmt.Sprintf("the monitor of the box speaks format %d, and this box %d", e.Theirs, Format)
}

// Slow is how long a shim may take to answer.
const Slow = 5 * time.Second

// Dial connects to the shim of a box. It raises the process's soft limit for descriptors: what is on its way over sockets counts
// against it, see unix(7), ETOOMANYREFS. An error is ErrDown, ErrSlow or an Errno.
func Dial(r *register.Register, b *register.Box) (*Client, error) {
	early.Ordinary()
	host.RaiseFiles()
	fd, errno := host.Connect(r.Runtime(), b.ID()+".sock")
	if absent(errno) {
		fd, errno = reach(r, b)
	}
	switch errno {
	case 0:
		return &Client{fd}, nil
	case unix.ENOENT, unix.ECONNREFUSED:
		return nil, ErrDown
	case unix.EAGAIN:
		return nil, ErrSlow
	}
	return nil, errno
}

// Close closes the connection.
func (c *Client) Close() { host.Close(c.fd) }

// Send sends a request, with bytes after it where its kind has some: at most Most.
func (c *Client) Send(r Record, data []byte) error {
	r.Format = Format
	packet := append(unsafe.Slice((*byte)(unsafe.Pointer(&r)), unsafe.Sizeof(r)), data...)
	for {
		err := unix.Sendto(c.fd, packet, unix.MSG_NOSIGNAL, nil)
		if !errors.Is(err, unix.EINTR) {
			return err
		}
	}
}

// Receive takes an answer, and waits for it if that takes no longer than limit; below 0 there is no limit. The descriptors that
// come with it are the caller's. ErrDown: the shim has ended. ErrSlow: nothing has come.
func (c *Client) Receive(limit time.Duration) (r Record, data []byte, fds []int, err error) {
	set := []unix.PollFd{{Fd: int32(c.fd), Events: unix.POLLIN}}
	for end := time.Now().Add(limit); ; {
		wait := -1
		if limit >= 0 {
			wait = int(max(time.Until(end), 0).Milliseconds())
		}
		n, err := unix.Poll(set, wait)
		if err == nil && n == 0 {
			return r, nil, nil, ErrSlow
		}
		if err == nil {
			break
		}
		if !errors.Is(err, unix.EINTR) {
			return r, nil, nil, err
		}
	}
	p := new(packet)
	n, control, errno := host.Receive(c.fd, unsafe.Pointer(p), unsafe.Sizeof(*p), 0)
	if errno == unix.ECONNRESET { // once, if the shim has closed with something unread: what it has sent before comes after that
		n, control, errno = host.Receive(c.fd, unsafe.Pointer(p), unsafe.Sizeof(*p), 0)
	}
	for i := range control.Count {
		fds = append(fds, control.Descriptor(i))
	}
	switch head := int(unsafe.Sizeof(p.Record)); {
	case errno != 0 || n < head:
		control.Close()
		return r, nil, nil, ErrDown
	case p.Kind == OtherFormat:
		control.Close()
		return r, nil, nil, &FormatError{p.Value}
	default:
		return p.Record, p.data[:n-head], fds, nil
	}
}

// Ask sends a request and takes the answer. An error is one of Receive, or the Errno of a request that is refused.
func (c *Client) Ask(r Record) (Record, []int, error) {
	if err := c.Send(r, nil); err != nil {
		return r, nil, ErrDown
	}
	answer, _, fds, err := c.Receive(Slow)
	if err == nil && answer.Kind == Refused {
		err = unix.Errno(answer.Value)
	}
	return answer, fds, err
}

// End sends a request that is answered when the box has ended, and waits for that. It returns the status of the box, and the signal
// that ended it, or 0. ErrDown: the shim has ended and has not said it. ErrSlow: it takes longer than limit; there is no limit
// below 0.
func (c *Client) End(r Record, limit time.Duration) (status int, signal unix.Signal, err error) {
	if err := c.Send(r, nil); err != nil {
		return 0, 0, ErrDown
	}
	for {
		answer, _, fds, err := c.Receive(limit)
		for _, fd := range fds {
			host.Close(fd)
		}
		if err != nil {
			return 0, 0, err
		}
		if answer.Kind == Ended {
			return int(answer.Value), unix.Signal(answer.Extra), nil
		}
	}
}

// Evict ends a box, if it is up, and removes it. It asks nobody twice: a box whose monitor does not answer is killed.
func Evict(r *register.Register, name string) error {
	early.Ordinary()
	b, err := r.Find(name)
	if errors.Is(err, register.ErrNone) {
		return nil
	}
	if err != nil {
		return err
	}
	defer b.Close()
	if b.State() == register.Up {
		if err := End(r, b); err != nil {
			return err
		}
	}
	return b.Remove()
}

// Insist connects to the shim of a box for do, and once more if the shim hangs up and the box is still up: one that begins anew, to
// start its box again, takes nothing along of what it has not read. An error is one of Dial, or of do.
func Insist(r *register.Register, b *register.Box, do func(*Client) error) (err error) {
	const tries, pause = 50, 20 * time.Millisecond
	for range tries {
		var c *Client
		if c, err = Dial(r, b); err == nil {
			err = do(c)
			c.Close()
		}
		if !errors.Is(err, ErrDown) || b.State() != register.Up {
			return err
		}
		time.Sleep(pause)
	}
	return err
}

// End ends a box by SIGKILL, and waits until nothing of it is left.
func End(r *register.Register, b *register.Box) error {
	err := Insist(r, b, func(c *Client) error {
		if c.Send(Record{Kind: Signal, Value: int64(unix.SIGKILL)}, nil) == nil && !c.gone(Slow) {
			return ErrSlow
		}
		return ErrDown
	})
	if !errors.Is(err, ErrDown) || b.State() == register.Up {
		Kill(b)
	}
	return Settled(b)
}

// gone reports whether the shim ends within a time.
func (c *Client) gone(limit time.Duration) bool {
	for {
		_, _, fds, err := c.Receive(limit)
		for _, fd := range fds {
			host.Close(fd)
		}
		if err != nil {
			return errors.Is(err, ErrDown)
		}
	}
}

// Kill ends the monitor of a box that does not answer, and the box with it.
func Kill(b *register.Box) {
	if process, ok := monitor(b); ok {
		host.KillProcess(process, unix.SIGKILL)
		host.Close(process)
	}
}

// Settled waits until a box is down: when its monitor has said that it has ended, its lock is about to go. ErrSlow: it is not.
func Settled(b *register.Box) error {
	for end := time.Now().Add(Slow); b.State() == register.Up; time.Sleep(2 * time.Millisecond) {
		if time.Now().After(end) {
			return ErrSlow
		}
	}
	return nil
}
