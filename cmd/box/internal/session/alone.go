package session

import (
	"box/cmd/box/internal/inputs"
	"box/cmd/box/internal/say"
	"box/internal/early"
	"box/internal/host"
	"box/internal/inherited"
	"box/launch"
	"box/register"
	"box/shim"

	"golang.org/x/sys/unix"
)

// Depart makes the copy of the process that a box without --detach does not
// need. gone is true in the process that the user has started: by then the box
// has been started, or the copy has said why it could not be, and status is how
// to end. In the copy it is false.
//
// The copy is made before anything is looked at: the line is read to its end in
// each of the two.
func (s *Session) Depart() (gone bool, status launch.Status, err error) {
	if s.Alone.Is {
		host.Standard()
		host.SetName("box") // it may be "exe", by what was executed
		name := s.Shim.Name
		s.Shim.Handover = s.Alone.Handover
		s.Shim.Name = name
		return false, launch.Status{}, nil
	}
	if !early.Running() {
		return s.departAnew()
	}
	pair, errno := host.SocketPair()
	if errno != 0 {
		early.Ordinary() // it says why
	}
	pid, errno := host.Fork()
	if errno != 0 {
		host.Close(int(pair[0]))
		host.Close(int(pair[1]))
		early.Ordinary()
	}
	if pid == 0 {
		host.Close(int(pair[0]))
		s.Alone = Alone{Is: true, Handover: shim.Nothing}
		s.Alone.Report = int(pair[1])
		return s.Depart()
	}
	early.Commit() // what the copy does is not to be done twice
	host.Close(int(pair[1]))
	return true, await(int(pair[0]), pid), nil
}

// departAnew is Depart in a process with a Go runtime, which can't be copied:
// box is executed once more, with the same arguments.
//
//go:noinline
func (s *Session) departAnew() (gone bool, status launch.Status, err error) {
	early.Ordinary()
	inputs.PutBack()
	inherited.Restore()
	pid, report, err := shim.Anew(inherited.Args(), inherited.Environ(), -1, "")
	if err != nil {
		return false, launch.Status{}, err
	}
	return true, await(report, pid), nil
}

// await waits for the start of a box, see shim.Await.
func await(report, pid int) launch.Status {
	status := shim.Await(report, pid, printNumber)
	if status.Signal == unix.SIGKILL {
		say.Line(false, true, shim.Killed)
	}
	return status
}

// printNumber writes the number of a box that has started to standard output.
func printNumber(id string) {
	host.WriteAll(1, id)
	host.WriteAll(1, "\n")
}

// Enroll makes the directory of a box with a name, or takes the one that is
// there already.
func (s *Session) Enroll(p register.Places, d *register.Definition) error {
	early.Spare(spare)
	if s.Shim.On() {
		s.Shim.Abandon() // by a run that has gone the ordinary way since
	}
	var title [2]uintptr
	title[0], title[1] = inherited.Words()
	return s.Shim.Prepare(p, d, title)
}

// spare is enough memory for what a monitor says while a sandbox runs, in
// bytes.
const spare = 8 << 10

// giveBack takes back what this process has changed that the next program in it
// would take for its caller's.
func (s *Session) giveBack() {
	if !early.Running() {
		inherited.Restore()
	}
	host.DefaultAction(unix.SIGCHLD)
	host.SetMask(s.Spec.Life.Blocked)
	host.LimitFiles(s.Spec.Limits.Files, s.Spec.Limits.FilesMax)
}
