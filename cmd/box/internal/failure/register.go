package failure

import (
	"errors"
	"strings"

	"box/cmd/box/internal/say"
	"box/internal/early"
	"box/register"

	"golang.org/x/sys/unix"
)

// registerHints say what to do about an errno of the directories that box keeps.
var registerHints = []struct {
	errno       unix.Errno
	do          string // what failed; "" is whatever it was
	cause, hint string
}{
	{unix.ENOLCK, "lock", noLocks, elsewhere},
	{unix.EOPNOTSUPP, "lock", noLocks, elsewhere},
	{unix.ENOSYS, "lock", noLocks, elsewhere},
	{unix.EROFS, "", "the file system is read-only", elsewhere},
	{unix.EACCES, "", notOurs, "XDG_STATE_HOME, and XDG_RUNTIME_DIR for sockets, can name other directories"},
	{unix.ENOTDIR, "", "it is not a directory; a link to one does not count", ""},
	{unix.EEXIST, "", "something else is there", ""},
}

const (
	notOurs   = "it must be the user's own, and closed to others (mode 700)"
	noLocks   = "the file system has no locks"
	elsewhere = "XDG_STATE_HOME can name a directory on another one"
)

// Register returns the message for a box that could not be entered in the register, or found there. No name: for all boxes.
func Register(name string, err error) *say.Message {
	early.Ordinary()
	var problem *register.Error
	var m *say.Message
	switch {
	case errors.As(err, &m):
		return m
	case errors.Is(err, register.ErrTaken):
		return say.Usagef("there is a box %s already", name).
			Hintf("box remove %s, or --replace; box start %s starts it again", name, name)
	case errors.Is(err, register.ErrNone):
		return say.Usagef("there is no box %s", say.Words([]string{name})).Hintf("box ps -a lists them")
	case errors.As(err, &problem):
		return notKept(name, problem)
	case errors.Is(err, unix.EMFILE):
		return say.Usagef("the box %s can't be started: %s", name, strings.TrimSpace(err.Error()))
	}
	return say.Usagef("the box %s can't be started: %v", name, err)
}

// notKept returns the message for what could not be done with the directories.
func notKept(name string, problem *register.Error) *say.Message {
	what := "boxes"
	if name != "" {
		what = "box " + say.Words([]string{name})
	}
	m := say.Usagef("%s: %s: %s", what, say.Visible(problem.Do+" "+problem.Path), problem.Errno)
	for _, h := range registerHints {
		if h.errno == problem.Errno && (h.do == "" || h.do == problem.Do) {
			m.Cause = h.cause
			if h.hint != "" {
				m = m.Hintf("%s", h.hint)
			}
		}
	}
	return m
}
