package launch

import (
	"box/internal/early"
	"box/internal/host"
	"box/plan"

	"golang.org/x/sys/unix"
)

// Wait watches the sandbox until its command has ended and nothing of it is left. It passes signals and the terminal
// through, stops when the command stops, and kills the sandbox when the caller ends.
// An error is a *Failure if the command was never started, a *LostMaskError, ErrPlanted, ErrForged or ErrLost.
func (b *Sandbox) Wait() (Status, error) {
	forgetCode()
	err := b.beginNames()
	if err == nil {
		err = b.watch()
	}
	if b.spec.Life.LeaveDescendants && b.failed == nil && err == nil {
		if b.spec.Life.Direct {
			b.reap()
		}
		b.gone = true // or rather let go
	}
	b.end()
	b.drain()
	if planted := b.lastNames(); err == nil {
		err = planted
	}
	if b.tty != nil {
		early.Ordinary()
		b.finishTerminal() // what was written last was written for a raw terminal
		b.closeTerminal()
	}
	b.clean()
	b.close()
	switch {
	case b.failed != nil:
		return Status{Left: b.left}, b.over(b.failed)
	case err != nil:
		return Status{Left: b.left}, b.over(err)
	case !b.ended:
		return Status{Signal: unix.SIGKILL, Left: b.left}, b.over(ErrLost)
	}
	b.status.Left = b.left
	b.status.Typed = b.tty != nil && b.status.Signal != 0 && b.tty.asked == b.status.Signal
	return b.status, nil
}

// pollTerminal is poll for a sandbox with a terminal. Its buffers grow, so it needs the Go runtime.
//
//go:noinline
func (b *Sandbox) pollTerminal(set []unix.PollFd) unix.Errno {
	early.Ordinary()
	if _, err := unix.Poll(set, b.tty.listen(set[sources:])); err != nil {
		if errno, ok := err.(unix.Errno); ok && errno != unix.EINTR { //nolint:errorlint // it is never wrapped
			return errno
		}
		return unix.EINTR
	}
	b.tty.copy(set[sources:])
	if b.tty.hungUp() && b.spec.Life.Ignored&bit(unix.SIGHUP) == 0 {
		b.finish(Status{Signal: unix.SIGHUP})
	}
	return 0
}

// Ran reports whether the command was executed, as far as the Spec's Life.TellExec lets pid 1 report it.
func (b *Sandbox) Ran() bool { return b.had>>plan.Running&1 != 0 }

// finish notes how the command has ended, or how it is to be told that the sandbox was ended.
func (b *Sandbox) finish(s Status) { b.status, b.ended = s, true }

// stop stops the monitor as the command has stopped, so that the caller's shell sees it and can go on with it. SIGSTOP,
// because a SIGTSTP would be taken by descriptor.
// With a terminal the rest of the caller's job stops, too, as if the key had been typed there. The end of the caller wakes
// it up.
func (b *Sandbox) stop() {
	if b.tty != nil {
		b.stopTerminal()
	}
	if b.ended {
		return // by a signal that came meanwhile
	}
	if b.caller < 0 {
		host.Kill(host.PID(), unix.SIGSTOP)
		return
	}
	host.Prctl(unix.PR_SET_PDEATHSIG, uintptr(unix.SIGCONT))
	if host.Parent() == b.parent {
		host.Kill(host.PID(), unix.SIGSTOP)
	}
	if !b.alone() {
		host.Prctl(unix.PR_SET_PDEATHSIG, 0)
	}
}

// alone reports whether nobody else looks for the caller's end: pid 1 is the command, or may make no calls for that. Then the
// caller's end has to wake the monitor if somebody has stopped it.
func (b *Sandbox) alone() bool { return b.spec.Life.Direct || b.spec.Guarded() }

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

// follow goes on with the process itself, if that is the command: its socket has closed when it was executed. So it does with a
// guarded pid 1: that reports by its exit status how the command ended, if a filter keeps it from writing.
func (b *Sandbox) follow() bool {
	if !b.spec.Guarded() && (!b.spec.Life.Direct || b.spec.Life.LeaveDescendants) {
		return false
	}
	child, errno := b.process, unix.Errno(0)
	if b.process < 0 {
		child, errno = host.OpenProcess(b.pid)
	}
	b.process = -1 // it is in the place of the socket
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
			b.finish(statusOf(w))
		}
		return
	}
}

// seekStdio gives the caller's standard descriptors the offset that those have which took their place: what the command has read
// is read, as if it had been the caller's own.
//
//go:noinline
func (b *Sandbox) seekStdio() {
	early.Ordinary()
	for fd, file := range b.stdio {
		if file < 0 {
			continue
		}
		if at, err := unix.Seek(file, 0, unix.SEEK_CUR); err == nil {
			_, _ = unix.Seek(fd, at, unix.SEEK_SET)
		}
		unix.Close(file)
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
	if b.stdio != noStdio {
		b.seekStdio()
	}
}

// undoAll goes backwards: what was done last may rely on what was done before.
//
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
