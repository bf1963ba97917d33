package native

import (
	"box/cmd/box/internal/failure"
	"box/cmd/box/internal/inputs"
	"box/cmd/box/internal/printer"
	"box/cmd/box/internal/say"
	"box/cmd/box/internal/session"
	"box/internal/early"
	"box/internal/inherited"
	"box/launch"
	"box/spec"

	"golang.org/x/sys/unix"
)

// ErrHelp and ErrVersion are returned for --help and --version: what they print is not about one command line.
const (
	ErrHelp    = say.Asked("help")
	ErrVersion = say.Asked("version")
)

// Run runs a command in a sandbox: words are flags and the command. It returns
// how the command has ended. An error is a *say.Message, ErrHelp or ErrVersion.
// --print-bwrap needs no plan, since it prints the Spec. --dry-run needs one,
// and so finds missing sources as a run would.
func (b *Line) Run(s *session.Session, words []string) (launch.Status, error) {
	b.Begin(s)
	return b.run(words)
}

// run is Run for a line that has begun.
func (b *Line) run(words []string) (launch.Status, error) {
	command, err := b.readWords(words)
	if err != nil {
		return launch.Status{}, err
	}
	if b.leaves() {
		if gone, status, err := b.session.Depart(); gone || err != nil {
			return status, b.notMade(err)
		}
	}
	if err := b.Finish(command); err != nil {
		return launch.Status{}, err
	}
	if b.print {
		early.Ordinary()
		return launch.Status{}, printer.Bwrap(b.spec, b.tell)
	}
	if err := b.Compile(); err != nil {
		return launch.Status{}, err
	}
	if b.dry {
		early.Ordinary()
		return launch.Status{}, printer.Plan(&b.session.Builder.Plan, b.session.NetPlan(), b.spec, b.left)
	}
	return b.Start()
}

// readWords makes the Spec of the words, but for what Finish adds, and returns
// the command. All words are scanned before the first
// step has its effect. So a line with a misspelt flag at its end has read no
// descriptor but those of --args.
func (b *Line) readWords(words []string) (command []string, err error) {
	b.words = words
	steps, command, err := scan(lists.steps[:0], b.memory, words)
	if err != nil {
		return nil, err
	}
	for i := range steps {
		switch s := &steps[i]; s.flag.Name {
		case "--help":
			return nil, ErrHelp
		case "--version":
			return nil, ErrVersion
		default:
			if err := b.do(s); err != nil {
				return nil, err
			}
		}
	}
	return command, b.settle(command)
}

// Plan writes the plan for words into the session, and starts nothing. Tests
// compare the plans of both ways of starting by it.
func (b *Line) Plan(s *session.Session, words []string) error {
	b.Begin(s)
	command, err := b.readWords(words)
	if err != nil {
		return err
	}
	if err := b.Finish(command); err != nil {
		return err
	}
	return b.Compile()
}

// Try runs a command in a plain sandbox with the system's programs, and without
// a terminal. box doctor asks by it whether a sandbox starts here. The bind
// makes it one with flags for files, so that nothing of the caller's directory
// or home can make it fail. With spec.NetNames it is one that reaches names,
// if there were any.
func (b *Line) Try(s *session.Session, mode spec.NetMode, command ...string) (int, error) {
	b.Begin(s)
	b.ptyOff = true
	if mode == spec.NetNames {
		b.net.mode, b.net.from = "names", tryWords[:]
	}
	b.spec.Tree = append(b.spec.Tree, spec.Entry{Kind: spec.Bind, RO: true, Source: "/usr", Dest: "/usr"})
	if err := b.Finish(command); err != nil {
		return 0, err
	}
	if err := b.Compile(); err != nil {
		return 0, err
	}
	status, err := b.Start()
	return status.Exit(), err
}

var tryWords = [...]string{"--net", "names"}

