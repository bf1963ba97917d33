package launch

import "golang.org/x/sys/unix"

// Status is how the command ended.
type Status struct {
	Code   int         // its exit status, if no signal ended it
	Signal unix.Signal // the signal that ended it, or 0
	Typed  bool        // a key that box has passed on asked for that signal: the rest of the caller's job has not got it
	Left   bool        // some of its processes may be left: the user didn't wait until all were killed
}

// Exit returns the status as a shell has it: the command's own, or 128 + the number of the signal.
func (s Status) Exit() int {
	if s.Signal != 0 {
		return 128 + int(s.Signal)
	}
	return s.Code
}

// statusOf returns what a wait status says, see wait(2). It must be that of a process that has ended.
func statusOf(w unix.WaitStatus) Status {
	if w.Signaled() {
		return Status{Signal: w.Signal()}
	}
	return Status{Code: w.ExitStatus()}
}
