package main

import (
	"fmt"
	"strings"

	"box/cmd/box/internal/say"
	"box/internal/early"
	"box/internal/host"
	"box/internal/inherited"
	"box/mounts"
	"box/profile"
	"box/spec"

	"golang.org/x/sys/unix"
)

// envStep is one of --setenv (value), --unsetenv (remove) and --clearenv (an empty name).
type envStep struct {
	name, value string
	remove      bool
}

func (b *build) setenv(w []string) error {
	if err := validName(w[0]); err != nil {
		return err
	}
	b.env = early.Append(b.env, envStep{name: w[0], value: w[1]})
	return nil
}

func (b *build) unsetenv(w []string) error {
	if err := validName(w[0]); err != nil {
		return err
	}
	b.env = early.Append(b.env, envStep{name: w[0], remove: true})
	return nil
}

func (b *build) clearenv([]string) error {
	b.env = early.Append(b.env, envStep{})
	return nil
}

func validName(name string) error {
	if name == "" || strings.IndexByte(name, '=') >= 0 {
		return badName(name)
	}
	return nil
}

//go:noinline
func badName(name string) error {
	early.Ordinary()
	return fmt.Errorf("%s is no name of a variable", say.Words([]string{name}))
}

func (b *build) envPass(w []string) error {
	early.Ordinary()
	if !profile.ValidGlob(w[0]) {
		return fmt.Errorf("not a glob")
	}
	b.pass = append(b.pass, w[0])
	return nil
}

// environ returns the environment of the command, before the flags for it: what may be passed of the caller's, as far
// as it means something inside. Of a name that is there twice the first counts.
func (b *build) environ(callers []string) []string {
	env, s := b.room.env[:0], b.spec
	for _, e := range callers {
		name, value, ok := strings.Cut(e, "=")
		if !ok || name == "" || !profile.Passed(name, !s.New.Has(spec.Net)) && !b.picked(name) || hasVariable(env, name) {
			continue
		}
		switch name {
		case "HOME":
			if !inside(s, value) {
				e = "HOME=/tmp"
			}
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

// picked says whether --env-pass names a variable.
func (b *build) picked(name string) bool { return b.pass != nil && pickedBy(b.pass, name) }

//go:noinline
func pickedBy(pass []string, name string) bool {
	early.Ordinary()
	return profile.Picked(name, pass)
}

// inside says whether there is anything at an absolute path in the sandbox.
func inside(s *spec.Spec, name string) bool {
	return strings.HasPrefix(name, "/") && mounts.Has(s, name)
}

// pathInside returns the variable PATH with those directories of list that exist inside, or, if there are none, the usual ones.
func pathInside(s *spec.Spec, list string) string {
	const name, usual = "PATH=", "PATH=/usr/local/bin:/usr/bin:/bin"
	room := early.Room(len(name) + len(list) + 1)
	n := copy(room, name)
	for list != "" {
		dir, after, _ := strings.Cut(list, ":")
		if list = after; inside(s, dir) {
			n += copy(room[n:], dir)
			room[n] = ':'
			n++
		}
	}
	if n == len(name) {
		return usual
	}
	return early.String(room[:n-1])
}

// apply does the flags for the environment, in order.
func apply(env []string, steps []envStep) []string {
	for _, s := range steps {
		if s.name == "" {
			env = env[:0]
			continue
		}
		env = without(env, s.name)
		if !s.remove {
			env = early.Append(env, early.Concat(s.name, "=", s.value))
		}
	}
	return env
}

func without(env []string, name string) []string {
	kept := env[:0]
	for _, e := range env {
		if !isVariable(e, name) {
			kept = kept[:len(kept)+1]
			kept[len(kept)-1] = e
		}
	}
	return kept
}

// valueOf returns the value of a variable, or "".
func valueOf(env []string, name string) string {
	for _, e := range env {
		if isVariable(e, name) {
			return e[len(name)+1:]
		}
	}
	return ""
}

// hasVariable says whether env has a variable of that name.
func hasVariable(env []string, name string) bool {
	for _, e := range env {
		if isVariable(e, name) {
			return true
		}
	}
	return false
}

// isVariable says whether e is NAME=value for that name.
func isVariable(e, name string) bool {
	return len(e) > len(name) && e[len(name)] == '=' && e[:len(name)] == name
}

// workingDirectory returns where the caller is, by the name that the caller has for it (PWD) if that is right, else as
// getcwd(3) has it; "" if it has none. It is os.Getwd.
func workingDirectory() string {
	if pwd := inherited.Variable("PWD"); strings.HasPrefix(pwd, "/") && host.Same(pwd, ".") {
		return pwd
	}
	room := early.Room(unix.PathMax)
	dir := host.Getwd(room)
	return dir
}
