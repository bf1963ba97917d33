package shim

import (
	"strconv"

	"box/internal/early"
	"box/internal/host"
	"box/launch"
	"box/register"

	"golang.org/x/sys/unix"
)

// When says after which ends a box is started again.
type When uint8

// The ends. What was asked for, by box stop, box kill or --time, is never one of them.
const (
	Never     When = iota
	OnFailure      // all with another status than 0
	Always
)

// Restart says when and how often a box is started again by its shim.
type Restart struct {
	When When
	Most int // in a row, with OnFailure; 0 is without end
}

// A box that fails at once is not started again at once. Times are in nanoseconds.
const (
	firstPause = 100e6
	lastPause  = 60e9
	upForLong  = 10e9 // who was up for so long begins with the first pause again
)

// pause returns how long to wait before the next start.
func (s *Shim) pause() int64 {
	wait := int64(firstPause)
	for range s.Row {
		wait = min(2*wait, lastPause)
	}
	return wait
}

// goesOn reports whether the box is to be started again. No box goes on that was ended because it was not safe any more.
func (s *Shim) goesOn(status launch.Status) bool {
	if !s.Detach || s.why == "safety" {
		return false
	}
	if s.again {
		return true
	}
	if s.why != "" && s.why != "lost" {
		return false
	}
	if host.Clock()-s.begun >= upForLong {
		s.Row = 0
	}
	switch s.Restart.When {
	case Always:
		return true
	case OnFailure:
		return status.Exit() != 0 && (s.Restart.Most == 0 || s.Row < s.Restart.Most)
	}
	return false
}

// rest waits for the time of the next start, and answers clients meanwhile. It returns false if one of them, or a signal, has ended
// the box.
func (s *Shim) rest(signals int) bool {
	s.resting, s.stopAt, s.killAt = true, 0, 0
	set := [2]unix.PollFd{{Fd: int32(s.set), Events: unix.POLLIN}, {Fd: int32(signals), Events: unix.POLLIN}}
	for end := host.Clock() + s.pause(); !s.again; {
		left := end - host.Clock()
		if left <= 0 {
			break
		}
		if n, _ := host.PollFor(set[:], left); n > 0 {
			s.Took(nil)
			s.heed(signals)
		}
		if s.why != "" && s.why != "lost" {
			return false
		}
	}
	return true
}

// heed does what a signal is for while there is no command that could get it: one that would end the command ends the box.
func (s *Shim) heed(signals int) {
	switch n, asked := launch.ReadSignal(signals); {
	case asked:
		s.Missed()
	case n == 0, n == unix.SIGTSTP, n == unix.SIGCONT, n == unix.SIGWINCH:
	default:
		s.why = "kill"
		s.log.say(early.Concat("it is not started again: its monitor got signal ", decimal(uint64(n))))
	}
}

// doAtRest does what a client asks for while nothing runs. EAGAIN is for what needs a command.
func (s *Shim) doAtRest(c *client, p *packet) {
	switch p.Kind {
	case Stop:
		c.waits, s.why = true, "stop"
	case Signal:
		switch signalOf(p.Value) {
		case unix.SIGKILL, unix.SIGTERM, unix.SIGINT, unix.SIGQUIT, unix.SIGHUP:
			s.why = "kill"
			s.answer(c, Record{Kind: Done})
		default:
			s.answer(c, Record{Kind: Refused, Value: int64(unix.EAGAIN)})
		}
	case Wait:
		c.waits = true
	case Again:
		s.again = true
		s.answer(c, Record{Kind: Done})
	default:
		s.answer(c, Record{Kind: Refused, Value: int64(unix.EAGAIN)})
	}
}

// StartAgain executes this program once more in this process, which finds out how the box is started: the process keeps its number,
// the lock and the socket. It returns, with the status of the box, only if that can't be.
func (s *Shim) StartAgain(status launch.Status) launch.Status {
	row := s.Row + 1
	if s.again {
		row = 0
	}
	h := Handover{
		Report: -1, Lock: s.Box.LockFD(), Listener: s.listener, Row: row, Total: s.Total + 1, Name: s.Box.Name, Again: true,
	}
	if null, errno := host.OpenAt(host.Here, "/dev/null", unix.O_RDWR); errno == 0 {
		s.place(null, null, null) // what was said there came back to this process
		host.Close(null)
	}
	h.Keep()
	errno := host.Execute(h.String(), s.register.State, s.register.Places.Runtime)
	s.log.say(early.Concat("it can't be started again: errno ", decimal(uint64(errno))))
	return s.conclude(status)
}

// sayPause notes in the log that the box will be started again.
func (s *Shim) sayPause(status launch.Status) {
	if s.again {
		s.log.say("it is started again (box restart)")
		return
	}
	var text early.Text
	text.Add("it has ended with status ")
	text.AddNumber(uint64(status.Exit()))
	text.Add(", and is started again (--restart)")
	s.log.say(text.String())
}

// NoteFailure notes that a box could not be started again: in its log, if it has one, and in how it ended.
func NoteFailure(b *register.Box, why string) {
	early.Ordinary()
	if f, err := b.Open("log"); err == nil {
		_ = f.Close()
		l := new(log)
		if l.open(b.Dir(), 0) == 0 {
			l.say("it could not be started again: " + why)
			host.Close(l.fd)
		}
	}
	const status = 125 // box's own failures have it
	b.Put("exit", []string{
		"status=" + strconv.Itoa(status), "ended=" + strconv.FormatInt(host.Now(), 10), "why=start", "signal=",
	})
}
