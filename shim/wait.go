package shim

import (
	"box/internal/host"
	"box/launch"

	"golang.org/x/sys/unix"
)

// The numbers of what is waited for.
const (
	onListener = iota
	onTimer
	onReport
	onMaster
	onOutput                // and two more: stdout, stderr, own
	onClient = onOutput + 3 // and more: clients
)

// The places of pipes.
const (
	stdout = iota
	stderr
	own
)

// Descriptor returns what is readable when Took has something to do.
func (s *Shim) Descriptor() int { return s.set }

// Took does what has something to do.
func (s *Shim) Took(b *launch.Sandbox) {
	var events [16]unix.EpollEvent
	for _, e := range events[:host.Happened(s.set, events[:])] {
		switch n := e.Fd; {
		case n == onListener:
			s.accept()
		case n == onTimer:
			s.tick(b)
		case n == onReport: // the one who waits for the start has ended
			host.Unwatch(s.set, s.Report)
			s.end(b, "caller")
		case n == onMaster:
			s.readMaster()
		case n < onClient:
			s.readOutput(int(n - onOutput))
		default:
			s.hear(b, int(n-onClient))
		}
	}
}

// wind sets the timer to what comes first.
func (s *Shim) wind() {
	at := s.killAt
	if at == 0 || s.stopAt != 0 && s.stopAt < at {
		at = s.stopAt
	}
	host.SetTimer(s.timer, at)
}

// graceful is how long a command has, in nanoseconds, that is asked to end because its time is over.
const graceful = 10e9

// tick does what it is time for.
func (s *Shim) tick(b *launch.Sandbox) {
	var count [8]byte
	if _, errno := host.Read(s.timer, count[:]); errno != 0 {
		return
	}
	now := host.Clock()
	if s.stopAt != 0 && now >= s.stopAt {
		s.stopAt, s.why = 0, "time"
		s.ask(b, 0, graceful)
	}
	if s.killAt != 0 && now >= s.killAt {
		s.killAt = 0
		b.Kill()
	}
	s.wind()
}

// ask asks the command to end, and ends it after a while.
func (s *Shim) ask(b *launch.Sandbox, signal unix.Signal, patience int64) {
	if signal == 0 {
		signal = s.Stop
	}
	if signal == 0 {
		signal = unix.SIGTERM
	}
	b.Signal(signal)
	b.Signal(unix.SIGCONT) // a command that is stopped would not hear it
	if at := host.Clock() + patience; patience >= 0 && (s.killAt == 0 || at < s.killAt) {
		s.killAt = at
	}
	if patience == 0 {
		b.Kill()
	}
	s.wind()
}

// end ends the box.
func (s *Shim) end(b *launch.Sandbox, why string) {
	if s.why == "" || why == "kill" {
		s.why = why
	}
	b.Kill()
}

// lull is how long the shim waits for more, in nanoseconds, when it has taken little. A command that writes line by line fills much
// of a pipe meanwhile: without it the shim would make several system calls for a few lines, and hold the command up.
const lull = 100e3

// readOutput takes what the command has written to one of its pipes, or what the shim itself has to say.
func (s *Shim) readOutput(stream int) {
	fd := s.read[stream]
	if fd < 0 {
		return
	}
	const most = 4 // others have something to say, too
	for range most {
		data := s.log.take(fd)
		if data == nil {
			if s.log.ended {
				host.Unwatch(s.set, fd)
				host.Close(fd)
				s.read[stream] = -1
			}
			return
		}
		s.log.add(stream, data)
		if stream != own {
			s.show(stream, data)
		}
		if len(data) < len(s.log.input)/2 {
			host.PollFor(nil, lull)
		}
	}
}

// readMaster takes what the command has written to its terminal.
func (s *Shim) readMaster() {
	data := s.log.take(s.master)
	if data == nil {
		if s.log.ended { // nobody has the terminal open, which may change
			host.Rewatch(s.set, s.master, 0, onMaster)
			host.Unwatch(s.set, s.master)
		}
		return
	}
	if s.LogLimit >= 0 {
		s.log.add(stdout, data)
	}
	s.show(stdout, data)
}

// drain takes what is left in the pipes when nothing of the sandbox runs any more.
func (s *Shim) drain() {
	for i := range s.read {
		for s.read[i] >= 0 {
			data := s.log.take(s.read[i])
			if data == nil {
				break
			}
			s.log.add(i, data)
			if i != own {
				s.show(i, data)
			}
		}
	}
	for s.master >= 0 {
		data := s.log.take(s.master)
		if data == nil {
			break
		}
		if s.LogLimit >= 0 {
			s.log.add(stdout, data)
		}
		s.show(stdout, data)
	}
}
