package launch

import (
	"unsafe"

	"box/internal/early"
	"box/internal/host"
	"box/plan"

	"golang.org/x/sys/unix"
)

// Wait watches the sandbox until its command has ended and nothing of it is left. It passes signals and the terminal
// through, stops when the command stops, and kills the sandbox when the caller ends.
// An error is a *Failure if the command was never started, or ErrLost.
func (b *Sandbox) Wait() (Status, error) {
	forgetCode()
	err := b.watch()
	if b.spec.Life.Detached && b.failed == nil && err == nil {
		if b.spec.Life.Direct {
			b.reap()
		}
		b.gone = true // or rather let go
	}
	b.end()
	if b.tty != nil {
		b.leaveTerminal()
	}
	b.clean()
	b.close()
	switch {
	case b.failed != nil:
		return Status{}, b.over(b.failed)
	case err != nil:
		return Status{}, b.over(err)
	case !b.ended:
		return Status{Signal: unix.SIGKILL}, b.over(ErrLost)
	}
	return b.status, nil
}

//go:noinline
func (b *Sandbox) leaveTerminal() {
	early.Ordinary()
	b.finishTerminal() // what was written last was written for a raw terminal
	b.closeTerminal()
}

// Places in the poll set.
const (
	onStatus = iota
	onSignal
	onCaller
	onNotice // of a call that a filter asks about
	onMounts // the sandbox's mount table
	onKeys   // the caller's terminal
	onMaster // the sandbox's terminal
	onScreen // the caller's terminal, for output
	places
)

// watch runs until the command has ended, could not be started, or must be killed.
func (b *Sandbox) watch() error {
	var set [places]unix.PollFd
	for !b.ended && b.failed == nil {
		set[onStatus] = unix.PollFd{Fd: int32(b.conn), Events: unix.POLLIN}
		set[onSignal] = unix.PollFd{Fd: int32(b.signal), Events: unix.POLLIN}
		if b.waiting {
			set[onSignal].Fd = -1 // pid 1 takes no signals before the acts are done
		}
		set[onCaller] = unix.PollFd{Fd: int32(b.caller), Events: unix.POLLIN}
		set[onNotice] = unix.PollFd{Fd: int32(b.listener), Events: unix.POLLIN}
		set[onMounts] = unix.PollFd{Fd: int32(b.mounts), Events: unix.POLLPRI}
		if errno := b.poll(set[:]); errno != 0 && errno != unix.EINTR {
			return b.problem.lose(errno)
		}
		if set[onSignal].Revents != 0 {
			if s := b.nextSignal(); s != 0 && !b.pass(s) {
				b.status, b.ended = Status{Signal: s}, true
			}
		}
		if set[onCaller].Revents != 0 {
			b.status, b.ended = Status{Signal: unix.SIGKILL}, true
		}
		if set[onMounts].Revents != 0 {
			if err := b.lostMask(); err != nil {
				return err
			}
		}
		switch events := set[onNotice].Revents; {
		case events&unix.POLLIN != 0:
			b.notice()
		case events != 0: // everybody with the filter has ended
			host.Close(b.listener)
			b.listener = -1
		}
		if set[onStatus].Revents == 0 {
			continue
		}
		if b.executed {
			b.reap()
			return nil
		}
		if more, err := b.hear(); err != nil || !more && !b.follow() {
			return err
		}
	}
	return nil
}

// poll waits for something to happen, and copies what the terminals have to say.
func (b *Sandbox) poll(set []unix.PollFd) unix.Errno {
	if b.tty != nil {
		return b.pollTerminal(set)
	}
	return host.Poll(set[:onKeys])
}

//go:noinline
func (b *Sandbox) pollTerminal(set []unix.PollFd) unix.Errno {
	early.Ordinary()
	if _, err := unix.Poll(set, b.tty.listen(set)); err != nil {
		if errno, ok := err.(unix.Errno); ok && errno != unix.EINTR { //nolint:errorlint // it is never wrapped
			return errno
		}
		return unix.EINTR
	}
	b.tty.copy(set)
	if b.tty.hungUp() && b.spec.Life.Ignored&bit(unix.SIGHUP) == 0 {
		b.status, b.ended = Status{Signal: unix.SIGHUP}, true
	}
	return 0
}

// tell sends a record to pid 1. If it is gone, hear learns that; if it doesn't listen, nothing more is sent.
func (b *Sandbox) tell(r plan.Record) { host.Send(b.conn, unsafe.Pointer(&r), unsafe.Sizeof(r)) }

