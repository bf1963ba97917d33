package launch

import (
	"box/internal/host"
	"box/spec"

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

// foreign reports whether pid 1 lives in a pid namespace that somebody else's pid 1 ends, see disown.
func foreign(s *spec.Spec) bool {
	return s.InOthers() && !s.Life.Direct
}

// disown leaves no zombies in a pid namespace of others, not even while this process is stopped: the namespace's pid 1 waits
// for all processes in it when it ends, and could not end, see zap_pid_ns_processes() in the kernel's kernel/pid_namespace.c.
// The kernel takes away the children of a process that ignores SIGCHLD, see wait(2). Their process ids may be others' then,
// so pid 1 has a descriptor from now on. A command in the place of pid 1 stays a zombie: only wait(2) tells how it ended.
func (b *Sandbox) disown() {
	if !foreign(b.spec) {
		return
	}
	process, errno := host.OpenProcess(b.pid)
	if errno != 0 {
		b.gone = true
		return
	}
	b.process = process
	if b.spec.Join.Box {
		// It is not this process's child. As long as it lives it has the other end of the socket: if that is open now, the
		// descriptor is of it.
		b.gone = host.Pending(b.conn, 0)
		return
	}
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
	if foreign(b.spec) { // it has not told that it is there, and the number may be another's by now: what it tells next fails
		host.Shutdown(b.conn)
		return
	}
	host.Kill(b.pid, unix.SIGKILL)
}
