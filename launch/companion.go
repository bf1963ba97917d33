package launch

import (
	"box/internal/host"
	"box/plan"
	"box/spec"

	"golang.org/x/sys/unix"
)

// Companion is what lives beside a sandbox in its monitor: the shim of a box with a name. Its methods may run before the Go
// runtime, if the sandbox was started there.
type Companion interface {
	Descriptor() int                // what is readable when Took has something to do
	Took(b *Sandbox)                // does it
	Spaces(s *Spaces)               // takes the namespaces over
	Terminal(master int) bool       // takes the master of the sandbox's terminal over, or leaves it to the caller's terminal
	Started(pid, command int)       // the command has been executed: process ids of pid 1 and of the command, as seen here
	Missed()                        // clients look for it, and do not find it
	Halted(signal unix.Signal) bool // the command has been stopped: it stays so, or the monitor stops, too
}

// Spaces are descriptors of a sandbox's namespaces, in the order of plan.SpaceKinds.
type Spaces [len(plan.SpaceKinds)]int

// Join lets c live beside the sandbox. It must be said before Wait.
func (b *Sandbox) Join(c Companion) { b.with = c }

// Kill ends the sandbox, as SIGKILL from outside does.
func (b *Sandbox) Kill() { b.finish(Status{Signal: unix.SIGKILL}) }

// Has reports whether the command has been executed.
func (b *Sandbox) Has() bool { return b.had>>plan.Started&1 != 0 }

// companion returns what to wait for beside the sandbox.
func (b *Sandbox) companion() (fd int, events int16) {
	if b.with == nil {
		return -1, 0
	}
	return b.with.Descriptor(), unix.POLLIN
}

// runs notes the process of the command. pid is 0 where the kernel can't say it.
func (b *Sandbox) runs(pid int) { b.command = pid }

// started tells the companion that the command has been executed.
func (b *Sandbox) started() {
	b.had |= 1 << plan.Started
	if b.spec.Life.Depart {
		b.finish(Status{})
	}
	if b.with != nil {
		b.with.Started(b.pid, b.command)
	}
}

// takeSpaces hands the namespaces to the companion.
func (b *Sandbox) takeSpaces(c *host.Control) {
	if looksForLeft(b.spec) {
		b.user, _ = host.Fcntl(c.Descriptor(0), unix.F_DUPFD_CLOEXEC, 3)
	}
	if b.with == nil {
		c.Close()
		return
	}
	for i := range b.spaces {
		b.spaces[i] = c.Descriptor(i)
	}
	for i := len(b.spaces); i < c.Count; i++ {
		host.Close(c.Descriptor(i))
	}
	b.with.Spaces(&b.spaces)
}

// handOut sends the namespaces of pid 1 to the monitor, when all are as they stay: others enter them later, see setns(2).
func handOut(b *plan.Builder, s *spec.Spec) {
	if !s.Life.Named && !looksForLeft(s) {
		return
	}
	var open [len(plan.SpaceKinds)]plan.Reg
	for i, kind := range plan.SpaceKinds {
		open[i] = b.Openat(plan.WhyMonitor, plan.Proc, b.Join("self/ns", kind), unix.O_RDONLY, 0)
	}
	b.SendSpaces(&open)
	for _, r := range open {
		b.Close(r)
	}
}
