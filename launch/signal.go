package launch

import (
	"unsafe"

	"box/internal/early"
	"box/internal/host"

	"golang.org/x/sys/unix"
)

// forward says who gets a signal that the monitor gets. Those that a terminal sends go to the command's process
// group, as the terminal would; the others to the command alone.
var forward = [32]struct{ sent, toGroup bool }{
	unix.SIGINT:   {true, true},
	unix.SIGQUIT:  {true, true},
	unix.SIGTSTP:  {true, true},
	unix.SIGHUP:   {true, true},
	unix.SIGWINCH: {true, true},
	unix.SIGCONT:  {true, true},
	unix.SIGTERM:  {true, false},
	unix.SIGUSR1:  {true, false},
	unix.SIGUSR2:  {true, false},
}

// deadly are the other signals that end a process by default and that can be sent from outside: they end the monitor,
// but in order, so that the terminal is restored.
var deadly = [...]unix.Signal{
	unix.SIGALRM, unix.SIGABRT, unix.SIGVTALRM, unix.SIGPROF, unix.SIGXCPU, unix.SIGXFSZ, unix.SIGIO, unix.SIGPWR,
	unix.SIGSTKFLT,
}

// Signals is the set of signals that a monitor passes on or that end it, bit 0 being signal 1: see Start.
func Signals() uint64 {
	var set uint64
	for n, f := range forward {
		if f.sent {
			set |= bit(unix.Signal(n))
		}
	}
	for _, s := range deadly {
		set |= bit(s)
	}
	return set
}

// bit returns the place of a signal in a set, as the kernel has it.
func bit(s unix.Signal) uint64 { return 1 << (uint(s) - 1) }

// nextSignal returns a signal that has arrived, or 0.
func (b *Sandbox) nextSignal() unix.Signal {
	s, asked := ReadSignal(b.signal)
	if asked {
		b.asked()
	}
	return s
}

// ReadSignal returns a signal that has arrived at a descriptor of inherited.Catch, or 0. asked reports whether another process of
// box's has sent one to ask for something: see asked.
func ReadSignal(fd int) (s unix.Signal, asked bool) {
	var info unix.SignalfdSiginfo
	data := unsafe.Slice((*byte)(unsafe.Pointer(&info)), unsafe.Sizeof(info))
	want := 1
	if early.Running() {
		want = len(data) // it is a signalfd
	}
	if n, errno := host.Read(fd, data[:want]); errno != 0 || n != want {
		return 0, false
	}
	number := data[0]
	if number&host.Asked != 0 || host.Asks(&info) {
		return 0, true
	}
	return unix.Signal(number), false
}

// asked does what another process of box's has asked for: it does not find the companion. The command gets nothing of such a
// signal.
func (b *Sandbox) asked() {
	if b.with != nil {
		b.with.Missed()
	}
}

// take does what an arriving signal is for; 0 means no signal.
func (b *Sandbox) take(s unix.Signal) {
	if s != 0 && !b.ended && !b.pass(s) {
		b.finish(Status{Signal: s})
	}
}

// pass gives a signal to the sandbox. It returns false for one that ends the monitor.
func (b *Sandbox) pass(s unix.Signal) bool {
	switch {
	case b.names.tells(s):
		b.names.stirred = true
		return true
	case b.spec.Life.Ignored&bit(s) != 0:
		return true // the caller ignores it, so box does
	// The command has stopped already; this one is what stopTerminal has sent to the caller's job.
	case s == unix.SIGTSTP && b.own:
		b.own = false
		return true
	case !forward[s].sent:
		return false
	// Nobody would take it, so it ends the monitor, and the sandbox with it.
	case ends[s] && b.deaf():
		return false
	case b.tty != nil && b.passTerminal(s):
		return true
	}
	b.Signal(s)
	return true
}

// passTerminal does what a signal means for the terminal. It returns true if that is all.
//
//go:noinline
func (b *Sandbox) passTerminal(s unix.Signal) bool {
	early.Ordinary()
	switch {
	case !b.tty.lives():
		return false
	case s == unix.SIGWINCH:
		b.tty.resize()
		return b.tty.front // the kernel tells whoever has the sandbox's terminal
	case s == unix.SIGCONT:
		b.resume()
		return true
	}
	return false
}

// ends are the forwarded signals that ask for an end.
var ends = [32]bool{unix.SIGINT: true, unix.SIGTERM: true, unix.SIGHUP: true, unix.SIGQUIT: true}

// patience is how long pid 1 may leave a signal lying before another one ends the sandbox.
const patience = 1e9 // nanoseconds

// deaf reports whether pid 1 has left what was sent to it lying for too long: it hangs in the set-up.
func (b *Sandbox) deaf() bool {
	if b.executed {
		return false
	}
	b.count()
	return b.unread > 0 && host.Clock()-b.since > patience
}

// count looks at how much of what was sent to pid 1 lies there unread. If nothing does, or pid 1 has taken some of it, then
// patience begins anew.
func (b *Sandbox) count() {
	unread := host.Unsent(b.conn)
	if unread == 0 || unread < b.unread {
		b.since = host.Clock()
	}
	b.unread = unread
}

// Signal sends a signal to the command: to its process group if it is one of those that terminals send.
func (b *Sandbox) Signal(s unix.Signal) {
	to := uint32(toLeader)
	if forward[s].toGroup {
		to = toGroup
	}
	b.order(to, s)
}
