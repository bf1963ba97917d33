package launch

import (
	"box/internal/host"

	"golang.org/x/sys/unix"
)

// move takes the sender of a record for pid 1: what was cloned first has made it in other namespaces, and has ended.
func (b *Sandbox) move(sender int) {
	_, _ = host.Wait(b.pid, nil, unix.WALL)
	b.pid = sender
	if !b.waiting {
		b.disown()
	}
}

// disown leaves no zombies in a pid namespace of others, not even while this process is stopped: the namespace's pid 1 waits
// for all processes in it when it ends, and could not end, see zap_pid_ns_processes() in the kernel's kernel/pid_namespace.c.
// The kernel takes away the children of a process that ignores SIGCHLD, see wait(2). Their process ids may be others' then,
// so pid 1 has a descriptor from now on. A command in the place of pid 1 stays a zombie: only wait(2) tells how it ended.
func (b *Sandbox) disown() {
	if !b.spec.Join.PID.Given() || b.spec.Life.Direct {
		return
	}
	process, errno := host.OpenProcess(b.pid)
	if errno != 0 {
		b.gone = true
		return
	}
	b.process = process
	host.Ignore(unix.SIGCHLD)
	for { // those that have ended before
		if pid, errno := host.Wait(-1, nil, unix.WNOHANG|unix.WALL); errno != 0 || pid == 0 {
			break
		}
	}
	if _, errno := host.Wait(b.pid, nil, unix.WNOHANG|unix.WALL); errno != 0 {
		b.gone = true // pid 1 was among them
	}
}

// kill ends pid 1, and all that is in its pid namespace.
func (b *Sandbox) kill() {
	if b.process >= 0 {
		host.KillProcess(b.process, unix.SIGKILL)
		return
	}
	host.Kill(b.pid, unix.SIGKILL)
}
