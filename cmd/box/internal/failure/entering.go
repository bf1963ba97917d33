package failure

import (
	"errors"
	"strings"

	"box/cmd/box/internal/say"
	"box/internal/early"
	"box/launch"
	"box/spec"
)

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
