// Package failure finds the message for what has gone wrong in a sandbox: what could not be done, in the words of the
// command line, the cause, if it can be found on the host, and a hint.
//
// A call of the plan says whose wish it is and what it is for (plan.Call.For and Why). The messages are in tables by that
// reason; of a table the first line that fits counts.
package failure

import (
	"errors"
	"fmt"

	"box/cmd/box/internal/say"
	"box/internal/kernel"
	"box/launch"
	"box/plan"
	"box/spec"

	"golang.org/x/sys/unix"
)

// Explain says what an error of Compile, Start or Wait means to the user. It looks at the host, after the fact, for the
// cause; what it doesn't find it doesn't say.
func Explain(err error, s *spec.Spec) *say.Message {
	var host *plan.HostError
	var act *launch.ActError
	var failure *launch.Failure
	var lost *launch.LostMaskError
	switch {
	case errors.Is(err, launch.ErrLost):
		return &say.Message{
			Headline: "the sandbox was killed: its pid 1 got SIGKILL, from outside or for want of memory",
			Status:   say.StatusKilled,
		}
	case errors.Is(err, launch.ErrForged):
		return &say.Message{
			Headline: "the sandbox was ended: its pid 1 told what it never tells",
			Cause:    "a process in the sandbox has taken over pid 1 or the socket that pid 1 reports by",
			Status:   say.StatusBox,
		}
	case errors.Is(err, launch.ErrOrphan):
		return &say.Message{Headline: "nothing was started: " + err.Error(), Status: say.StatusKilled}
	case errors.As(err, &lost):
		return explainLostMask(lost, s)
	case errors.As(err, &host):
		return explainHost(host, s)
	case errors.As(err, &act):
		return &say.Message{
			Headline: fmt.Sprintf("%s: %s", wish(s, spec.Identity), act.Err),
			Cause:    act.Act.String() + " failed",
			Status:   say.StatusBox,
		}
	case errors.As(err, &failure):
		return explainFailure(failure, s)
	}
	m := &say.Message{Headline: "cannot make the sandbox: " + err.Error(), Status: say.StatusBox}
	if errors.Is(err, unix.ENOSYS) {
		m.Cause = kernel.Needs()
	}
	return m
}

// Reason returns an error's text without "failed to" and the like.
func Reason(err error) string {
	if errno, ok := errors.AsType[unix.Errno](err); ok {
		return errno.Error()
	}
	return err.Error()
}

// wish returns the flag that ref came from.
func wish(s *spec.Spec, ref spec.Ref) string {
	if e := s.Entry(ref); e != nil && e.Origin.Words == nil {
		return e.Kind.String() + " " + e.Dest // what box adds by itself
	}
	if text := s.Origin(ref).String(); text != "" {
		return text
	}
	return "cannot make the sandbox"
}

// explainFailure is for a call of the plan.
func explainFailure(f *launch.Failure, s *spec.Spec) *say.Message {
	t := &told{Failure: f, s: s, e: s.Entry(f.Call.For)}
	if why := int(f.Call.Why); why < len(byReason) {
		if m := t.first(byReason[why]); m != nil {
			return m
		}
	}
	return t.first(otherwise)
}
