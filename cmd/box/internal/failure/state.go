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

// explainState is for a mount point that can't be noted, and so is not made.
func explainState(m *say.Message, f *launch.Failure, s *spec.Spec, words string) {
	e, dir := s.Entry(f.Call.For), s.Mounts.State
	const format = "%s: %s would have to be made on the host, and box can't note that: %s"
	m.Headline = fmt.Sprintf(format, words, e.Dest, Reason(f.Errno))
	m.Hint = fmt.Sprintf("make %s yourself where it is on the host", e.Dest)
	if dir == "" {
		m.Cause = "there is no place for notes: neither XDG_STATE_HOME nor HOME is an absolute path"
		return
	}
	m.Cause = stateTrouble(dir)
	if m.Cause == "" {
		m.Cause = stateTrouble(filepath.Join(dir, launch.RecordDir))
	}
	if m.Cause == "" {
		m.Cause = "the notes are in " + dir
	}
}

// stateTrouble says what is wrong with the state directory, or a part of it, or "".
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

// explainLostMask is for a mount that somebody has taken away while the command ran.
func explainLostMask(m *say.Message, lost *launch.LostMaskError, s *spec.Spec) {
	words, dest := wish(s, lost.For), ""
	if e := s.Entry(lost.For); e != nil {
		dest = e.Dest
		if e.Origin.Words == nil {
			words = e.Kind.String() + " " + dest
		}
	}
	m.Headline = fmt.Sprintf("%s: the mount is lost, and the sandbox was ended", words)
	m.Cause = fmt.Sprintf("somebody outside has replaced or removed %s: the command could have had what is there now", dest)
	m.Status = say.StatusKilled
}
