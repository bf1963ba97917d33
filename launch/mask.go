package launch

import (
	"box/internal/early"
	"box/internal/host"
	"box/plan"
	"box/spec"

	"golang.org/x/sys/unix"
)

// mask is a mount whose mount point lies in something that is bound writable: it hides what is there, or keeps it
// from being written to. Whoever replaces the name on the host takes the mount away, see rename(2): the command would
// have what was hidden.
type mask struct {
	step  int // of the plan
	mount int // its number
	there bool
	lost  bool
	told  bool // that it is lost
}

// LostMaskError is returned for a mount that is gone.
type LostMaskError struct{ For uint32 } // whose wish it was

func (e *LostMaskError) Error() string { return "a mount of the sandbox is gone" }

// plainMasks is the memory for those of a sandbox that is made before the Go runtime.
var plainMasks [128]mask

// expectMasks makes room for the masks that a plan will tell of.
func (b *Sandbox) expectMasks(p *plan.Plan) {
	if p.Masks == 0 {
		return
	}
	if b.masks = plainMasks[:0]; !early.Running() || p.Masks > len(plainMasks) {
		early.Ordinary()
		b.masks = make([]mask, 0, p.Masks)
	}
}

// noteMask notes a mask: there are no more than the plan has.
func (b *Sandbox) noteMask(m mask) {
	if len(b.masks) < cap(b.masks) {
		b.masks = b.masks[:len(b.masks)+1]
		b.masks[len(b.masks)-1] = m
	}
}

// lostMask returns a *LostMaskError if one of the masks is gone. It is asked when poll(2) says that the mount table
// has changed. A lock that is gone is only told: what it was for is there to be seen, and was not to be hidden.
func (b *Sandbox) lostMask() error {
	if errno := b.lookForMasks(); errno != 0 {
		return b.problem.lose(errno)
	}
	for i := range b.masks {
		m := &b.masks[i]
		if m.there || m.lost {
			continue
		}
		m.lost = true
		wish := b.plan.Inside[m.step].For
		if e := b.spec.Entry(wish); e != nil && e.Kind == spec.Lock {
			m.told = b.report(News{What: Unlocked, Entry: e})
			continue
		}
		b.problem.mask.For = wish
		return &b.problem.mask
	}
	return nil
}

// tellLostLocks tells of those that could not be told while the command ran.
func (b *Sandbox) tellLostLocks() {
	for i := range b.masks {
		if m := &b.masks[i]; m.lost && !m.told {
			b.report(News{What: Unlocked, Entry: b.spec.Entry(b.plan.Inside[m.step].For)})
		}
	}
}

// lookForMasks finds out which masks are in the mount table, see proc_pid_mountinfo(5): a line begins with the number of a
// mount. The table is read again if it has changed meanwhile: a line could have been skipped.
func (b *Sandbox) lookForMasks() unix.Errno {
	var data [4 << 10]byte
	for {
		for i := range b.masks {
			b.masks[i].there = false
		}
		number, in := 0, true // in says that what comes next belongs to a number at the beginning of a line
		for at := int64(0); ; {
			n, errno := host.ReadAt(b.mounts, data[:], at)
			if errno == unix.EINTR {
				continue
			}
			if errno != 0 {
				return errno
			}
			if n == 0 {
				break
			}
			at += int64(n)
			for _, c := range data[:n] {
				switch {
				case c == '\n':
					number, in = 0, true
				case in && c >= '0' && c <= '9':
					number = number*10 + int(c-'0')
				case in:
					in = false
					b.seeMask(number)
				}
			}
		}
		if !host.Pending(b.mounts, unix.POLLPRI) {
			return 0
		}
	}
}

func (b *Sandbox) seeMask(number int) {
	for i := range b.masks {
		if b.masks[i].mount == number {
			b.masks[i].there = true
		}
	}
}
