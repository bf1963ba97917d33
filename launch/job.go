package launch

import (
	"box/internal/early"
	"box/internal/host"
	"box/plan"

	"golang.org/x/sys/unix"
)

// Two jobs are kept as one: box is a job of the caller's shell, and the command is one in the sandbox's terminal. The command has
// its terminal (terminal.front) as long as box has the caller's. It begins so if all of 0, 1 and 2 are terminals. Else the
// caller's may be another program's, a pager's: the command is in the background there until it asks for its terminal.

// stop does what it means that the command has been stopped by a signal: it goes on with the terminal that it has asked for, or
// the monitor stops as well, so that the caller's shell sees it and can go on with both.
func (b *Sandbox) stop(s unix.Signal) {
	b.halted = s
	if b.with != nil && b.with.Halted(s) {
		return // whoever waits for this box is no shell, and asks it for other things meanwhile
	}
	if b.tty != nil && b.stopTerminal() || b.ended {
		return
	}
	b.pause(host.PID(), unix.SIGSTOP) // a SIGTSTP would be taken by descriptor
}

// asks reports whether a signal is what a process in the background gets that reads from its terminal, or sets its modes.
func asks(s unix.Signal) bool { return s == unix.SIGTTIN || s == unix.SIGTTOU }

// stopTerminal gives the caller's terminal back, and stops the rest of the caller's job as if the key had been typed there. It
// returns true if the command goes on, or went on meanwhile.
//
//go:noinline
func (b *Sandbox) stopTerminal() bool {
	early.Ordinary()
	t := b.tty
	switch {
	case asks(b.halted) && host.Foreground(t.keys):
		b.resume()
		return true
	case asks(b.halted):
		b.ask(b.halted)
		return true
	case t.raw:
		b.own = true // our own copy of the signal
		b.show()
		t.leave()
		host.Kill(0, unix.SIGTSTP)
	}
	return false
}

// ask stops the caller's job as the kernel would if the command asked for the caller's terminal itself. These signals stop
// nobody in an orphaned process group, see setpgid(2): its terminal is gone for good. The command is told so, and ended if it
// asks again.
func (b *Sandbox) ask(s unix.Signal) {
	block(unix.SIG_UNBLOCK, bit(s))
	b.pause(0, s)
	block(unix.SIG_BLOCK, bit(s))
	b.hearContinue()
	switch {
	case b.halted == 0 || b.ended:
	case b.tty.orphan:
		b.finish(Status{Signal: unix.SIGHUP})
	default:
		b.tty.orphan, b.halted = true, 0
		b.Signal(unix.SIGHUP)
		b.Signal(unix.SIGCONT)
	}
}

// hearContinue takes the signals that have arrived. Whoever was stopped has a SIGCONT, but the kernel may have given it to
// another thread, see signal(7), whose handler writes to the pipe later than this thread goes on.
func (b *Sandbox) hearContinue() {
	set := []unix.PollFd{{Fd: int32(b.signal), Events: unix.POLLIN}}
	for end := host.Clock() + patience; b.halted != 0 && !b.ended; {
		left := end - host.Clock()
		if left <= 0 {
			return
		}
		if n, _ := unix.Poll(set, int(left/1e6)+1); n > 0 {
			b.take(b.nextSignal())
		}
	}
}

// resume lets the command go on, with its terminal if box has the caller's, and it had its own or asks for it.
func (b *Sandbox) resume() {
	t, to := b.tty, uint32(toGroup)
	switch {
	case b.halted == 0 && t.front: // somebody has stopped box alone, and the shell has set the modes since
		t.enter()
	case b.halted == 0:
	case (t.front || asks(b.halted)) && t.enter():
		to, t.front = toFront, true
	case t.front:
		to, t.front = toBack, false
	}
	b.halted = 0
	b.order(to, unix.SIGCONT)
}

// claim tries to get the caller's terminal for a command that has its own, and returns for how many milliseconds to wait at
// most, -1 being without end. Somebody may have taken it without stopping box. A command that reads since then would not be
// told: the kernel looks when a read begins.
func (t *terminal) claim() int {
	if t.lives() && t.front && !t.raw && !t.enter() {
		return background
	}
	return -1
}

// background is how often to look whether box has been brought to the foreground, in milliseconds: a shell tells a
// job that was running all the time nothing of it.
const background = 250

// pause stops this process, or the process group if who is 0, by a signal. The end of the caller wakes it up.
func (b *Sandbox) pause(who int, s unix.Signal) {
	if b.caller < 0 {
		host.Kill(who, s)
		return
	}
	host.Prctl(unix.PR_SET_PDEATHSIG, uintptr(unix.SIGCONT))
	if host.Parent() == b.parent {
		host.Kill(who, s)
	}
	if !b.alone() {
		host.Prctl(unix.PR_SET_PDEATHSIG, 0)
	}
}

// alone reports whether nobody else looks for the caller's end: pid 1 is the command, or may make no calls for that. Then the
// caller's end has to wake the monitor if somebody has stopped it.
func (b *Sandbox) alone() bool { return b.spec.Life.Direct || b.spec.Guarded() }

// order has pid 1 send a signal, or none if it is 0. to is what pid 1 does besides, see obey.
func (b *Sandbox) order(to uint32, s unix.Signal) {
	if b.executed {
		host.Kill(b.pid, s) // the command is pid 1
		return
	}
	b.tell(plan.Record{Kind: plan.Signal, Step: to, Value: uint32(s)})
}
