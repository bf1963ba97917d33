package launch

import (
	"unsafe"

	"box/internal/early"
	"box/internal/host"
	"box/plan"

	"golang.org/x/sys/unix"
)

// What pid 1 tells the monitor. Until the command runs, the other side is box itself. After that it may be the command: where
// it can trace pid 1, or by a hole in what closes pid 1 to it. So a record counts only if the plan can have sent it.

// tell sends a record to pid 1. If it is gone, hear learns that; if it doesn't listen, nothing more is sent.
func (b *Sandbox) tell(r plan.Record) {
	b.count()
	host.Send(b.conn, unsafe.Pointer(&r), unsafe.Sizeof(r))
	b.unread = host.Unsent(b.conn)
}

// hear takes one record from the sandbox. It returns false when the socket is closed.
func (b *Sandbox) hear() (more bool, err error) {
	var r plan.Record
	n, control, errno := host.Receive(b.conn, unsafe.Pointer(&r), unsafe.Sizeof(r), 0)
	if errno == unix.EINTR || errno == unix.ECONNRESET {
		// ECONNRESET: pid 1 has ended without taking a signal that was sent to it. Its last words come next.
		return true, nil
	}
	if errno != 0 {
		return false, b.problem.lose(errno)
	}
	if n == 0 && control.FD < 0 && !control.More {
		return false, nil // pid 1 has ended
	}
	if n != int(unsafe.Sizeof(r)) || !b.expects(&r, &control) {
		control.Close()
		return false, ErrForged
	}
	if control.FD < 0 && 1<<r.Kind&carriers != 0 || control.Second < 0 && 1<<r.Kind&pairs != 0 ||
		control.Count < len(plan.SpaceKinds) && 1<<r.Kind&many != 0 {
		control.Close()
		return false, b.problem.lose(unix.EMFILE) // the kernel could not hand it over
	}
	return b.handle(&r, &control)
}

// handle does what a record says. It returns false when nothing more has to be heard.
func (b *Sandbox) handle(r *plan.Record, control *host.Control) (more bool, err error) {
	switch r.Kind {
	case plan.Failed:
		b.failed = b.problem.notStarted(&b.plan.Inside[r.Step], int(r.Step), unix.Errno(r.Value))
	case plan.Text:
		b.problem.noteText(r)
	case plan.Here:
		b.move(control.Sender)
	case plan.Ended:
		b.finish(statusOf(unix.WaitStatus(r.Value)))
	case plan.Stopped:
		b.stop(unix.Signal(r.Value))
	case plan.Ready:
		return b.ready()
	case plan.Master:
		b.takeTerminal(control.FD)
	case plan.Listener:
		b.listener = control.FD
	case plan.Stdio:
		b.stdio[r.Step] = control.FD
	case plan.Made:
		b.noteMade(mountPoint{dir: control.FD, lock: control.Second, call: &b.plan.Inside[r.Step]})
	case plan.Mask:
		b.noteMask(mask{step: int(r.Step), mount: int(r.Value)})
	case plan.Upper:
		b.upper = control.FD
	case plan.Running:
		b.runs(control.Sender)
	case plan.Started:
		b.started()
	case plan.Spaces:
		b.takeSpaces(control)
	case plan.Mounts:
		b.mounts = control.FD
		return true, b.lostMask() // one may be lost already
	}
	return true, nil
}

// ready does the plan's acts, for which pid 1 waits.
func (b *Sandbox) ready() (more bool, err error) {
	switch err := b.act(); {
	case err == errEnded: //nolint:errorlint // it is never wrapped, and errors.Is may not run early
		return true, nil
	case err != nil:
		return false, err
	}
	b.tell(plan.Record{Kind: plan.Ready})
	b.waiting = false
	b.disown()
	return true, nil
}

// noteMade keeps a mount point until the sandbox has ended. Its descriptors are the monitor's from now on.
//
//go:noinline
func (b *Sandbox) noteMade(m mountPoint) {
	early.Ordinary()
	if n := len(b.made); n > 0 && m.isIn(b.made[n-1].dir) { // most are: the limit for descriptors is reached later
		host.Close(m.dir)
		m.dir, m.shares = b.made[n-1].dir, true
	}
	b.made = append(b.made, m)
}

// takeTerminal begins to copy between the caller's terminal and the sandbox's, whose master it takes over.
//
//go:noinline
func (b *Sandbox) takeTerminal(master int) {
	if b.with != nil && b.with.Terminal(master) {
		return
	}
	early.Ordinary()
	b.tty = openTerminal(master, b.spec.Life.TTY, b.spec.Life.Front)
	if b.tty != nil {
		b.tty.leads = b.spec.Life.Direct
	}
}

