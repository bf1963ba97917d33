package native

import (
	"strings"

	"box/cmd/box/internal/arg"
	"box/cmd/box/internal/failure"
	"box/cmd/box/internal/inputs"
	"box/cmd/box/internal/say"
	"box/internal/early"
	"box/internal/host"
	"box/internal/inherited"
	"box/profile"
	"box/register"
	"box/shim"
	"box/spec"
)

// What the flags of boxes with a name do. Their options are the shim's, which
// the session owns.

func (b *Line) detach([]string) error {
	b.session.Shim.Detach = true
	return nil
}

func (b *Line) boxName(w []string) error {
	if !register.IsName(w[0]) {
		return say.BadHint("not a name: 1 to 64 of a-z, 0-9, and after the first also . _ -", "")
	}
	b.session.Shim.Name = w[0]
	return nil
}

func (b *Line) removeAfter([]string) error {
	b.session.Shim.Remove = true
	return nil
}

func (b *Line) replace([]string) error {
	b.session.Shim.Replace = true
	return nil
}

func (b *Line) interactive([]string) error {
	b.session.Shim.Input = true
	return nil
}

func (b *Line) tty([]string) error {
	b.term = true
	return nil
}

func (b *Line) stopSignal(w []string) error {
	n, ok := arg.Signal(w[0])
	if !ok {
		return say.Bad("not a signal, such as TERM or 15")
	}
	b.session.Shim.Stop = n
	return nil
}

func (b *Line) logSize(w []string) error {
	if w[0] == "none" {
		b.session.Shim.LogLimit = -1
		return nil
	}
	n, ok := arg.Size(w[0])
	if !ok || n < 4<<10 || n > 1<<40 {
		return say.Bad("not a size from 4k to 1T, such as 8M, or none")
	}
	b.session.Shim.LogLimit = int64(n)
	return nil
}

func (b *Line) timeLimit(w []string) error {
	n, ok := arg.Duration(w[0])
	if !ok || n == 0 {
		return say.Bad("not a time, such as 90s, 5m or 1h30m")
	}
	b.session.Shim.Time = n
	return nil
}

// restart takes docker's words. There is no daemon that could begin anew, so
// unless-stopped is always: box stop is an end in both.
func (b *Line) restart(w []string) error {
	r := &b.session.Shim.Restart
	word, most, has := strings.Cut(w[0], ":")
	switch word {
	case "no":
		*r = shim.Restart{}
	case "always", "unless-stopped":
		*r = shim.Restart{When: shim.Always}
	case "on-failure":
		n := uint64(0)
		if has {
			var ok bool
			if n, ok = arg.Number(most, 10); !ok || n == 0 || n > 1e6 {
				return say.Bad("not a number of starts after the colon")
			}
		}
		*r = shim.Restart{When: shim.OnFailure, Most: int(n)}
		return nil
	default:
		return say.Bad("not one of no, on-failure, on-failure:N, always, unless-stopped")
	}
	if has {
		return say.Bad("only on-failure takes a number of starts")
	}
	return nil
}

// env1 is -e: NAME=VALUE sets a variable, and NAME passes the caller's, if
// there is one.
func (b *Line) env1(w []string) error { return b.setOne(w[0]) }

func (b *Line) setOne(word string) error {
	name, value, is, err := arg.Variable(word)
	if err == nil && is {
		b.env = early.Append(b.env, envStep{name: name, value: value})
	}
	return err
}

// envFile reads a file of such words, one a line.
//
//go:noinline
func (b *Line) envFile(w []string) error {
	early.Ordinary()
	return arg.Variables(w[0], b.setOne)
}

// settle looks at the options together, when all flags have had their effect.
// A box that goes on when its caller ends needs a name: one is made of the
// command.
func (b *Line) settle(command []string) error {
	s := &b.session.Shim
	if s.Restart.When != shim.Never {
		if err := b.restartable(command); err != nil {
			return err
		}
	}
	if b.session.Alone.Lock >= 0 && b.session.Alone.Is {
		s.Name, s.Detach, s.Replace = b.session.Alone.Name, true, false
	}
	if s.Name == "" && (s.Detach || s.Time > 0 || b.docker && !b.dry && !b.print) && len(command) > 0 {
		// The time is kept by the monitor of a box.
		s.Name, s.Remove = b.madeUp(command[0]), s.Remove || !s.Detach && !b.docker
	}
	if s.Name == "" {
		if what := b.needsName(); what != "" {
			return say.Refuse(nil, early.Concat(what, " is for a sandbox with a name: -d, or --name NAME"))
		}
		return nil
	}
	b.spec.Life.Named = true
	if !s.Detach {
		return nil
	}
	if b.calls.log {
		return say.Refuse(nil, "--seccomp-log reports when the command has ended, and with -d nobody is there to read that")
	}
	b.spec.Life.OutliveParent = true
	return nil
}

// restartable returns an error for a line by which a box can't be started again
// by its monitor.
func (b *Line) restartable(command []string) error {
	s := &b.session.Shim
	if !s.Detach {
		return inForeground()
	}
	if s.Remove {
		return say.Refuse(nil, "--restart and --rm: a box that is to be started again is not forgotten")
	}
	for _, word := range b.words[:len(b.words)-len(command)] {
		byNumber := strings.HasPrefix(word, "/dev/fd/") || strings.HasPrefix(word, "/proc/self/") || word == "/dev/stdin"
		if word == "--args" || byNumber {
			b.descriptor = word
		}
	}
	if b.descriptor != "" {
		return say.Refuse(nil, early.Concat(b.descriptor, ": with --restart its descriptor would be missing at the next start"))
	}
	return nil
}

