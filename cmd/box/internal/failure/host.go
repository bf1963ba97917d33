package failure

import (
	"errors"
	"fmt"
	"os"
	"path"

	"box/cmd/box/internal/say"
	"box/internal/kernel"
	"box/mounts"
	"box/plan"
	"box/spec"
	"box/userns"

	"golang.org/x/sys/unix"
)

// explainHost is for something of the host that is not as it must be. It was
// found when the plan was written, so nothing has been started. The status is
// 125 for all of them.
func explainHost(h *plan.HostError, s *spec.Spec) *say.Message {
	message := func(text string) *say.Message {
		return &say.Message{Headline: wish(s, h.For) + ": " + text, Status: say.StatusBox}
	}
	switch {
	case h.For == spec.Confined:
		m := message("there is no Landlock here that can be used")
		m.Cause = kernel.WhyNoLandlock()
		return m
	case errors.Is(h.Err, userns.ErrNoHelper):
		return message(h.Path + " is not installed here").
			Hintf("it is in the package uidmap (Debian) or shadow-utils (Fedora)")
	case errors.Is(h.Err, userns.ErrNoRanges):
		return message(h.Path + " has no subordinate ids for this user").
			Hintf("as root: usermod --add-subuids 100000-165535 --add-subgids 100000-165535 USER")
	case errors.Is(h.Err, mounts.ErrSecret):
		m := message("box keeps " + h.Path + " for itself, and brings nothing of it into a sandbox")
		m.Cause = "by what is there box starts other sandboxes, and takes orders"
		return m.Hintf("copy what the command needs to another directory")
	case errors.Is(h.Err, mounts.ErrFixed):
		m := message("box has its settings in " + h.Path + ", and no sandbox writes there")
		return m.Hintf("--ro-bind brings it, too")
	case errors.Is(h.Err, unix.E2BIG):
		return message("more layers than the kernel takes")
	case errors.Is(h.Err, unix.ENOENT):
		m := message(missingHere(h.Path))
		if flag := try(s, h.For); flag != "" {
			m.Hint = flag + " skips a missing source"
		} else if makes(s, h.For) {
			m.Hint = "mkdir " + say.Words([]string{h.Path}) + " makes it: box makes no directory of the host"
		}
		return m
	// A source is looked for with the user's rights.
	case errors.Is(h.Err, unix.EACCES):
		m := message(h.Path + " can't be reached here: permission denied")
		switch dir, mount := closedDir(h.Path), kernel.FUSE(h.Path); {
		case mount != "":
			m.Cause = mount + " is a FUSE file system that lets nobody in but who has mounted it"
			m.Hint = "mount it with allow_other, which /etc/fuse.conf has to allow"
		case dir != "":
			m.Cause = dir + " may not be searched"
		}
		return m
	case errors.Is(h.Err, unix.ELOOP):
		return message(h.Path + " is a link that leads in a circle here")
	}
	return message(h.Path + ": " + Reason(h.Err))
}

// try returns the -try form of the flag that ref came from, if there is one. It
// is "" for what is no bind, and for what box has added by itself. Of a -try
// flag no source is ever missing.
func try(s *spec.Spec, ref spec.Ref) string {
	e := s.Entry(ref)
	if e == nil || e.Kind != spec.Bind || len(e.Origin.Words) < 3 { // -B and -W have none
		return ""
	}
	return e.Origin.Words[0] + "-try"
}

// makes reports whether ref came from -v: docker makes what is missing.
func makes(s *spec.Spec, ref spec.Ref) bool {
	e := s.Entry(ref)
	return e != nil && len(e.Origin.Words) > 1 && (e.Origin.Words[0] == "-v" || e.Origin.Words[0] == "--volume")
}

// missingHere says what of a path is missing on the host: it, or what a link
// leads to. The difference matters to who reads it: a link that dangles looks
// as if it were there.
func missingHere(name string) string {
	if target, err := os.Readlink(name); err == nil {
		return fmt.Sprintf("%s is a link to %s, which does not exist here", name, target)
	}
	return name + " does not exist here"
}

// closedDir returns the first directory on the way to name that may not be
// searched, or "". Who can stat a directory can search all above it. So the
// first one from the end that can be seen is the one that can't be searched.
func closedDir(name string) string {
	for dir := path.Dir(path.Clean(name)); ; dir = path.Dir(dir) {
		var st unix.Stat_t
		if unix.Stat(dir, &st) == nil {
			return dir
		}
		if dir == "/" || dir == "." {
			return ""
		}
	}
}
