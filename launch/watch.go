package launch

import (
	"box/internal/host"

	"golang.org/x/sys/unix"
)

// source is something that the monitor waits for, see poll(2). Its methods may run before the Go runtime.
type source struct {
	wait func(*Sandbox) (fd int, events int16)        // -1 is nothing at present
	took func(*Sandbox, int16) (over bool, err error) // some of the events, or POLLHUP, have come; over ends the watch
}

// sources are asked in this order: what was sent before the sandbox ended counts, so that comes last.
var sources = [...]source{
	{(*Sandbox).waitForSignal, (*Sandbox).tookSignal},
	{(*Sandbox).waitForCaller, (*Sandbox).tookCaller},
	{(*Sandbox).waitForMounts, (*Sandbox).tookMounts},
	{(*Sandbox).waitForNotice, (*Sandbox).tookNotice},
	{(*Sandbox).waitForStatus, (*Sandbox).tookStatus},
}

// The places of the terminal in the poll set, after the sources: which of them are waited for depends on what is still to be
// copied.
const (
	onKeys   = iota // the caller's terminal
	onMaster        // the sandbox's terminal
	onScreen        // the caller's terminal, for output
	ofTerminal
)

// watch runs until the command has ended, could not be started, or must be killed.
func (b *Sandbox) watch() error {
	var set [len(sources) + ofTerminal]unix.PollFd
	for !b.ended && b.failed == nil {
		for i := range sources {
			fd, events := sources[i].wait(b)
			set[i] = unix.PollFd{Fd: int32(fd), Events: events}
		}
		if errno := b.poll(set[:]); errno != 0 && errno != unix.EINTR {
			return b.problem.lose(errno)
		}
		for i := range sources {
			if set[i].Revents == 0 {
				continue
			}
			if over, err := sources[i].took(b, set[i].Revents); over || err != nil {
				return err
			}
		}
	}
	return nil
}

// poll waits for something to happen, and copies what the terminals have to say.
func (b *Sandbox) poll(set []unix.PollFd) unix.Errno {
	if b.tty != nil {
		return b.pollTerminal(set)
	}
	return host.Poll(set[:len(sources)])
}

// waitForSignal waits for signals, but not before the acts are done: pid 1 takes none until then.
func (b *Sandbox) waitForSignal() (fd int, events int16) {
	if b.waiting {
		return -1, 0
	}
	return b.signal, unix.POLLIN
}

func (b *Sandbox) tookSignal(int16) (over bool, err error) {
	b.take(b.nextSignal())
	return false, nil
}

// waitForCaller waits for the end of the caller.
func (b *Sandbox) waitForCaller() (fd int, events int16) { return b.caller, unix.POLLIN }

// tookCaller ends the sandbox as if SIGKILL had ended its command: nobody is left to whom it matters.
func (b *Sandbox) tookCaller(int16) (over bool, err error) {
	b.finish(Status{Signal: unix.SIGKILL})
	return false, nil
}

// waitForMounts waits for a change of the sandbox's mount table, see proc(5).
func (b *Sandbox) waitForMounts() (fd int, events int16) { return b.mounts, unix.POLLPRI }

func (b *Sandbox) tookMounts(int16) (over bool, err error) { return false, b.lostMask() }

// waitForNotice waits for calls that a filter asks about.
func (b *Sandbox) waitForNotice() (fd int, events int16) { return b.listener, unix.POLLIN }

func (b *Sandbox) tookNotice(events int16) (over bool, err error) {
	if events&unix.POLLIN != 0 {
		b.notice()
		return false, nil
	}
	host.Close(b.listener) // everybody with the filter has ended
	b.listener = -1
	return false, nil
}

// waitForStatus waits for what pid 1 has to say, or for the end of a command in its place.
func (b *Sandbox) waitForStatus() (fd int, events int16) { return b.conn, unix.POLLIN }

// tookStatus takes one record. When the socket has closed, the watch is over, unless there is a process to go on
// with.
func (b *Sandbox) tookStatus(int16) (over bool, err error) {
	if b.executed {
		b.reap()
		return true, nil
	}
	more, err := b.hear()
	return err != nil || !more && !b.follow(), err
}
