package launch

import (
	"box/plan"

	"golang.org/x/sys/unix"
)

// mountPoint is a directory or an empty file that had to be made on the host, through a writable bind, so that
// something could be mounted there.
type mountPoint struct {
	dir  int // an O_PATH descriptor of the directory that it was made in
	call *plan.Call
}

// remove removes it again, by the descriptor of its directory, if it is still as it was made: empty.
func (p mountPoint) remove() {
	if p.dir < 0 {
		return
	}
	defer unix.Close(p.dir)
	name := p.call.Path()
	if p.call.Nr == unix.SYS_MKDIRAT {
		_ = unix.Unlinkat(p.dir, name, unix.AT_REMOVEDIR)
		return
	}
	var st unix.Stat_t
	err := unix.Fstatat(p.dir, name, &st, unix.AT_SYMLINK_NOFOLLOW)
	if err == nil && st.Mode&unix.S_IFMT == unix.S_IFREG && st.Size == 0 {
		_ = unix.Unlinkat(p.dir, name, 0)
	}
}
