package launch

import (
	"bytes"
	"fmt"
	"strconv"

	"box/internal/early"

	"golang.org/x/sys/unix"
)

// mask is a mount whose mount point lies in something that is bound writable: it hides what is there, or keeps it
// from being written to. Whoever replaces the name on the host takes the mount away, see rename(2): the command would
// have what was hidden.
type mask struct {
	step  int // of the plan
	mount int // its number
}

// LostMaskError is returned for a mount that is gone.
type LostMaskError struct{ For uint32 } // whose wish it was

func (e *LostMaskError) Error() string { return "a mount of the sandbox is gone" }

//go:noinline
func (b *Sandbox) noteMask(m mask) {
	early.Ordinary()
	b.masks = append(b.masks, m)
}

// lostMask returns a *LostMaskError if one of the masks is gone. It is asked when poll(2) says that the mount table
// has changed.
//
//go:noinline
func (b *Sandbox) lostMask() error {
	early.Ordinary()
	there, err := mountNumbers(b.mounts)
	if err != nil {
		return fmt.Errorf("the sandbox's mounts can't be watched: %w", err)
	}
	for _, m := range b.masks {
		if !there[m.mount] {
			return &LostMaskError{b.plan.Inside[m.step].For}
		}
	}
	return nil
}

// mountNumbers returns the numbers of all mounts in a mount table, see proc_pid_mountinfo(5). It is read again if it
// has changed meanwhile: a line could have been skipped.
func mountNumbers(table int) (map[int]bool, error) {
	for {
		text, err := readAll(table)
		if err != nil {
			return nil, err
		}
		changed := []unix.PollFd{{Fd: int32(table), Events: unix.POLLPRI}}
		if n, err := unix.Poll(changed, 0); err == unix.EINTR || n > 0 {
			continue
		}
		there := map[int]bool{}
		for line := range bytes.Lines(text) {
			number, _, _ := bytes.Cut(line, []byte{' '})
			n, err := strconv.Atoi(string(number))
			if err != nil {
				return nil, err
			}
			there[n] = true
		}
		return there, nil
	}
}

// readAll reads a file from its beginning.
func readAll(fd int) ([]byte, error) {
	text := make([]byte, 0, 64<<10)
	for {
		if len(text) == cap(text) {
			text = append(text, 0)[:len(text)]
		}
		switch n, err := unix.Pread(fd, text[len(text):cap(text)], int64(len(text))); {
		case err == unix.EINTR:
		case err != nil:
			return nil, err
		case n == 0:
			return text, nil
		default:
			text = text[:len(text)+n]
		}
	}
}
