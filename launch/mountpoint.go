package launch

import (
	"fmt"
	"path/filepath"

	"box/plan"

	"golang.org/x/sys/unix"
)

// mountPoint is a directory or an empty file that had to be made on the host, through a writable bind, so that
// something could be mounted there. See claim.go.
type mountPoint struct {
	dir  int // an O_PATH descriptor of the directory that it was made in
	lock int // it is open here, with a shared lock
	call *plan.Call

	shares bool // dir is that of the one before, who closes it
}

// isIn reports whether it is in the same directory as another one, of which dir is a descriptor.
func (p mountPoint) isIn(dir int) bool {
	var a, b unix.Stat_t
	return unix.Fstat(dir, &a) == nil && unix.Fstat(p.dir, &b) == nil && a.Dev == b.Dev && a.Ino == b.Ino
}

// remove removes it again, by the descriptor of its directory, if it is still as it was made, and nobody else's
// sandbox has it: who asks last removes it.
// By its path it could be another directory by now: who may write above it can exchange the two with renameat2(2).
func (p mountPoint) remove(state string) {
	defer p.close()
	if p.dir < 0 || p.lock < 0 || unix.Flock(p.lock, unix.LOCK_EX|unix.LOCK_NB) != nil {
		return
	}
	name := p.call.Path()
	var named, opened unix.Stat_t
	if unix.Fstatat(p.dir, name, &named, unix.AT_SYMLINK_NOFOLLOW) != nil || unix.Fstat(p.lock, &opened) != nil ||
		named.Ino != opened.Ino || named.Dev != opened.Dev {
		return // somebody has put something else in its place
	}
	switch p.forget(state, name); {
	case named.Mode&unix.S_IFMT == unix.S_IFDIR:
		if named.Mode&unix.S_ISVTX != 0 && unix.Unlinkat(p.dir, name, unix.AT_REMOVEDIR) != nil {
			p.giveAway(named.Mode)
		}
	case named.Mode&0o7777 == 0 && named.Size == 0:
		_ = unix.Unlinkat(p.dir, name, 0)
	}
}

// close closes what is open of it.
func (p mountPoint) close() {
	if p.dir >= 0 && !p.shares {
		_ = unix.Close(p.dir)
	}
	if p.lock >= 0 {
		_ = unix.Close(p.lock)
	}
}

// forget removes the record, before what it is of: nobody else looks for it as long as the lock is held.
func (p mountPoint) forget(state, name string) {
	var dir unix.Stat_t
	const flags = unix.O_PATH | unix.O_DIRECTORY | unix.O_NOFOLLOW | unix.O_CLOEXEC
	records, err := unix.Open(filepath.Join(state, RecordDir), flags, 0)
	if err != nil {
		return
	}
	if unix.Fstat(p.dir, &dir) == nil {
		_ = unix.Unlinkat(records, fmt.Sprintf("%d-%s", dir.Ino, name), 0)
	}
	_ = unix.Close(records)
}

// giveAway makes an ordinary directory of a mount point in which somebody has put something.
func (p mountPoint) giveAway(mode uint32) {
	const usual = 0o755
	if mode &= 0o777; mode == 0 {
		mode = usual
	}
	_ = unix.Fchmod(p.lock, mode)
}
