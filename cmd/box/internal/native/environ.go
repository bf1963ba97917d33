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
		return say.Badf("%s is no name of a variable", say.Words([]string{name}))
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
	b.pass = append(b.pass, w[0])
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
		if !ok || name == "" || !profile.Passed(name, !s.New.Has(spec.Net)) && !b.picked(name) || environ.Has(env, name) {
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
	return early.Append(early.Append(env, "BOX=1"), "container=box")
}

// picked reports whether --env-pass names a variable.
func (b *Line) picked(name string) bool { return b.pass != nil && pickedBy(b.pass, name) }

// pickedBy is picked where there is a glob. Matching may allocate.
//
//go:noinline
func pickedBy(pass []string, name string) bool {
	early.Ordinary()
	return profile.Picked(name, pass)
}

// inside reports whether there is anything at an absolute path in the sandbox.
// It looks at the Spec and at the host, not into a sandbox: it does not exist yet.
func inside(s *spec.Spec, name string) bool {
	return strings.HasPrefix(name, "/") && mounts.Has(s, name)
}

// pathInside returns the variable PATH with those directories of list that
// exist inside, or, if there are none, the usual ones.
func pathInside(s *spec.Spec, list string) string {
	const name, usual = "PATH=", "PATH=/usr/local/bin:/usr/bin:/bin"
	// No result is longer: each directory that stays brings its colon, and the
	// last colon is cut off.
	buffer := early.Buffer(len(name) + len(list) + 1)
	n := copy(buffer, name)
	for list != "" {
		dir, after, _ := strings.Cut(list, ":")
		if list = after; inside(s, dir) {
			n += copy(buffer[n:], dir)
			buffer[n] = ':'
			n++
		}
	}
	if n == len(name) {
		return usual
	}
	return early.String(buffer[:n-1])
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