//go:noinline
func inForeground() error {
	early.Ordinary()
	return say.Usagef("--restart is for a box that goes on by itself, and one in the foreground ends with its caller").
		Hintf("-d runs it in the background")
}

// needsName returns a flag that means nothing without a name.
func (b *Line) needsName() string {
	switch s := &b.session.Shim; {
	case s.Replace:
		return "--replace"
	case s.LogLimit != 0:
		return "--log"
	case s.Stop != 0:
		return "--stop-signal"
	}
	return ""
}

// madeUp returns a name for a box: that of the command, as far as a name may
// have its letters, and what keeps two apart.
func (b *Line) madeUp(command string) string {
	var text [40]byte
	n := 0
	for _, c := range []byte(lastPart(command)) {
		if c >= 'A' && c <= 'Z' {
			c += 'a' - 'A'
		}
		if small := c >= 'a' && c <= 'z' || c >= '0' && c <= '9'; small && n < 32 {
			text[n] = c
			n++
		}
	}
	if n == 0 {
		n = copy(text[:], "box")
	}
	text[n] = '-'
	n++
	var random [4]byte
	host.Random(random[:])
	for _, r := range random {
		text[n] = "bcdfghjklmnpqrst"[r&15]
		n++
	}
	return early.Concat(early.String(text[:n]))
}

// leaves reports whether the command is to run in another process than the one
// that the user has started.
func (b *Line) leaves() bool {
	return b.session.Shim.Detach && !b.dry && !b.print && !inputs.Replayed()
}

// alone is for a command that nobody waits for: what it has in the place of the
// caller's descriptors is the shim's.
func (b *Line) alone() {
	s, life := &b.session.Shim, &b.spec.Life
	if !s.Detach {
		return
	}
	b.keepWords()
	life.TTY, life.Front = [3]bool{b.term, b.term, b.term}, b.term
	life.Stdio[0] = spec.Description{Kind: spec.DeviceFile, Reads: true, Writes: true}
	if s.Input {
		life.Stdio[0] = spec.Description{Kind: spec.FifoFile, Reads: true}
	}
	for fd := 1; fd < 3; fd++ {
		life.Stdio[fd] = spec.Description{Kind: spec.FifoFile, Writes: true}
		if s.LogLimit < 0 {
			life.Stdio[fd] = spec.Description{Kind: spec.DeviceFile, Reads: true, Writes: true}
		}
	}
	if b.term {
		for fd := range life.Stdio {
			life.Stdio[fd] = spec.Description{Kind: spec.DeviceFile, Reads: true, Writes: true}
		}
	}
}

// keepWords copies what the monitor reads of its words while the command runs:
// by then it has overwritten them with its title.
func (b *Line) keepWords() {
	p, scratch := &b.spec.Project, &b.spec.Scratch
	for i, name := range p.AllowNew {
		p.AllowNew[i] = early.Concat(name)
	}
	p.Top, p.Source = early.Concat(p.Top), early.Concat(p.Source)
	scratch.Top, scratch.Keep, scratch.Dir = early.Concat(scratch.Top), early.Concat(scratch.Keep), early.Concat(scratch.Dir)
	for i := range b.spec.Tree {
		if e := &b.spec.Tree[i]; e.Origin.Words != nil {
			e.Dest = early.Concat(e.Dest)
		}
	}
}

// enroll makes the directory of a box with a name. An unnamed one in the
// foreground is only noted, when it runs.
func (b *Line) enroll() error {
	s := b.session
	if inputs.Replayed() {
		return nil
	}
	for i := range b.spec.Mounts.Own {
		own := &b.spec.Mounts.Own[i]
		if own.Brought == "" {
			continue
		}
		if errno := register.Make(own.Brought); errno != 0 {
			return b.notCovered(own.Path, host.Boxed(errno))
		}
	}
	places := register.Places{State: b.spec.Mounts.State, Runtime: b.spec.Mounts.Own[1].Path}
	if s.Shim.Name == "" {
		s.Noted = places
		return nil
	}
	d := register.Definition{
		Words: b.words, Env: b.remembered(), Dir: b.dirName, Policy: b.policyName, Command: b.spec.Command.Argv,
		Version: b.session.Version, Remove: s.Shim.Remove, Volumes: b.volumes,
	}
	return b.notMade(s.Enroll(places, &d))
}

// notCovered returns the message for a directory of box's own that can't be
// made: somebody else could make it later, and fill it.
//
//go:noinline
func (b *Line) notCovered(path string, err error) error {
	early.Ordinary()
	return say.Usagef("%s can't be made: %v", say.Words([]string{path}), err).
		Hintf("box keeps it from the command, and so it has to be a directory before that runs")
}

// remembered returns the variables of the caller that a later start of the box
// needs: those that the command may get, and those that say where things are.
func (b *Line) remembered() []string {
	env := b.memory.Remembered[:0]
	for _, e := range inherited.Environ() {
		name, value, ok := strings.Cut(e, "=")
		if !ok || name == "" {
			continue
		}
		if profile.Passed(name, true) || strings.HasPrefix(name, "XDG_") || b.picks(name, value) {
			env = early.Append(env, e)
		}
	}
	return env
}

// picks reports whether a flag for the environment passes a variable.
func (b *Line) picks(name, value string) bool {
	if b.pass == nil {
		return false
	}
	early.Ordinary()
	picked, _ := b.pick(name, value)
	return picked
}

// notMade returns the message for a box whose directory can't be made, or taken.
func (b *Line) notMade(err error) error {
	if err == nil {
		return nil
	}
	return b.notEnrolled(err)
}

//go:noinline
func (b *Line) notEnrolled(err error) error {
	early.Ordinary()
	return failure.Register(b.session.Shim.Name, err)
}
