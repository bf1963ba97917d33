package native

import (
	"box/cmd/box/internal/failure"
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

// Run runs a command in a sandbox: words are flags and the command. It returns the exit status. An error is a *say.Message,
// ErrHelp or ErrVersion.
func (b *Line) Run(s *session.Session, words []string) (int, error) {
	b.Begin(s)
	if err := b.readWords(words); err != nil {
		return 0, err
	}
	if b.print {
		early.Ordinary()
		return 0, printer.Bwrap(b.spec, b.tell)
	}
	if err := b.Compile(); err != nil {
		return 0, err
	}
	if b.dry {
		early.Ordinary()
		return 0, printer.Plan(&b.session.Builder.Plan, b.spec, b.left)
	}
	return b.Start()
}

// readWords makes the Spec of the words.
func (b *Line) readWords(words []string) error {
	steps, command, err := scan(lists.steps[:0], b.room, words)
	if err != nil {
		return err
	}
	for i := range steps {
		switch s := &steps[i]; s.flag.Name {
		case "--help":
			return ErrHelp
		case "--version":
			return ErrVersion
		default:
			if err := b.do(s); err != nil {
				return err
			}
		}
	}
	return b.Finish(command)
}

// Plan writes the plan for words into the session, and starts nothing.
func (b *Line) Plan(s *session.Session, words []string) error {
	b.Begin(s)
	if err := b.readWords(words); err != nil {
		return err
	}
	return b.Compile()
}

// Try runs a command in a plain sandbox with the system's programs, and without a terminal.
func (b *Line) Try(s *session.Session, command ...string) (int, error) {
	b.Begin(s)
	b.ptyOff = true
	b.spec.Tree = append(b.spec.Tree, spec.Entry{Kind: spec.Bind, RO: true, Source: "/usr", Dest: "/usr"})
	if err := b.Finish(command); err != nil {
		return 0, err
	}
	if err := b.Compile(); err != nil {
		return 0, err
	}
	return b.Start()
}

// Begin begins an empty command line.
func (b *Line) Begin(s *session.Session) {
	say.Forget()
	m := &s.Memory
	*b = Line{session: s, room: m, spec: s.Begin(), tell: &s.Tell}
	*b.spec = spec.Plain()
	b.spec.Confine.Use = true
	b.spec.Tree, b.spec.Filters, b.spec.Life.Keep = m.Tree[:0], m.Filters[:0], m.Keep[:0]
	b.env, b.raw, b.data, b.spec.Life.Locks = lists.envs[:0], m.Raw[:0], m.Kept[:0], m.Locks[:0]
	if unix.Getuid() == 0 {
		b.spec.Mounts.Guard = spec.GuardAll
	}
	b.spec.IDs.UID, b.spec.IDs.GID = uint32(unix.Getuid()), uint32(unix.Getgid())
}

// Compile writes the plan.
func (b *Line) Compile() error {
	if err := b.session.Compile(); err != nil {
		return b.explained(err)
	}
	return nil
}

// Start runs the plan and waits for the command.
func (b *Line) Start() (int, error) {
	signals, err := inherited.Catch(launch.Signals())
	if err != nil {
		return 0, err
	}
	if b.refused != nil {
		return b.startLogged(signals)
	}
	say.Release()
	status, err := b.session.Run(signals, nil)
	say.Left(status.Left)
	if err != nil {
		return 0, b.explained(err)
	}
	return status.Exit(), nil
}

// startLogged is Start with --seccomp-log.
//
//go:noinline
func (b *Line) startLogged(signals int) (int, error) {
	early.Ordinary()
	status, err := b.session.Run(signals, b.refused.Notice)
	b.refused.Report(status)
	say.Left(status.Left)
	if err != nil {
		return 0, b.explained(err)
	}
	return status.Exit(), nil
}

// explained returns an error of package launch, or of an act, in the user's words.
//
//go:noinline
func (b *Line) explained(err error) error {
	early.Ordinary()
	if words, cause := b.tell.Refusal(err); cause != nil {
		return say.Usagef("%s: it can't be written: %v", words, cause)
	}
	return failure.Explain(err, b.spec)
}