// Kinds of records: those that are sent once at most, and those that carry a descriptor.
const (
	single = 1<<plan.Failed | 1<<plan.Ended | 1<<plan.Master | 1<<plan.Ready | 1<<plan.Here | 1<<plan.Running |
		1<<plan.Listener | 1<<plan.Built | 1<<plan.Mounts | 1<<plan.Upper | 1<<plan.Started | 1<<plan.Spaces
	carriers = 1<<plan.Master | 1<<plan.Listener | 1<<plan.Made | 1<<plan.Stdio | 1<<plan.Mounts | 1<<plan.Upper | 1<<plan.Spaces
	pairs    = 1<<plan.Made | 1<<plan.Spaces // of these, those that carry two
	many     = 1 << plan.Spaces              // of these, those that carry all that host.Control has
)

// expects reports whether a record is one that the plan can send at this point, with values that can be, and notes that it
// has come.
func (b *Sandbox) expects(r *plan.Record, c *host.Control) bool {
	kind := uint32(1) << r.Kind // 0 for what is not a kind
	if b.plan.Sends&kind == 0 || b.had&single&kind != 0 || !carries(kind, c) {
		return false
	}
	b.had |= kind
	return b.plausible(r, c)
}

// carries reports whether a record of a kind comes with as many descriptors as it may. There are fewer where the kernel could not
// hand one over.
func carries(kind uint32, c *host.Control) bool {
	switch {
	case c.FD >= 0 && carriers&kind == 0, c.Second >= 0 && pairs&kind == 0, c.Count > 2 && many&kind == 0:
		return false
	}
	return !c.More || c.FD < 0 && carriers&kind != 0
}

// plausible reports whether the values of a record can be, at this point.
func (b *Sandbox) plausible(r *plan.Record, c *host.Control) bool {
	switch r.Kind {
	case plan.Failed:
		return uint64(r.Step) < uint64(len(b.plan.Inside)) && r.Value > 0 && r.Value <= lastErrno
	case plan.Text:
		return b.problem.n < len(b.problem.text)
	case plan.Ended:
		return isEnd(r.Value)
	case plan.Stopped:
		return !b.waiting && r.Value > 0 && r.Value <= lastSignal
	case plan.Here:
		return c.Sender > 0
	case plan.Stdio:
		return uint64(r.Step) < uint64(len(b.stdio)) && b.stdio[r.Step] < 0
	case plan.Made:
		return b.had&(1<<plan.Built) == 0 && b.calls(r.Step, plan.Claim)
	case plan.Mask:
		return b.had&(1<<plan.Mounts) == 0 && b.calls(r.Step, plan.Masked)
	case plan.Mounts:
		return b.calls(r.Step, unix.SYS_OPENAT)
	case plan.Upper:
		return b.calls(r.Step, unix.SYS_MOUNT)
	}
	return true
}

// The largest numbers that a record can have in the place of an errno and of a signal.
const (
	lastErrno  = 4095 // MAX_ERRNO of the kernel
	lastSignal = 64   // _NSIG
)

// isEnd reports whether a wait status is that of a process that has ended, see wait(2): its exit status is in the second
// byte, or a signal in the first, with a bit for a core dump.
func isEnd(status uint32) bool {
	signal := status & 0x7f
	return status&^0xff00 == 0 || signal > 0 && signal <= lastSignal && status&^0xff == 0
}

// calls reports whether a step of the plan makes the system call nr.
func (b *Sandbox) calls(step uint32, nr uint16) bool {
	return uint64(step) < uint64(len(b.plan.Inside)) && b.plan.Inside[step].Nr == nr
}

// drain takes what has been sent and not been heard: mount points that pid 1 has made are to be removed. It returns false when
// nothing more can come.
func (b *Sandbox) drain() (more bool) {
	if b.plan.Sends>>plan.Made&1 == 0 || b.executed {
		return false
	}
	for {
		var r plan.Record
		n, control, errno := host.Receive(b.conn, unsafe.Pointer(&r), unsafe.Sizeof(r), unix.MSG_DONTWAIT)
		switch {
		case errno == unix.EINTR || errno == unix.ECONNRESET:
		case errno != 0 || n == 0:
			return errno == unix.EAGAIN
		case n == int(unsafe.Sizeof(r)) && b.expects(&r, &control) && r.Kind == plan.Made && control.Second >= 0:
			b.noteMade(mountPoint{dir: control.FD, lock: control.Second, call: &b.plan.Inside[r.Step]})
		default:
			control.Close()
		}
	}
}

// building reports whether pid 1 may be about to make a mount point, and to report it.
func (b *Sandbox) building() bool {
	const over = 1<<plan.Built | 1<<plan.Failed | 1<<plan.Ended
	return b.plan.Sends>>plan.Made&1 != 0 && !b.executed && !b.waiting && b.had&over == 0
}

// letBuild lets pid 1 come to the end of the tree, for a while: killed while it makes a mount point, it could not
// report it.
//
//go:noinline
func (b *Sandbox) letBuild() {
	early.Ordinary()
	set := []unix.PollFd{{Fd: int32(b.conn), Events: unix.POLLIN}}
	for end := host.Clock() + patience; b.building() && b.drain(); {
		left := end - host.Clock()
		if left <= 0 {
			return
		}
		_, _ = unix.Poll(set, int(left/1e6)+1)
	}
}
