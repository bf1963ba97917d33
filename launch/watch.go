package launch

import (
	"box/internal/early"
	"box/internal/host"

	"golang.org/x/sys/unix"
)

// source is something that the monitor waits for, see poll(2). What the methods wait and took of a source do may run before
// the Go runtime.
type source int

// The sources are asked in this order: what was sent before the sandbox ended counts, so that comes last.
const (
	onSignal source = iota
	onCaller
	onNames
	onMounts
	onNotice
	onCompanion
	onNet
	onStatus
	sources
)

// wait returns the descriptor of a source and the events to wait for; -1 is nothing at present.
// A table of functions would do the same, and keep two more spans of the program's file in memory while the command runs.
func (s source) wait(b *Sandbox) (fd int, events int16) {
	switch s {
	case onSignal:
		return b.waitForSignal()
	case onCaller:
		return b.caller, unix.POLLIN
	case onNames:
		return b.names.watch, unix.POLLIN // a name has appeared in the project
	case onMounts:
		return b.mounts, unix.POLLPRI // a change of the sandbox's mount table, see proc(5)
	case onNotice:
		return b.listener, unix.POLLIN // calls that a filter asks about
	case onCompanion:
		return b.companion()
	case onNet:
		return b.net.conn, unix.POLLIN // the end of the net process
	default:
		return b.conn, unix.POLLIN // what pid 1 has to say, or the end of a command in its place
	}
}

// took is told that some of the events, or POLLHUP, have come. It reports whether the watch is over.
func (s source) took(b *Sandbox, events int16) (over bool, err error) {
	switch s {
	case onSignal:
		b.take(b.nextSignal())
		return false, nil
	case onCaller: // the caller has ended: as if SIGKILL had ended the command, since nobody is left to whom it matters
		b.finish(Status{Signal: unix.SIGKILL})
		return false, nil
	case onNames:
		return false, b.tookNames()
	case onMounts:
		return false, b.lostMask()
	case onNotice:
		b.tookNotice(events)
		return false, nil
	case onCompanion:
		b.with.Took(b)
		return false, nil
	case onNet:
		b.tookNet()
		return false, nil
	default:
		return b.tookStatus()
	}
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
	var set [int(sources) + ofTerminal]unix.PollFd
	for !b.ended && b.failed == nil {
		if b.names.stirred {
			if err := b.stir(); err != nil {
				return err
			}
		}
		for i := range sources {
			fd, events := i.wait(b)
			set[i] = unix.PollFd{Fd: int32(fd), Events: events}
		}
		if errno := b.poll(set[:]); errno != 0 && errno != unix.EINTR {
			return b.problem.lose(errno)
		}
		for i := range sources {
			if set[i].Revents == 0 {
				continue
			}
			if over, err := i.took(b, set[i].Revents); over || err != nil {
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
	set = set[:sources]
	if !b.forgot && early.Running() {
		if b.polls++; b.polls < unsettled {
			if n, errno := host.PollFor(set, settled); n > 0 || errno != 0 {
				return errno
			}
		}
		b.forgot = true
		give := code()
		return host.ForgetAndPoll(give.start, give.size, set)
	}
	return host.Poll(set)
}

// waitForSignal waits for signals, but not before the acts are done: pid 1 takes none until then.
func (b *Sandbox) waitForSignal() (fd int, events int16) {
	if b.waiting {
		return -1, 0
	}
	return b.signal, unix.POLLIN
}

// tookNotice answers a call that a filter asks about.
func (b *Sandbox) tookNotice(events int16) {
	if events&unix.POLLIN != 0 {
		b.notice()
		return
	}
	host.Close(b.listener) // everybody with the filter has ended
	b.listener = -1
}

// tookStatus takes one record. When the socket has closed, the watch is over, unless there is a process to go on
// with.
func (b *Sandbox) tookStatus() (over bool, err error) {
	if b.executed {
		b.reap()
		return true, nil
	}
	more, err := b.hear()
	if err != nil || more {
		return err != nil, err
	}
	if b.spec.Life.Direct && b.failed == nil {
		b.started() // without a pid 1 the socket closes when the command is executed
	}
	return !b.follow(), nil
}
