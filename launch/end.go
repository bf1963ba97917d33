package launch

import (
	"box/internal/host"

	"golang.org/x/sys/unix"
)

// end ends the sandbox: nothing of it runs after this.
func (b *Sandbox) end() {
	b.endPID1()
	if b.leavesSome() {
		b.killLeft()
	}
}

// endPID1 ends pid 1, and what that ends, and waits for it.
func (b *Sandbox) endPID1() {
	if b.gone {
		return
	}
	if b.building() {
		b.letBuild()
	}
	if b.spec.OwnsPID() || b.spec.Life.Direct || b.spec.Life.LeaveDescendants || b.spec.Guarded() {
		b.kill()
	} else {
		host.Shutdown(b.conn) // pid 1 has descendants to kill
		b.attend()
	}
	for {
		// A pid 1 that is a namespace's ends only when all processes in it have ended, so nothing of the sandbox runs
		// after this.
		if _, errno := host.Wait(b.pid, nil, unix.WALL); errno != unix.EINTR {
			return
		}
	}
}

// attend waits for a pid 1 that kills its descendants. If that takes longer than patience, a signal that asks for an end
// kills pid 1.
func (b *Sandbox) attend() {
	process, errno := b.process, unix.Errno(0)
	if process < 0 {
		process, errno = host.OpenProcess(b.pid)
	}
	if errno != 0 {
		return
	}
	set := [...]unix.PollFd{
		{Fd: int32(process), Events: unix.POLLIN},
		{Fd: int32(b.signal), Events: unix.POLLIN},
	}
	for began := host.Clock(); set[0].Revents == 0; {
		if errno := host.Poll(set[:]); errno != 0 && errno != unix.EINTR {
			break
		}
		if set[1].Revents == 0 {
			continue
		}
		if s := b.nextSignal(); ends[s] && b.spec.Life.Ignored&bit(s) == 0 && host.Clock()-began > patience {
			b.kill()
			b.left = true
			break
		}
	}
	if process != b.process {
		host.Close(process)
	}
}