// Begin begins an empty command line. All lists get the session's memory here,
// and are empty. What was told for an earlier line is forgotten. The Spec is
// that of spec.Plain with Landlock in addition: every protection is on, and
// flags take away.
func (b *Line) Begin(s *session.Session) {
	say.Forget()
	m := &s.Memory
	*b = Line{session: s, memory: m, spec: s.Begin(), tell: &s.Tell}
	*b.spec = spec.Plain()
	b.spec.Confine.Use = true
	b.spec.Tree, b.spec.Filters, b.spec.Life.Keep = m.Tree[:0], m.Filters[:0], m.Keep[:0]
	b.spec.Project.AllowNew = m.AllowNew[:0]
	b.volumes, b.held = m.Volumes[:0], lists.held[:0]
	n := &b.spec.Network
	n.Allow, n.Deny, n.Publish = m.Allow[:0], m.Deny[:0], m.Publish[:0]
	b.env, b.raw, b.data, b.spec.Life.Locks = lists.envs[:0], m.Raw[:0], m.Kept[:0], m.Locks[:0]
	// uid 0 inside is uid 0 outside to procfs, whatever capabilities it lacks.
	if unix.Getuid() == 0 {
		b.spec.Mounts.Guard = spec.GuardAll
	}
	b.spec.IDs.UID, b.spec.IDs.GID = uint32(unix.Getuid()), uint32(unix.Getgid())
}

// Compile writes the plan. An error is a *say.Message: what of the host is not
// as the Spec needs it.
func (b *Line) Compile() error {
	if err := b.guarded(); err != nil {
		return err
	}
	if err := b.session.Compile(); err != nil {
		return b.explained(err)
	}
	return nil
}

// Start runs the plan and waits for the command. Signals are caught before the
// sandbox is made. One that arrives in between would else end the monitor and
// leave the sandbox to be ended by its parent-death signal only.
func (b *Line) Start() (launch.Status, error) {
	if err := b.enroll(); err != nil {
		return launch.Status{}, err
	}
	if inputs.Replayed() {
		b.volumes = nil
	}
	if err := b.holdVolumes(); err != nil {
		return launch.Status{}, err
	}
	signals, err := inherited.Catch(launch.Signals())
	if err != nil {
		b.forgo()
		return launch.Status{}, b.explained(err)
	}
	if b.refused != nil {
		return b.startLogged(signals)
	}
	// What Tell has kept back is printed now: what follows starts a sandbox,
	// and the ordinary way is closed then.
	say.Release()
	status, err := b.session.Run(signals, session.Listener{News: TellNews})
	if err != nil {
		b.dropVolumes()
	}
	say.Left(status.Left)
	return b.ended(status, err)
}

// ended returns how the command has ended. What has ended a sandbox with a .git
// in its project has been told.
func (b *Line) ended(status launch.Status, err error) (launch.Status, error) {
	if err == nil {
		if status.Code == 1 {
			b.missed()
		}
		return status, nil
	}
	if err == launch.ErrPlanted { //nolint:errorlint // it is never wrapped, and errors.Is may not run early
		return launch.Status{Code: say.StatusKilled}, nil
	}
	return launch.Status{}, b.explained(err)
}

// startLogged is Start with --seccomp-log. The report comes after the command
// has ended, so that it doesn't mix with its output.
//
//go:noinline
func (b *Line) startLogged(signals int) (launch.Status, error) {
	early.Ordinary()
	status, err := b.session.Run(signals, session.Listener{Refused: b.refused.Notice, News: TellNews})
	if err != nil {
		b.dropVolumes()
	}
	b.refused.Report(status)
	say.Left(status.Left)
	return b.ended(status, err)
}

// explained returns an error of package launch, or of an act, in the user's
// words. The descriptors of --info-fd and the like come first: their failure is
// an act's, which package failure would take for one of the id maps.
//
//go:noinline
func (b *Line) explained(err error) error {
	early.Ordinary()
	if words, cause := b.tell.Refusal(err); cause != nil {
		return say.Usagef("%s: it can't be written: %v", words, cause)
	}
	if s := b.session.Space; s != nil && s.Ends() {
		return failure.Ended(err, b.spec, s.Name())
	}
	return b.misread(failure.Explain(err, b.spec))
}
