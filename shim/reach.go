package shim

import (
	"time"

	"box/internal/early"
	"box/internal/host"
	"box/register"

	"golang.org/x/sys/unix"
)

// reach connects to the socket of a box that is not where this process's own environment says: its monitor has noted another place,
// or the directory was removed when the user logged out. Then the monitor is asked to make it anew.
func reach(r *register.Register, b *register.Box) (fd int, errno unix.Errno) {
	early.Ordinary()
	const every = 100 * time.Millisecond // it may be about to start, or to end
	for now := time.Now(); ; {
		if process, ok := monitor(b); ok {
			host.AskProcess(process, unix.SIGUSR1)
			host.Close(process)
		}
		for next := time.Now().Add(every); time.Now().Before(next); time.Sleep(2 * time.Millisecond) {
			if fd, errno = connect(r, b); !absent(errno) || !b.Held() {
				return fd, errno
			}
		}
		if time.Since(now) > Slow {
			return -1, unix.EAGAIN // it does not answer
		}
	}
}

// absent reports whether an errno of connect(2) says that nobody listens.
func absent(errno unix.Errno) bool { return errno == unix.ENOENT || errno == unix.ECONNREFUSED }

// connect connects to the socket of a box: where its monitor has noted that it is, if it has.
func connect(r *register.Register, b *register.Box) (fd int, errno unix.Errno) {
	dir := r.RuntimeOf(b)
	if dir < 0 {
		return -1, unix.ENOENT
	}
	fd, errno = host.Connect(dir, b.ID()+".sock")
	if dir != r.Runtime() {
		host.Close(dir)
	}
	return fd, errno
}

// monitor opens the process that is the monitor of a box that is up. It is known by its number and by when it began.
func monitor(b *register.Box) (process int, ok bool) {
	live := b.Live()
	pid := live.Number("shim")
	if pid <= 1 || live.Value("boot") != register.BootID() {
		return -1, false
	}
	process, errno := host.OpenProcess(pid)
	if errno != 0 {
		return -1, false
	}
	if began := register.StartTime(pid); began == "" || began != live.Value("shim_start") || !b.Held() {
		host.Close(process)
		return -1, false
	}
	return process, true
}
