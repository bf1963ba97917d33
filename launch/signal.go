package launch

import "golang.org/x/sys/unix"

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

func bit(s unix.Signal) uint64 { return 1 << (uint(s) - 1) }

// nextSignal returns a signal that has arrived, or 0.
func (b *Sandbox) nextSignal() unix.Signal {
	var number [1]byte
	if n, err := unix.Read(b.signal, number[:]); err != nil || n != 1 {
		return 0
	}
	return unix.Signal(number[0])
}
