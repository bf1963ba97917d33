package main

import (
	"fmt"
	"path"
	"strings"

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
	b.env = append(b.env, envStep{name: w[0], value: w[1]})
	return nil
}

func (b *build) unsetenv(w []string) error {
	if err := validName(w[0]); err != nil {
		return err
	}
	b.env = append(b.env, envStep{name: w[0], remove: true})
	return nil
}

func (b *build) clearenv([]string) error {
	b.env = append(b.env, envStep{})
	return nil
}

func validName(name string) error {
	if name == "" || strings.ContainsRune(name, '=') {
		return fmt.Errorf("%s is no name of a variable", joined([]string{name}))
	}
	return nil
}

func (b *build) envPass(w []string) error {
	if !profile.ValidGlob(w[0]) {
		return fmt.Errorf("not a glob")
	}
	b.pass = append(b.pass, w[0])
	return nil
}

// environ returns the environment of the command, before the flags for it: what may be passed of the caller's, as far
// as it means something inside.
func environ(s *spec.Spec, callers, pass []string) []string {
	env := profile.Environ(callers, pass, !s.New.Has(spec.Net))
	kept := env[:0]
	for _, e := range env {
		name, value, _ := strings.Cut(e, "=")
		switch name {
		case "HOME":
			if !inside(s, value) {
				e = "HOME=/tmp"
			}
		case "PATH":
			e = "PATH=" + pathInside(s, value)
		case "XDG_RUNTIME_DIR", "SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS",
			"CURL_CA_BUNDLE", "PIP_CERT", "GIT_SSL_CAINFO":
			if !inside(s, value) {
				continue
			}
		}
		kept = append(kept, e)
	}
	return append(kept, "BOX=1", "container=box")
}

// inside says whether there is anything at an absolute path in the sandbox.
func inside(s *spec.Spec, name string) bool {
	if !path.IsAbs(name) {
		return false
	}
	_, ok := mounts.Find(s, name)
	return ok
}

// pathInside returns the directories of PATH that exist inside, or, if there are none, the usual ones.
func pathInside(s *spec.Spec, list string) string {
	var kept []string
	for dir := range strings.SplitSeq(list, ":") {
		if inside(s, dir) {
			kept = append(kept, dir)
		}
	}
	if kept == nil {
		return "/usr/local/bin:/usr/bin:/bin"
	}
	return strings.Join(kept, ":")
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
			env = append(env, s.name+"="+s.value)
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
	room := textRoom(unix.PathMax)
	dir := host.Getwd(room)
	return dir
}
