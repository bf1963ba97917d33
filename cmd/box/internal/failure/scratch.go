package failure

import (
	"errors"

	"box/cmd/box/internal/say"
	"box/mounts"
	"box/spec"

	"golang.org/x/sys/unix"
)

// explainScratch is for a directory that what is written to a project can't go
// to.
func explainScratch(e *mounts.ScratchError, s *spec.Spec) *say.Message {
	m := &say.Message{Headline: s.Scratch.Origin.String() + ": " + e.Path + ": " + Reason(e.Err), Status: say.StatusBox}
	switch {
	case errors.Is(e.Err, mounts.ErrNoAttributes):
		m.Cause = "an overlay notes by them which directories were removed"
		m.Hint = "--scratch=DIR on another file system"
	case errors.Is(e.Err, mounts.ErrForeign):
		m.Hint = "name an empty directory, or one that is to be made"
	}
	return m
}

// scratchOverlay is for a project that the kernel doesn't take as a layer. What
// is written goes to directories that box has made, so it is not them.
func scratchOverlay(t *told) *say.Message {
	m := t.message("{words}: no overlay of the project can be made: {reason}", "{words}", t.s.Scratch.Origin.String())
	switch t.Errno {
	case unix.EPERM, unix.ENODEV:
		m.Cause = noOverlays
	case unix.EINVAL:
		m.Cause = "other file systems are mounted in " + t.s.Scratch.Top +
			", or what is written would go to a file system that can't have it"
	}
	return m
}
