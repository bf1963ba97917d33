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
	errno unix.Errno
	cause string
}{
	{unix.ENOLCK, "the file system has no locks; XDG_STATE_HOME can name a directory on another one"},
	{unix.EACCES, "it must be the user's own, and closed to others (mode 700)"},
	{unix.ENOTDIR, "it is not a directory; a link to one does not count"},
	{unix.EROFS, "the file system is read-only; XDG_STATE_HOME can name a directory on another one"},
	{unix.EEXIST, "something else is there"},
}

// Register returns the message for a box that could not be entered in the register, or found there.
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
		m = say.Usagef("the box %s can't be kept: %s: %s", name, say.Visible(problem.Do+" "+problem.Path), problem.Errno)
		for _, h := range registerHints {
			if h.errno == problem.Errno {
				m.Cause = h.cause
			}
		}
		return m
	case errors.Is(err, unix.EMFILE):
		return say.Usagef("the box %s can't be started: %s", name, strings.TrimSpace(err.Error()))
	}
	return say.Usagef("the box %s can't be started: %v", name, err)
}
