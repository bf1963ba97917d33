package shim

import (
	"unsafe"

	"box/internal/early"
	"box/internal/host"
	"box/launch"

	"golang.org/x/sys/unix"
)

// timedOut is the status of a box whose time was over, as timeout(1) has it.
const timedOut = 124

// Finish is for a box that has started and has ended: it writes what is left of its output, and how it ended, tells who waits, and
// removes what goes with it. lost says that nobody knows how the command ended, cause why the sandbox was ended for the sake of
// safety, or ""; with it may have ended the box whose pid namespace it was in: with, else "". signals is where they arrive. It
// returns the status of the box; or again is true, and StartAgain comes next.
func (s *Shim) Finish(status launch.Status, lost bool, cause, with string, signals int) (is launch.Status, again bool) {
	s.drain()
	if s.why == "time" {
		s.log.say("its time is over (--time)")
		status = launch.Status{Code: timedOut}
	}
	if lost {
		status = launch.Status{Signal: unix.SIGKILL}
		switch {
		case cause != "":
			s.why = "safety"
			s.log.say(early.Concat("the sandbox was ended: ", cause))
		case with != "":
			s.why = "space"
			s.log.say(early.Concat("the pid namespace of box ", with, " has ended"))
		case s.why == "":
			s.why = "lost"
			fallthrough
		default:
			s.log.say("its pid 1 was killed: from outside, or for want of memory")
		}
	}
	if s.goesOn(status) {
		s.sayPause(status)
		s.record(status)
		s.pid, s.command = 0, 0
		s.note()
		s.tellEnd(status, true)
		if s.rest(signals) {
			return status, true
		}
	}
	return s.conclude(status), false
}

// conclude is for a box that is not started again.
func (s *Shim) conclude(status launch.Status) launch.Status {
	s.record(status)
	if s.Remove {
		s.Box.Discard()
	}
	s.tellEnd(status, false)
	host.RemoveAt(s.register.Runtime(), s.socket(), 0)
	host.Close(s.listener)
	s.listener = -1
	s.on = false
	return status
}

// tellEnd tells clients who wait for the end that it has come: those who are attached, if the box is started again, or all.
func (s *Shim) tellEnd(status launch.Status, attached bool) {
	r := Record{Format: Format, Kind: Ended, Value: int64(status.Exit()), Extra: int64(status.Signal)}
	for i := range s.clients {
		if c := &s.clients[i]; c.fd >= 0 && c.waits && (c.attached || !attached) {
			host.Send(c.fd, unsafe.Pointer(&r), unsafe.Sizeof(r))
		}
	}
}

// TimedOut reports whether the box was ended because its time was over.
func (s *Shim) TimedOut() bool { return s.why == "time" }

// record writes exit: see register.Box.Exit.
func (s *Shim) record(status launch.Status) {
	var list [4]string
	list[0] = early.Concat("status=", decimal(uint64(status.Exit())))
	list[1] = early.Concat("ended=", decimal(uint64(host.Now())))
	list[2] = early.Concat("why=", s.why)
	list[3] = "signal="
	if status.Signal != 0 {
		list[3] = early.Concat("signal=", decimal(uint64(status.Signal)))
	}
	if errno := s.Box.Put("exit", list[:]); errno != 0 {
		s.log.say("how it ended could not be written")
	}
}