// hear takes one record from the sandbox. It returns false when the socket is closed.
func (b *Sandbox) hear() (more bool, err error) {
	var r plan.Record
	n, control, errno := host.Receive(b.conn, unsafe.Pointer(&r), unsafe.Sizeof(r))
	if errno == unix.EINTR || errno == unix.ECONNRESET {
		// ECONNRESET: pid 1 has ended without taking a signal that was sent to it. Its last words come next.
		return true, nil
	}
	if errno != 0 {
		return false, b.problem.lose(errno)
	}
	if n != int(unsafe.Sizeof(r)) {
		return false, nil // pid 1 has ended
	}
	switch r.Kind {
	case plan.Failed:
		b.failed = b.problem.notStarted(&b.plan.Inside[r.Step], int(r.Step), unix.Errno(r.Value))
	case plan.Text:
		b.problem.noteText(&r)
	case plan.Running:
		b.running = true
	case plan.Here:
		b.move(control.Sender)
	case plan.Ended:
		b.status, b.ended = statusOf(unix.WaitStatus(r.Value)), true
	case plan.Stopped:
		b.stop()
	case plan.Ready:
		switch err := b.act(); {
		case err == errEnded: //nolint:errorlint // it is never wrapped, and errors.Is may not run early
			return true, nil
		case err != nil:
			return false, err
		}
		b.tell(plan.Record{Kind: plan.Ready})
		b.waiting = false
	case plan.Master:
		b.takeTerminal(control.FD)
	case plan.Listener:
		b.listener = control.FD
	case plan.Made:
		if call := b.callOf(&r, plan.Claim); call != nil {
			b.noteMade(mountPoint{dir: control.FD, lock: control.Second, call: call})
		}
	case plan.Mask:
		if b.callOf(&r, plan.Masked) != nil {
			b.noteMask(mask{step: int(r.Step), mount: int(r.Value)})
		}
	case plan.Mounts:
		if b.callOf(&r, unix.SYS_OPENAT) != nil && len(b.masks) > 0 && b.mounts < 0 {
			b.mounts = control.FD
			return true, b.lostMask() // one may be lost already
		}
	}
	return true, nil
}

// callOf returns the call that a record is about, if that makes the system call nr.
func (b *Sandbox) callOf(r *plan.Record, nr uint16) *plan.Call {
	if uint64(r.Step) >= uint64(len(b.plan.Inside)) || b.plan.Inside[r.Step].Nr != nr {
		return nil
	}
	return &b.plan.Inside[r.Step]
}

//go:noinline
func (b *Sandbox) noteMade(m mountPoint) {
	early.Ordinary()
	if n := len(b.made); n > 0 && m.isIn(b.made[n-1].dir) { // most are: the limit for descriptors is reached later
		host.Close(m.dir)
		m.dir, m.shares = b.made[n-1].dir, true
	}
	b.made = append(b.made, m)
}

//go:noinline
func (b *Sandbox) takeTerminal(master int) {
	early.Ordinary()
	b.tty = openTerminal(master, b.spec.Life.TTY)
}

// move takes the sender of a record for pid 1: what was cloned first has made it in other namespaces, and has ended.
func (b *Sandbox) move(sender int) {
	if sender > 0 {
		_, _ = host.Wait(b.pid, nil, unix.WALL)
		b.pid = sender
	}
}

// Ran says whether the command was executed, as far as the Spec's Life.Report lets pid 1 tell.
func (b *Sandbox) Ran() bool { return b.running }

// stop stops the monitor as the command has stopped, so that the caller's shell sees it and can go on with it. SIGSTOP,
// because a SIGTSTP would be taken by descriptor.
// With a terminal the rest of the caller's job stops, too, as if the key had been typed there. The end of the caller wakes
// it up.
func (b *Sandbox) stop() {
	if b.tty != nil {
		b.stopTerminal()
	}
	if b.caller < 0 {
		host.Kill(host.PID(), unix.SIGSTOP)
		return
	}
	host.Prctl(unix.PR_SET_PDEATHSIG, uintptr(unix.SIGCONT))
	if host.Parent() == b.parent {
		host.Kill(host.PID(), unix.SIGSTOP)
	}
	host.Prctl(unix.PR_SET_PDEATHSIG, 0)
}

//go:noinline
func (b *Sandbox) stopTerminal() {
	early.Ordinary()
	if b.tty.raw {
		b.own = true // our own copy of the signal
		b.show()
		b.tty.leave()
		host.Kill(0, unix.SIGTSTP)
	}
}

// follow goes on with the process itself, if that is the command: its socket has closed when it was executed.
func (b *Sandbox) follow() bool {
	if !b.spec.Life.Direct || b.spec.Life.Detached {
		return false
	}
	child, errno := host.OpenProcess(b.pid)
	if errno != 0 {
		b.reap() // without looking after the caller meanwhile
		return false
	}
	host.Close(b.conn)
	b.conn, b.executed = child, true
	return true
}

// reap waits for a command in the place of pid 1.
func (b *Sandbox) reap() {
	var w unix.WaitStatus
	for {
		pid, errno := host.Wait(b.pid, &w, 0)
		if errno == unix.EINTR {
			continue
		}
		b.gone = true
		if errno == 0 && pid == b.pid {
			b.status, b.ended = statusOf(w), true
		}
		return
	}
}

// end kills what is left of the sandbox and waits for it.
func (b *Sandbox) end() {
	if b.gone {
		return
	}
	if b.spec.OwnsPID() || b.spec.Life.Direct {
		host.Kill(b.pid, unix.SIGKILL)
	} else {
		host.Shutdown(b.conn) // pid 1 has descendants to kill
	}
	for {
		if _, errno := host.Wait(b.pid, nil, unix.WALL); errno != unix.EINTR {
			return
		}
	}
}

// clean undoes the acts, the last one first, and removes the mount points that were made on the host.
func (b *Sandbox) clean() {
	if b.mounts >= 0 {
		host.Close(b.mounts) // it keeps the mount namespace, and so what is mounted on the mount points
		b.mounts = -1
	}
	if len(b.undo) > 0 || len(b.made) > 0 {
		b.undoAll()
	}
}

//go:noinline
func (b *Sandbox) undoAll() {
	early.Ordinary()
	for i := len(b.undo) - 1; i >= 0; i-- {
		_ = b.undo[i]()
	}
	for i := len(b.made) - 1; i >= 0; i-- {
		b.made[i].remove(b.spec.Mounts.State)
	}
}
