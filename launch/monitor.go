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
	if b.spec.Life.Lasts != 0 && b.failed == nil && err == nil {
		b.gone = true // it ends with another process
	}
	b.blameNet()
	b.end()
	b.drain()
	if b.upper >= 0 {
		b.countChanges() // before what is not kept is removed
	}
	if planted := b.lastNames(); err == nil {
		err = planted
	}
	if b.tty != nil {
		early.Ordinary()
		b.finishTerminal()
	}
	b.endNet()
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
	wait := b.tty.claim()
	b.tty.listen(set[sources:])
	if b.tty.holds() {
		wait = holding
	}
	if _, err := unix.Poll(set, wait); err != nil {
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
