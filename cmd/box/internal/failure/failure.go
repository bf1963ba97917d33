// Package failure finds the message for what has gone wrong in a sandbox: what could not be done, in the words of the
// command line, the cause, if it can be found on the host, and a hint.
//
// A call of the plan says whose wish it is and what it is for (plan.Call.For
// and Why). The messages are in tables by that reason; of a table the first
// line that fits counts.
//
// It is on the ordinary side, and runs after the fact: the child is gone, and
// so is all that it had. So a cause is looked for on the host, which may have
// changed since, and what is not certain is not said. A hint never names what
// others may have chosen.
//
// Nothing here prints. A *say.Message goes back to main, which reports it.
package failure

import (
	"errors"
	"fmt"

	"box/cmd/box/internal/say"
	"box/internal/kernel"
	"box/launch"
	"box/mounts"
	"box/plan"
	"box/spec"

	"golang.org/x/sys/unix"
)

// Explain says what an error of Compile, Start or Wait means to the user. It
// looks at the host, after the fact, for the cause; what it doesn't find it
// doesn't say. The result is never nil. Its status tells callers what kind of
// failure it is: see the constants of package say.
func Explain(err error, s *spec.Spec) *say.Message {
	var host *plan.HostError
	var act *launch.ActError
	var failure *launch.Failure
	var lost *launch.LostMaskError
	var unwatched *launch.UnwatchedError
	var scratch *mounts.ScratchError
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
	// The caller has ended before the sandbox began, so hardly anybody reads
	// this.
	case errors.Is(err, launch.ErrOrphan):
		return &say.Message{Headline: "nothing was started: " + err.Error(), Status: say.StatusKilled}
	case errors.As(err, &unwatched):
		return explainUnwatched(unwatched, s)
	case errors.As(err, &lost):
		return explainLostMask(lost, s)
	case errors.As(err, &host):
		return explainHost(host, s)
	// The acts of the parent are about the id maps: newuidmap(1) and
	// newgidmap(1) are such. Those about the caller's descriptors have been
	// explained before, see statusfd.Refusal.
	case errors.As(err, &act) && errors.As(act.Err, &scratch):
		return explainScratch(scratch, s)
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
	// What remains are calls of Start itself. A kernel without one of them is
	// too old, and none refuses them.
	switch {
	case errors.Is(err, unix.ENOSYS):
		m.Cause = kernel.Needs()
	case errors.Is(err, unix.EPERM):
		m.Cause = "a system call filter around box refuses it"
	}
	return m
}

// Reason returns an error's text without "failed to" and the like. Of an error
// that wraps an errno it is the errno's text alone.
func Reason(err error) string {
	if errno, ok := errors.AsType[unix.Errno](err); ok {
		return errno.Error()
	}
	return err.Error()
}

// wish returns the flag that ref came from. It is what a headline begins with:
// the words that the user has typed, what box has added by itself, or a general
// sentence.
func wish(s *spec.Spec, ref spec.Ref) string {
	if e := s.Entry(ref); e != nil && e.Origin.Words == nil {
		return e.Kind.String() + " " + e.Dest // what box adds by itself
	}
	if text := s.Origin(ref).String(); text != "" {
		return text
	}
	return "cannot make the sandbox"
}

// explainFailure is for a call of the plan. A table without a line that fits is
// not an error: otherwise has one for everything.
func explainFailure(f *launch.Failure, s *spec.Spec) *say.Message {
	t := &told{Failure: f, s: s, e: s.Entry(f.Call.For)}
	if why := int(f.Call.Why); why < len(byReason) {
		if m := t.first(byReason[why]); m != nil {
			return m
		}
	}
	return t.first(otherwise)
}
