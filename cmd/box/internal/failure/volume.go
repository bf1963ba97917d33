package failure

import (
	"errors"

	"box/cmd/box/internal/say"
	"box/internal/early"
	"box/register"

	"golang.org/x/sys/unix"
)

// volumeCauses say what an errno means of the directories that volumes lie in.
var volumeCauses = []struct {
	errno unix.Errno
	cause string
}{
	{unix.ENOLCK, noLocks + "; " + otherData},
	{unix.EOPNOTSUPP, noLocks + "; " + otherData},
	{unix.ENOSYS, noLocks + "; " + otherData},
	{unix.EACCES, "it must be the user's own, and closed to others (mode 700)"},
	{unix.ENOTDIR, "it is not a directory; a link is not one here"},
	{unix.ELOOP, "a link is not a directory here"},
	{unix.EROFS, "the file system is read-only; " + otherData},
	{unix.EEXIST, "something else is there"},
	{unix.EBUSY, "somebody holds a lock on it"},
}

const otherData = "XDG_DATA_HOME can name a directory on another one"

// Volume returns the message for a volume that can't be used, or made.
func Volume(name string, err error) *say.Message {
	early.Ordinary()
	m := say.Usagef("volume %s: %v", say.Words([]string{name}), err)
	if errors.Is(err, register.ErrNoVolume) {
		m = say.Usagef("there is no volume %s", say.Words([]string{name})).Hintf("box volume ls lists them")
	}
	if problem := (*register.Error)(nil); errors.As(err, &problem) {
		m.Headline = "volume " + say.Words([]string{name}) + ": " + problem.Do + " " + problem.Path + ": " + problem.Errno.Error()
	}
	for _, c := range volumeCauses {
		if errors.Is(err, c.errno) {
			m.Cause = c.cause
		}
	}
	return m
}
