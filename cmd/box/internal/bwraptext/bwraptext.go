// Package bwraptext has the sentences of bubblewrap for what has gone wrong in a sandbox: callers look for them. They are
// those of 0.13.1, and found in tables by the reason of a call (plan.Why); of a table the first line that fits counts.
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
//
//go:noinline
func Reason(err error) string {
	early.Ordinary()
	text := failure.Reason(err)
	return strings.ToUpper(text[:1]) + text[1:]
}

// Of returns the message that bubblewrap has for an error of Compile, Start or Wait, without its prefix.
func Of(err error, s *spec.Spec) string {
	if h, ok := errors.AsType[*plan.HostError](err); ok {
		if errors.Is(h.Err, unix.E2BIG) {
			return fmt.Sprintf("Can't make overlay mount on /newroot/%s: %s", spec.Relative(h.Path), Reason(h.Err))
		}
		return fmt.Sprintf("Can't find source path %s: %s", h.Path, Reason(h.Err))
	}
	f, ok := errors.AsType[*launch.Failure](err)
	if !ok {
		return failure.Explain(err, s).Headline
	}
	t := &told{Failure: f, s: s, e: s.Entry(f.Call.For)}
	if why := int(f.Call.Why); why < len(byReason) {
		if text := t.first(byReason[why]); text != "" {
			return text
		}
	}
	return t.first(otherwise)
}
