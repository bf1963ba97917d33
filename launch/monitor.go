package launch

import (
	"bytes"
	"errors"
	"os"
	"unsafe"

	"box/plan"

	"golang.org/x/sys/unix"
)

// Wait watches the sandbox until its command has ended and nothing of it is left. It passes signals and the terminal
// through, stops when the command stops, and kills the sandbox when the caller ends.
// An error is a *Failure if the command was never started, or ErrLost.
func (b *Sandbox) Wait() (Status, error) {
	defer b.close()
	defer b.closeTerminal() // whatever happens
	err := b.watch()
	if b.spec.Life.Detached && b.failed == nil && err == nil {
		if b.spec.Life.Direct {
			b.reap()
		}
		b.gone = true // or rather let go
	}
	b.end()
	b.finishTerminal() // what was written last was written for a raw terminal
	b.closeTerminal()
	b.clean()
	switch {
	case b.failed != nil:
		return Status{}, b.failed
	case err != nil:
		return Status{}, err
	case !b.ended:
		return Status{Signal: unix.SIGKILL}, ErrLost
	}
	return b.status, nil
}

// Places in the poll set.
const (
	onStatus = iota
	onSignal
	onCaller
	onNotice // of a call that a filter asks about
	onKeys   // the caller's terminal
	onMaster // the sandbox's terminal
	onScreen // the caller's terminal, for output
	places
)

