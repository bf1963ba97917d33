package launch

import (
	"box/internal/early"
	"box/internal/host"
	"box/spec"

	"golang.org/x/sys/unix"
)

// In a pid namespace of somebody else's nothing ends with pid 1 but what descends from it: pid 1 itself may have been killed, by
// the command or by others in that namespace, and what has entered the sandbox later is no child of it. All of them are in the
// command's user namespace, which they can't leave, and which is nobody else's. So the monitor looks for them there.
//
// A process shows its namespaces to who owns them, see ptrace(2), PTRACE_MODE_READ. One that runs a file which its user may not
// read, and which belongs to none of the user's own ids, shows nothing, and is not found.

// leavesSome reports whether the sandbox may have left such processes.
func (b *Sandbox) leavesSome() bool { return b.user >= 0 && looksForLeft(b.spec) }

// looksForLeft reports whether the monitor of s looks for them: then it needs the sandbox's namespaces.
func looksForLeft(s *spec.Spec) bool {
	return !s.Life.LeaveDescendants && s.Join.Of.Has(spec.PID)
}

// killLeft kills what is left, until there is nothing, or patience is at its end.
func (b *Sandbox) killLeft() {
	space, errno := host.Look(b.user, "")
	own, errno2 := host.LookFor(host.Here, "/proc/self/ns/user")
	if errno != 0 || errno2 != 0 || space.Same(own) {
		return
	}
	const limit = 5e9
	for end := host.Clock() + limit; ; {
		last := -1
		if !b.killIn(space, &last) {
			return
		}
		host.PendingWithin(last, unix.POLLIN, 1e8)
		host.Close(last)
		if host.Clock() > end {
			b.left = true
			return
		}
	}
}

// killIn kills all processes of a user namespace. It reports whether there was one; last is a pidfd of the last one then.
func (b *Sandbox) killIn(space host.File, last *int) (some bool) {
	proc, errno := host.OpenDir("/proc")
	if errno != 0 {
		return false
	}
	var pids [256]int
	for n := proc.Numbers(pids[:]); n > 0; n = proc.Numbers(pids[:]) {
		for _, pid := range pids[:n] {
			process := open(pid, space)
			if process < 0 {
				continue
			}
			host.KillProcess(process, unix.SIGKILL)
			if some {
				host.Close(*last)
			}
			some, *last = true, process
		}
	}
	proc.Close()
	return some
}

// open returns a pidfd of a process that runs in a user namespace, or -1 for any other.
func open(pid int, space host.File) int {
	if !isIn(pid, space) {
		return -1
	}
	process, errno := host.OpenProcess(pid)
	if errno != 0 {
		return -1
	}
	if host.Pending(process, unix.POLLIN) || !isIn(pid, space) { // it has ended, and the number may be another's
		host.Close(process)
		return -1
	}
	return process
}

// isIn reports whether a process is in a user namespace.
func isIn(pid int, space host.File) bool {
	var path early.Text
	path.Add("/proc/")
	path.AddNumber(uint64(pid))
	path.Add("/ns/user")
	is, errno := host.LookFor(host.Here, path.String())
	return errno == 0 && is.Same(space)
}
