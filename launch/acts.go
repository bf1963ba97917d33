package launch

import (
	"errors"

	"box/internal/early"
	"box/internal/host"
	"box/plan"

	"golang.org/x/sys/unix"
)

// ActError is an act of the parent that could not be done.
type ActError struct {
	Act plan.Act // the one that failed; those after it were not tried
	Err error    // what it returned
}

func (e *ActError) Error() string { return e.Act.String() + ": " + e.Err.Error() }

// Unwrap returns what the act returned.
func (e *ActError) Unwrap() error { return e.Err }

// ActIn returns the act that an error tells of, if it does.
func ActIn(err error) (act *ActError, ok bool) { return errors.AsType[*ActError](err) }

// act does the plan's acts while the child waits.
// An act that fails may have had an effect as well, so what undoes it is noted before its error is looked at.
func (b *Sandbox) act() error {
	for _, a := range b.plan.Outside {
		undo, err := a.Do(b.pid)
		if undo != nil {
			early.Ordinary()
			b.undo = append(b.undo, undo)
		}
		if err == errEnded { //nolint:errorlint // it is never wrapped, and errors.Is may not run early
			return err
		}
		if err != nil {
			b.problem.act = ActError{Act: a, Err: err}
			return &b.problem.act
		}
	}
	return nil
}

// errEnded is what Await returns when the sandbox has to end: its status is noted.
var errEnded = errors.New("ended")

// Await is for an act that waits for somebody else: until the events (POLLIN, POLLOUT) of a descriptor, see poll(2). A signal that
// asks for an end, or the caller's end, ends it.
func (b *Sandbox) Await(fd int, events int16) error {
	set := [...]unix.PollFd{
		{Fd: int32(fd), Events: events},
		{Fd: int32(b.signal), Events: unix.POLLIN},
		{Fd: int32(b.caller), Events: unix.POLLIN},
	}
	for {
		if errno := host.Poll(set[:]); errno != 0 && errno != unix.EINTR {
			return b.problem.lose(errno)
		}
		switch {
		case set[2].Revents != 0:
			b.finish(Status{Signal: unix.SIGKILL})
			return errEnded
		case set[1].Revents != 0:
			s := b.nextSignal()
			// What asks for no end is for the command, which there isn't yet.
			if s == 0 || b.spec.Life.Ignored&bit(s) != 0 || forward[s].sent && !ends[s] {
				continue
			}
			b.finish(Status{Signal: s})
			return errEnded
		case set[0].Revents != 0:
			return nil
		}
	}
}