// watch runs until the command has ended, could not be started, or must be killed.
func (b *Sandbox) watch() error {
	set := make([]unix.PollFd, places)
	for !b.ended && b.failed == nil {
		set[onStatus] = unix.PollFd{Fd: int32(b.conn), Events: unix.POLLIN}
		set[onSignal] = unix.PollFd{Fd: int32(b.signal), Events: unix.POLLIN}
		if b.waiting {
			set[onSignal].Fd = -1 // pid 1 takes no signals before the acts are done
		}
		set[onCaller] = unix.PollFd{Fd: int32(b.caller), Events: unix.POLLIN}
		set[onNotice] = unix.PollFd{Fd: int32(b.listener), Events: unix.POLLIN}
		if _, err := unix.Poll(set, b.tty.listen(set)); err != nil && err != unix.EINTR {
			return os.NewSyscallError("poll", err)
		}
		b.tty.copy(set)
		if b.tty.hungUp() && b.spec.Life.Ignored&bit(unix.SIGHUP) == 0 {
			b.status, b.ended = Status{Signal: unix.SIGHUP}, true
		}
		if set[onSignal].Revents != 0 {
			if s := b.nextSignal(); s != 0 && !b.pass(s) {
				b.status, b.ended = Status{Signal: s}, true
			}
		}
		if set[onCaller].Revents != 0 {
			b.status, b.ended = Status{Signal: unix.SIGKILL}, true
		}
		switch events := set[onNotice].Revents; {
		case events&unix.POLLIN != 0:
			b.notice()
		case events != 0: // everybody with the filter has ended
			unix.Close(b.listener)
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

// tell sends a record to pid 1. If it is gone, hear learns that; if it doesn't listen, nothing more is sent.
func (b *Sandbox) tell(r plan.Record) {
	_ = unix.Sendto(b.conn, bytesOf(&r), unix.MSG_NOSIGNAL|unix.MSG_DONTWAIT, nil)
}

func bytesOf(r *plan.Record) []byte {
	return unsafe.Slice((*byte)(unsafe.Pointer(r)), unsafe.Sizeof(*r))
}

// hear takes one record from the sandbox. It returns false when the socket is closed.
func (b *Sandbox) hear() (more bool, err error) {
	var r plan.Record
	control := make([]byte, unix.CmsgSpace(4)+unix.CmsgSpace(unix.SizeofUcred))
	n, cn, _, _, err := unix.Recvmsg(b.conn, bytesOf(&r), control, unix.MSG_CMSG_CLOEXEC)
	if err == unix.EINTR || err == unix.ECONNRESET {
		// ECONNRESET: pid 1 has ended without taking a signal that was sent to it. Its last words come next.
		return true, nil
	}
	if err != nil || n != int(unsafe.Sizeof(r)) {
		return false, err // nil: pid 1 has ended
	}
	switch r.Kind {
	case plan.Failed:
		text := string(bytes.TrimRight(b.text, "\x00"))
		b.failed = &Failure{Call: b.plan.Inside[r.Step], Step: int(r.Step), Errno: unix.Errno(r.Value), Text: text}
	case plan.Text:
		b.text = append(b.text, bytesOf(&r)[4:]...)
	case plan.Running:
		b.running = true
	case plan.Here:
		b.move(control[:cn])
	case plan.Ended:
		b.status, b.ended = statusOf(unix.WaitStatus(r.Value)), true
	case plan.Stopped:
		b.stop()
	case plan.Ready:
		switch err := b.act(); {
		case errors.Is(err, errEnded):
			return true, nil
		case err != nil:
			return false, err
		}
		b.tell(plan.Record{Kind: plan.Ready})
		b.waiting = false
	case plan.Master:
		b.tty = openTerminal(descriptor(control[:cn]), b.spec.Life.TTY)
	case plan.Listener:
		b.listener = descriptor(control[:cn])
	case plan.Made:
		b.made = append(b.made, mountPoint{dir: descriptor(control[:cn]), call: b.plan.Inside[r.Step]})
	}
	return true, nil
}

// descriptor returns the one descriptor among control messages, or -1.
func descriptor(control []byte) int {
	messages, _ := unix.ParseSocketControlMessage(control)
	for i := range messages {
		if fds, err := unix.ParseUnixRights(&messages[i]); err == nil && len(fds) == 1 {
			return fds[0]
		}
	}
	return -1
}

// move takes the sender of a record for pid 1: what was cloned first has made it in other namespaces, and has ended.
func (b *Sandbox) move(control []byte) {
	messages, _ := unix.ParseSocketControlMessage(control)
	for i := range messages {
		if who, err := unix.ParseUnixCredentials(&messages[i]); err == nil && who.Pid > 0 {
			_, _ = unix.Wait4(b.pid, nil, unix.WALL, nil)
			b.pid = int(who.Pid)
		}
	}
}

// Ran says whether the command was executed, as far as the Spec's Life.Report lets pid 1 tell.
func (b *Sandbox) Ran() bool { return b.running }

// stop stops the monitor as the command has stopped, so that the caller's shell sees it and can go on with it. SIGSTOP,
// because a SIGTSTP would be taken by descriptor.
// With a terminal the rest of the caller's job stops, too, as if the key had been typed there. The end of the caller wakes
// it up.
func (b *Sandbox) stop() {
	if b.tty != nil && b.tty.raw {
		b.own = true // our own copy of the signal
		b.show()
		b.tty.leave()
		_ = unix.Kill(0, unix.SIGTSTP)
	}
	if b.caller >= 0 {
		_ = unix.Prctl(unix.PR_SET_PDEATHSIG, uintptr(unix.SIGCONT), 0, 0, 0)
		defer func() { _ = unix.Prctl(unix.PR_SET_PDEATHSIG, 0, 0, 0, 0) }()
		if os.Getppid() != b.parent {
			return
		}
	}
	_ = unix.Kill(os.Getpid(), unix.SIGSTOP)
}

// follow goes on with the process itself, if that is the command: its socket has closed when it was executed.
func (b *Sandbox) follow() bool {
	if !b.spec.Life.Direct || b.spec.Life.Detached {
		return false
	}
	child, err := unix.PidfdOpen(b.pid, 0)
	if err != nil {
		b.reap() // without looking after the caller meanwhile
		return false
	}
	unix.Close(b.conn)
	b.conn, b.executed = child, true
	return true
}

// reap waits for a command in the place of pid 1.
func (b *Sandbox) reap() {
	var w unix.WaitStatus
	for {
		pid, err := unix.Wait4(b.pid, &w, 0, nil)
		if err == unix.EINTR {
			continue
		}
		b.gone = true
		if err == nil && pid == b.pid {
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
		_ = unix.Kill(b.pid, unix.SIGKILL)
	} else {
		_ = unix.Shutdown(b.conn, unix.SHUT_RDWR) // pid 1 has descendants to kill
	}
	for {
		if _, err := unix.Wait4(b.pid, nil, unix.WALL, nil); err != unix.EINTR {
			return
		}
	}
}

// clean undoes the acts, the last one first, and removes the mount points that were made on the host.
func (b *Sandbox) clean() {
	for i := len(b.undo) - 1; i >= 0; i-- {
		_ = b.undo[i]()
	}
	for i := len(b.made) - 1; i >= 0; i-- {
		b.made[i].remove()
	}
}
