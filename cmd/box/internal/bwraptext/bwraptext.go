// Package bwraptext has the sentences of bubblewrap for what has gone wrong in
// a sandbox: callers look for them. They are those of 0.13.1, and found in
// tables by the reason of a call (plan.Why); of a table the first line that
// fits counts.
//
// Package failure has the same tables for box mode. They are kept apart because
// the sentences of one may change freely, and those of the other must not:
// programs that call bubblewrap search its output, and print it to their users.
//
// It is on the ordinary side. Each exported function that can be called before
// the Go runtime has begun calls early.Ordinary first.
package bwraptext

import (
	"errors"
	"fmt"
	"strings"

	"box/cmd/box/internal/failure"
	"box/internal/early"
	"box/launch"
	"box/plan"
	"box/spec"

	"golang.org/x/sys/unix"
)

// Reason returns an error as strerror(3) has it: with a capital letter.
// unix.Errno has the texts of strerror(3) in lower case.
//
//go:noinline
func Reason(err error) string {
	early.Ordinary()
	text := failure.Reason(err)
	return strings.ToUpper(text[:1]) + text[1:]
}

// Of returns the message that bubblewrap has for an error of Compile, Start or
// Wait, without its prefix. Errors that bubblewrap has no sentence for, such as
// that the sandbox was killed, have the headline of box mode.
func Of(err error, s *spec.Spec) string {
	if h, ok := errors.AsType[*plan.HostError](err); ok {
		// Too many layers for one overlay. bubblewrap hears of it from
		// mount(2).
		if errors.Is(h.Err, unix.E2BIG) {
			return fmt.Sprintf("Can't make overlay mount on %s: %s", h.Path, Reason(h.Err))
		}
		return fmt.Sprintf("Can't find source path %s: %s", h.Path, Reason(h.Err))
	}
	f, ok := errors.AsType[*launch.Failure](err)
	if !ok {
		return failure.Explain(err, s).Headline
	}
	// A reason beyond the table, or without one, falls to otherwise.
	t := &told{Failure: f, s: s, e: s.Entry(f.Call.For)}
	if why := int(f.Call.Why); why < len(byReason) {
		if text := t.first(byReason[why]); text != "" {
			return text
		}
	}
	return t.first(otherwise)
}
