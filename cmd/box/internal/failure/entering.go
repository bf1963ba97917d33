package failure

import (
	"errors"
	"strings"

	"box/cmd/box/internal/say"
	"box/internal/early"
	"box/launch"
	"box/spec"

	"golang.org/x/sys/unix"
)

// Ended says what an error means to who is in the pid namespace of the box of that name, which has ended: see Explain.
func Ended(err error, s *spec.Spec, name string) *say.Message {
	early.Ordinary()
	m := &say.Message{Headline: "the pid namespace of box " + name + " has ended", Status: say.StatusKilled}
	var failure *launch.Failure
	switch {
	case errors.As(err, &failure) && failure.Errno == unix.ENOMEM: // nothing can be made there any more
		m.Status = say.StatusBox
	case !errors.Is(err, launch.ErrLost):
		return Explain(err, s)
	}
	return m
}

// Entering says what an error means to who has entered the box of that name: see Explain.
func Entering(err error, s *spec.Spec, name string) *say.Message {
	early.Ordinary()
	if errors.Is(err, launch.ErrLost) {
		return &say.Message{
			Headline: name + ": what was started there was killed: the box has ended, or somebody in it has sent SIGKILL",
			Status:   say.StatusKilled,
		}
	}
	m := Explain(err, s)
	if rest, is := strings.CutPrefix(m.Headline, "cannot make the sandbox"); is {
		m.Headline = "cannot enter " + name + rest
	}
	return m
}
