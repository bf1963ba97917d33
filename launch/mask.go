package launch

import (
	"box/internal/early"
	"box/internal/host"

	"golang.org/x/sys/unix"
)

// mask is a mount whose mount point lies in something that is bound writable: it hides what is there, or keeps it
// from being written to. Whoever replaces the name on the host takes the mount away, see rename(2): the command would
// have what was hidden.
type mask struct {
	step  int // of the plan
	mount int // its number
	there bool
}

// LostMaskError is returned for a mount that is gone.
type LostMaskError struct{ For uint32 } // whose wish it was

func (e *LostMaskError) Error() string { return "a mount of the sandbox is gone" }

// noteMask keeps a mask. Before the Go runtime there is memory for plan.MaxMasks.
func (b *Sandbox) noteMask(m mask) { b.masks = early.Append(b.masks, m) }

// lostMask returns a *LostMaskError if one of the masks is gone. It is asked when poll(2) says that the mount table
// has changed.
func (b *Sandbox) lostMask() error {
	if errno := b.lookForMasks(); errno != 0 {
		return b.problem.lose(errno)
	}
	for i := range b.masks {
		if !b.masks[i].there {
			b.problem.mask.For = b.plan.Inside[b.masks[i].step].For
			return &b.problem.mask
		}
	}
	return nil
}

// lookForMasks looks for the masks in the mount table, see proc_pid_mountinfo(5). It is read again if it has changed
// meanwhile: a line could have been skipped.
func (b *Sandbox) lookForMasks() unix.Errno {
	for {
		for i := range b.masks {
			b.masks[i].there = false
		}
		if errno := b.readMounts(); errno != 0 {
			return errno
		}
		changed := [1]unix.PollFd{{Fd: int32(b.mounts), Events: unix.POLLPRI}}
		if errno := host.PollNow(changed[:]); errno == 0 && changed[0].Revents == 0 {
			return 0
		}
	}
}

// readMounts reads the mount table from its beginning. A line begins with the number of its mount.
func (b *Sandbox) readMounts() unix.Errno {
	var data [4 << 10]byte
	number, inNumber := 0, true
	for at := int64(0); ; {
		n, errno := host.ReadAt(b.mounts, data[:], at)
		switch {
		case errno == unix.EINTR:
			continue
		case errno != 0:
			return errno
		case n == 0:
			return 0
		}
		at += int64(n)
		for _, c := range data[:n] {
			switch {
			case c == '\n':
				number, inNumber = 0, true
			case !inNumber:
			case c >= '0' && c <= '9':
				number = 10*number + int(c-'0')
			default:
				inNumber = false
				b.seeMount(number)
			}
		}
	}
}

// seeMount notes that a mount is there.
func (b *Sandbox) seeMount(number int) {
	for i := range b.masks {
		if b.masks[i].mount == number {
			b.masks[i].there = true
		}
	}
}
