package register

import (
	"box/internal/early"
	"box/internal/host"

	"golang.org/x/sys/unix"
)

// running is the file in which each unnamed run in the foreground locks the byte of its process id. It stays empty.
const running = "running"

// NoteRun shows other processes of the user that this one is a run in the foreground, for as long as it lives, if RUNTIME is the
// user's own. The file must not be opened once more by the process: its close would end the lock.
func NoteRun(p Places) {
	if p.Runtime == "" {
		return
	}
	var name early.Text
	name.Add(p.Runtime)
	name.Add("/")
	name.Add(running)
	fd, errno := host.CreateAt(host.Here, name.String(), unix.O_RDWR|unix.O_NOFOLLOW, 0)
	if errno == unix.ENOENT {
		fd = makeRunning(p)
	} else if errno != 0 {
		return
	}
	if fd < 0 {
		return
	}
	f, errno := host.Look(fd, "")
	if errno != 0 || int(f.UID) != unix.Getuid() {
		host.Close(fd)
		return
	}
	host.LockByte(fd, int64(host.PID()))
}

// makeRunning makes the file, or returns -1.
//
//go:noinline
func makeRunning(p Places) int {
	dir, errno := own(p.Runtime)
	if errno != 0 {
		return -1
	}
	fd, errno := host.CreateAt(dir, running, unix.O_RDWR|unix.O_NOFOLLOW|unix.O_CREAT, 0o600)
	host.Close(dir)
	if errno != 0 {
		return -1
	}
	return fd
}

// pidMax is above all process ids, see proc_sys_kernel(5), pid_max.
const pidMax = 1 << 22

// Running returns the process ids of the unnamed runs in the foreground, ascending. Nobody is listed whose process has ended.
func (r *Register) Running() []int {
	early.Ordinary()
	fd, errno := host.CreateAt(r.runtime, running, unix.O_RDWR|unix.O_NOFOLLOW, 0)
	if errno != 0 {
		return nil
	}
	defer host.Close(fd)
	return locked(fd, 1, pidMax+1, nil)
}

// locked adds the processes that have locks from at on. The kernel answers with any of these, so both sides of that are looked
// through.
func locked(fd int, at, end int64, list []int) []int {
	if at >= end {
		return list
	}
	pid, where, errno := host.LockedByte(fd, at, end)
	if pid == 0 || errno != 0 || where < at || where >= end {
		return list
	}
	list = locked(fd, at, where, list)
	return locked(fd, where+1, end, append(list, int(where)))
}
