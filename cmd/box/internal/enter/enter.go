// Package enter runs a command in a box that is up: exec.
//
// It is on the early side: without a terminal, and with flags that need no file, exec takes no Go runtime.
package enter

import (
	"box/cmd/box/internal/failure"
	"box/cmd/box/internal/inputs"
	"box/cmd/box/internal/say"
	"box/cmd/box/internal/session"
	"box/internal/early"
	"box/internal/environ"
	"box/internal/host"
	"box/internal/inherited"
	"box/launch"
	"box/spec"
	"box/userns"
)

// Line is one command line. There is one in a process, and it must not move.
type Line struct {
	terminal bool   // -t
	detach   bool   // -d
	docker   bool   // docker's words
	dir      string // --chdir, or ""
	name     string
	env      []string // NAME=value
	command  []string

	envs   [64]string
	origin [2]string // of dir
	up     session.Up
	box    userns.Box
	spec   *spec.Spec
}

// Run runs the command of words, which follow "exec", and returns how it has ended. An error is a *say.Message.
func (b *Line) Run(s *session.Session, words []string) (launch.Status, error) {
	b.docker = false
	return b.run(s, words)
}

// RunContainer is Run for words as docker spells them: -w DIR is --chdir.
func (b *Line) RunContainer(s *session.Session, words []string) (launch.Status, error) {
	b.docker = true
	return b.run(s, words)
}

func (b *Line) run(s *session.Session, words []string) (launch.Status, error) {
	say.Forget()
	b.spec = s.Begin()
	*b.spec = spec.Spec{}
	b.terminal, b.detach, b.dir, b.env = false, false, "", b.envs[:0]
	if err := b.scan(words); err != nil {
		return launch.Status{}, err
	}
	b.up.Short = b.docker
	if err := b.up.Ask(b.name); err != nil {
		return launch.Status{}, err
	}
	if err := b.fill(s); err != nil {
		return launch.Status{}, err
	}
	if err := launch.CompileEnter(&s.Builder, b.spec, &b.box, &b.up.Inside); err != nil {
		return launch.Status{}, b.explained(err)
	}
	signals, err := inherited.Catch(launch.Signals())
	if err != nil {
		return launch.Status{}, b.explained(err)
	}
	say.Release()
	status, err := s.Run(signals, session.Listener{})
	say.Left(status.Left)
	if err != nil {
		return launch.Status{}, b.explained(err)
	}
	return status, nil
}

// fill completes the Spec.
func (b *Line) fill(s *session.Session) error {
	if err := b.up.Read(); err != nil {
		return err
	}
	b.box.Spaces, b.box.Outer = b.up.Spaces, b.up.Outer
	if errno := b.box.Look(); errno != 0 {
		return b.up.Cannot(errno)
	}
	inputs.TakeCallers(b.spec)
	if b.detach && !b.box.OwnsPID() {
		b.spec.Life.Lasts = b.up.Init
	}
	b.up.Inside.Fill(b.spec, s.Filters[:0])
	if err := b.terminals(); err != nil {
		return err
	}
	if err := inputs.Describe(b.spec, s.KeptAs[:0]); err != nil {
		return err
	}
	c := &b.spec.Command
	c.File, c.Argv, c.CallersPath = b.command[0], b.command, inherited.Variable("PATH")
	if c.Dir = b.up.Inside.Dir; b.dir != "" {
		b.origin = [2]string{"--chdir", b.dir}
		c.Dir, c.Origin.Words = b.dir, b.origin[:]
	}
	env := b.up.Inside.Environ(s.Env[:0])
	if b.spec.Life.TTY != [3]bool{} {
		if term := inherited.Variable("TERM"); term != "" {
			env = early.Append(environ.Without(env, "TERM"), early.Concat("TERM=", term))
		}
	}
	for _, e := range b.env {
		env = early.Append(environ.Without(env, nameOf(e)), e)
	}
	c.Env = early.Append(environ.Without(env, "PWD"), early.Concat("PWD=", c.Dir))
	return nil
}

// nameOf returns what comes before the "=".
func nameOf(variable string) string {
	for i := range len(variable) {
		if variable[i] == '=' {
			return variable[:i]
		}
	}
	return variable
}

// terminals decides which descriptors become a terminal of the box's own: those that are one. The caller's own terminal never goes
// into a box.
func (b *Line) terminals() error {
	life := &b.spec.Life
	if b.detach {
		life.Depart = true
		return nil
	}
	for fd := range life.TTY {
		life.TTY[fd] = host.IsTerminal(fd)
	}
	if b.terminal && life.TTY == [3]bool{} {
		early.Ordinary()
		return say.Usagef("exec -t: none of standard input, output and error is a terminal").
			Hintf("leave out -t; input is handed over anyway")
	}
	life.Front = life.TTY == [3]bool{true, true, true} && host.Foreground(0)
	return nil
}

// explained returns the message for a failure.
//
//go:noinline
func (b *Line) explained(err error) error {
	early.Ordinary()
	return failure.Entering(err, b.spec, b.name)
}
