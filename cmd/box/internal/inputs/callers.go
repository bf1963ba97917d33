package inputs

import (
	"box/internal/inherited"
	"box/spec"

	"golang.org/x/sys/unix"
)

// TakeCallers notes in a Spec what the command gets of the caller's state, as
// it was before the Go runtime changed it. The runtime raises the soft limit
// for descriptors and takes over the dispositions of signals. The umask can
// only be read by being set, see umask(2); nothing else makes files meanwhile.
func TakeCallers(s *spec.Spec) {
	life := &s.Life
	life.Ignored, life.Blocked = inherited.Ignored(), inherited.Blocked()
	life.CPUs, life.Caller = nil, inherited.Caller()
	if !Replayed() { // there were none then, and the plan must be the same
		life.CPUs = inherited.CPUs()
	}
	life.Words.Start, life.Words.Size = inherited.Words()
	s.Limits.Files, s.Limits.FilesMax = inherited.Files()
	old := unix.Umask(0)
	unix.Umask(old)
	life.Umask = uint32(old)
}
