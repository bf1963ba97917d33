package native

import (
	"strings"

	"box/cmd/box/internal/say"
	"box/internal/early"
	"box/internal/environ"
	"box/mounts"
	"box/profile"
	"box/spec"
)

// envStep is one of --setenv (value), --unsetenv (remove) and --clearenv (an
// empty name). The name of a variable is never empty (validName), so the zero
// value can stand for --clearenv.
type envStep struct {
	name, value string
	remove      bool
}

// setenv only notes the variable. The flags for the environment act on the
// command's environment, which depends on the finished tree.
func (b *Line) setenv(w []string) error {
	if err := validName(w[0]); err != nil {
		return err
	}
	b.env = early.Append(b.env, envStep{name: w[0], value: w[1]})
	return nil
}

// unsetenv notes a variable to be removed. That it may not be there is no
// error.
func (b *Line) unsetenv(w []string) error {
	if err := validName(w[0]); err != nil {
		return err
	}
	b.env = early.Append(b.env, envStep{name: w[0], remove: true})
	return nil
}

// clearenv removes what the flags before it have set as well, and what box adds
// by itself.
func (b *Line) clearenv([]string) error {
	b.env = early.Append(b.env, envStep{})
	return nil
}

// validName fails for what setenv(3) refuses with EINVAL: a name that is empty
// or has a "=" in it.
func validName(name string) error {
	if name == "" || strings.IndexByte(name, '=') >= 0 {
		early.Ordinary()
		hint := ""
		if name, value, is := strings.Cut(name, "="); is && name != "" {
			hint = "--setenv " + say.Words([]string{name, value})
		}
		return say.BadHint(say.Words([]string{name})+" is no name of a variable", hint)
	}
	return nil
}

// envPass notes a glob. A malformed one is refused here, since it would match
// nothing and say nothing. Matching needs the Go runtime, so a line with this
// flag goes the ordinary way at once.
func (b *Line) envPass(w []string) error {
	early.Ordinary()
	if !profile.ValidGlob(w[0]) {
		return say.Bad("not a glob")
	}
	b.pass = append(b.pass, glob{text: w[0]})
	return nil
}

// environ returns the environment of the command, before the flags for it: what
// may be passed of the caller's, as far as it means something inside. Of a name
// that is there twice the first counts. A variable that names a file is left
// out if nothing is at that path inside: programs take such a variable for a
// promise. BOX and container tell a program where it is; container is what
// systemd and others look for.
func (b *Line) environ(callers []string) []string {
	env, s := b.memory.Env[:0], b.spec
	for _, e := range callers {
		name, value, ok := strings.Cut(e, "=")
		// A proxy leads somewhere in the caller's network only.
		if !ok || name == "" || !b.passes(name, value) || environ.Has(env, name) {
			continue
		}
		switch name {
		// Many programs fail without HOME, and /tmp is there unless a flag says
		// otherwise.
		case "HOME":
			if !inside(s, value) {
				e = "HOME=/tmp"
			}
		// A directory that is not inside would cost the command a look-up each
		// time.
		case "PATH":
			e = pathInside(s, value)
		default:
			if profile.IsPath(name) && !inside(s, value) {
				continue
			}
		}
		env = early.Append(env, e)
	}
	b.tellPass()
	return early.Append(early.Append(env, "BOX=1"), "container=box")
}

// passes reports whether the command gets a variable: by the allow-list, or by
// --env-pass. A value with a password in it needs its exact name there.
func (b *Line) passes(name, value string) bool {
	if b.pass != nil {
		early.Ordinary()
		if picked, why := b.pick(name, value); picked || why {
			return picked
		}
	}
	switch {
	case !profile.Passed(name, b.spec.Callers(spec.Net)):
		return false
	case !profile.HasPassword(value):
		return true
	}
	say.Tell(name, " has a password in it and is not passed (--env-pass ", name, " passes it)")
	return false
}

// glob is a word of --env-pass.
type glob struct {
	text    string
	picked  bool   // it has picked a variable
	refused string // a variable that it would have picked, were that no secret
}

// pick reports whether --env-pass picks a variable, or matches it and does not.
func (b *Line) pick(name, value string) (picked, refused bool) {
	for i := range b.pass {
		g := &b.pass[i]
		switch is, secret := profile.Picks(g.text, name, value); {
		case is:
			g.picked, picked = true, true
		case secret:
			g.refused, refused = name, true
		}
	}
	return picked, refused
}

// tellPass tells of the globs that match nothing but secrets.
func (b *Line) tellPass() {
	for i := range b.pass {
		if g := &b.pass[i]; !g.picked && g.refused != "" {
			early.Ordinary()
			say.Tell("--env-pass ", say.Words([]string{g.text}),
				": passes nothing: a secret is passed by its exact name (--env-pass ", g.refused, ")")
		}
	}
}

// inside reports whether there is anything at an absolute path in the sandbox.
// It looks at the Spec and at the host, not into a sandbox: it does not exist yet.
func inside(s *spec.Spec, name string) bool {
	return strings.HasPrefix(name, "/") && mounts.Has(s, name)
}

// apply does the flags for the environment, in order. A variable that is set
// again moves to the end of the list.
func apply(env []string, steps []envStep) []string {
	for _, s := range steps {
		if s.name == "" {
			env = env[:0]
			continue
		}
		env = environ.Without(env, s.name)
		if !s.remove {
			env = early.Append(env, early.Concat(s.name, "=", s.value))
		}
	}
	return env
}
