// Package session has what one command line needs: memory, a Builder and a
// Spec, and the way from a plan to the end of its command.
//
// It is what both command lines, native and bwrap, have in common. The way is
// always Begin, Compile, Run; an early run and the ordinary one that repeats it
// for its message take the same.
package session

import (
	"box/cmd/box/internal/inputs"
	"box/cmd/box/internal/say"
	"box/cmd/box/internal/statusfd"
	"box/internal/early"
	"box/internal/host"
	"box/launch"
	"box/plan"
	"box/register"
	"box/shim"
	"box/spec"

	"golang.org/x/sys/unix"
)

// Session is one command line. There is one in a process, which must not move:
// the plan points into the Builder. Tell is a part of it, since the plan holds
// it as an act by its address.
type Session struct {
	Memory
	Builder plan.Builder
	Net     plan.Builder // of the net process, where there is one
	Tell    statusfd.Informer
	Shim    shim.Shim // of a box with a name
	Alone   Alone
	Donors  [len(spec.Joinable)]Up // boxes whose namespaces the sandbox is in
	Space   *Up                    // of these, the one whose pid namespace it is, or nil
	Version string                 // of the program
	Noted   register.Places        // where an unnamed run in the foreground is noted; nothing is noted without
}

// Alone says that the process is a copy of the one that the user has started,
// and is there for the sandbox alone. It outlasts the change to the ordinary
// way.
type Alone struct {
	Is bool
	shim.Handover
}

// Begin makes the memory empty. The caller writes the Spec. The Builder is
// emptied by launch.Compile.
func (s *Session) Begin() *spec.Spec {
	s.Used, s.Tell, s.Space = 0, statusfd.Informer{}, nil
	s.Noted = register.Places{}
	s.Shim.Options = shim.Options{Handover: shim.Nothing}
	return &s.Spec
}

// Compile writes the plan of the Spec, and the act of telling the caller about
// the sandbox. That act comes last, after those of newuidmap(1) and
// newgidmap(1).
func (s *Session) Compile() error {
	if err := launch.Compile(&s.Builder, &s.Spec); err != nil {
		return err
	}
	if s.Spec.Network.Relayed() {
		if err := launch.CompileNet(&s.Net, &s.Spec); err != nil {
			return err
		}
	}
	if s.Tell.Wanted() {
		s.Builder.Outside = early.Append(s.Builder.Outside, plan.Act(&s.Tell))
	}
	return nil
}

// NetPlan returns the plan of the net process, or nil if there is none.
func (s *Session) NetPlan() *plan.Plan {
	if !s.Spec.Network.Relayed() {
		return nil
	}
	return &s.Net.Plan
}

// Listener hears of a sandbox while it runs. Refused, if it is not nil, answers
// for refused calls; News is told what the monitor finds in the project.
type Listener struct {
	Refused func(launch.Notice) unix.Errno
	News    func(*launch.News) bool
}

// Run starts the plan and waits for the command. signals is as in launch.Start. A run that repeats an
// early one starts nothing, and returns the failure of that one. The caller's
// descriptors are let go when the sandbox has them, and before the wait. The
// exit status is told only if it is known, and before the project is looked
// at: that takes time.
func (s *Session) Run(signals int, l Listener) (launch.Status, error) {
	if inputs.Replayed() {
		return launch.Status{}, launch.Earlier(&s.Builder.Plan)
	}
	named := s.Shim.On()
	var box *launch.Sandbox
	var err error
	if named {
		err = s.redirect()
	}
	if err == nil {
		box, err = launch.Start(&s.Builder.Plan, s.NetPlan(), &s.Spec, signals)
	}
	if err != nil {
		if named {
			s.Shim.Abandon()
		}
		return launch.Status{}, err
	}
	if named {
		box.Join(&s.Shim)
		s.Shim.Restore()
		s.Shim.Box.Ready()
	} else if s.Noted.Runtime != "" {
		register.NoteRun(s.Noted)
	}
	if l.Refused != nil {
		box.OnNotice(l.Refused)
	}
	box.OnNews(l.News)
	s.Tell.Box = box
	s.Tell.Release()
	status, err := box.Wait()
	if named {
		status, err = s.finish(status, err, signals)
	}
	if err == nil {
		s.Tell.Ended(status.Exit())
	}
	box.Sweep()
	return status, err
}

// causeOf says why a sandbox was ended that could not go on safely.
func (s *Session) causeOf(err error) string {
	if err == launch.ErrPlanted { //nolint:errorlint // it is never wrapped, and errors.Is may not run early
		return "a .git has appeared in its project"
	}
	if err == launch.ErrForged { //nolint:errorlint // the same
		return "its pid 1 has sent what pid 1 does not send"
	}
	if mask, is := err.(*launch.LostMaskError); is { //nolint:errorlint // the same
		if e := s.Spec.Entry(mask.For); e != nil {
			return early.Concat("somebody outside has replaced or removed ", e.Dest)
		}
	}
	return "it could not be watched any more"
}

// redirect readies a box with a name for who enters it, and its standard
// descriptors.
func (s *Session) redirect() error {
	inside, errno := launch.WriteInside(&s.Builder, &s.Spec)
	if errno != 0 {
		return host.Boxed(errno)
	}
	s.Shim.Keep(inside)
	return host.Boxed(s.Shim.Redirect(&s.Spec.Life))
}

// finish notes how a box with a name has ended. One that has not started
// leaves nothing. What goes wrong later nobody may be there to read: it is told
// by the log and the status.
func (s *Session) finish(status launch.Status, err error, signals int) (launch.Status, error) {
	if !s.Shim.HasStarted() {
		s.Shim.Abandon()
		return status, err
	}
	with, cause := "", ""
	lost := err == launch.ErrLost //nolint:errorlint // it is never wrapped, and errors.Is may not run early
	switch {
	case lost && s.Space != nil && s.Space.Ends():
		with = s.Space.Name()
	case err != nil && !lost:
		cause = s.causeOf(err)
	}
	status, again := s.Shim.Finish(status, err != nil, cause, with, signals)
	if again {
		s.giveBack()
		status = s.Shim.StartAgain(status)
	}
	if s.Shim.TimedOut() && !s.Shim.Detach {
		say.Line(false, true, "the time of the command is over (--time)")
		return status, nil
	}
	if s.Shim.Detach {
		return status, nil
	}
	return status, err
}
