package failure

import (
	"fmt"
	"os"
	"path/filepath"

	"box/cmd/box/internal/say"
	"box/launch"
	"box/spec"

	"golang.org/x/sys/unix"
)

// unnoted is for a mount point that can't be noted, and so is not made. A mount
// point that nobody has noted would stay on the host if box were killed, and so
// it is refused.
func unnoted(t *told) *say.Message {
	m := t.message("{words}: {dest} would have to be made on the host, and box can't note that: {reason}")
	m.Hint = t.fill("make {dest} yourself where it is on the host")
	m.Cause = notesTrouble(t.s.Mounts.State)
	return m
}

// notesTrouble says what is wrong with the directory of the notes, or where it
// is. The directory of the notes lies in the state directory, and both are
// checked in this order.
func notesTrouble(dir string) string {
	if dir == "" {
		return "there is no place for notes: neither XDG_STATE_HOME nor HOME is an absolute path"
	}
	for _, dir := range [...]string{dir, filepath.Join(dir, launch.RecordDir)} {
		if trouble := stateTrouble(dir); trouble != "" {
			return trouble
		}
	}
	return "the notes are in " + dir
}

// stateTrouble says what is wrong with the state directory, or a part of it, or
// "". The checks are those by which package launch refuses it: others could
// write notes there, by which box removes mount points. One that is missing is
// made, and is no trouble.
func stateTrouble(dir string) string {
	var st unix.Stat_t
	if unix.Lstat(dir, &st) != nil {
		return ""
	}
	switch {
	case st.Mode&unix.S_IFMT == unix.S_IFLNK:
		return dir + " is a link"
	case st.Mode&unix.S_IFMT != unix.S_IFDIR:
		return dir + " is not a directory"
	case int(st.Uid) != os.Getuid():
		return dir + " belongs to somebody else"
	case st.Mode&0o077 != 0:
		return fmt.Sprintf("others may enter %s: its mode is %04o, and must be 0700", dir, st.Mode&0o7777)
	}
	return ""
}

// explainUnwatched is for --require guard.
func explainUnwatched(u *launch.UnwatchedError, s *spec.Spec) *say.Message {
	m := &say.Message{
		Headline: fmt.Sprintf("%s: what appears in %s can't be watched for: %s", s.Project.Required, s.Project.Top, u.Errno),
		Status:   say.StatusBox,
	}
	switch u.Errno {
	case unix.EMFILE:
		m.Cause = "the user's inotify instances are used up, or the process's descriptors"
		m.Hint = "end other programs that watch files, or raise fs.inotify.max_user_instances"
	case unix.ENOSPC:
		m.Cause = "the user's inotify watches are used up"
		m.Hint = "end other programs that watch files, or raise fs.inotify.max_user_watches"
	}
	return m
}

// explainLostMask is for a mount that somebody has taken away while the command
// ran. The sandbox is ended and the mount not made again: the name is somebody
// else's file by now, and the command may have it open.
func explainLostMask(lost *launch.LostMaskError, s *spec.Spec) *say.Message {
	dest := ""
	if e := s.Entry(lost.For); e != nil {
		dest = e.Dest
	}
	return &say.Message{
		Headline: wish(s, lost.For) + ": the mount is lost, and the sandbox was ended",
		Cause:    fmt.Sprintf("somebody outside has replaced or removed %s: the command could have had what is there now", dest),
		Status:   say.StatusKilled,
	}
}
