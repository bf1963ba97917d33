// Package native is box's own command line: flags, in order, and a command.
package native

import (
	"strings"

	"box/cmd/box/internal/arg"
	"box/cmd/box/internal/inputs"
	"box/cmd/box/internal/policyfile"
	"box/cmd/box/internal/say"
	"box/cmd/box/internal/session"
	"box/cmd/box/internal/statusfd"
	"box/internal/early"
	"box/spec"
)

// Line makes a Spec out of steps. Its methods are what the flags do; the Spec is complete after finish.
type Line struct {
	session *session.Session
	spec    *spec.Spec
	room    *session.Memory
	step    step // the one that is being done

	modifiers struct { // for the next flag only
		perms arg.Optional[uint32]
		size  arg.Optional[uint64]
		words []string
	}
	view       string                    // --base
	dirName    string                    // what the caller calls the working directory: asked for once
	host       string                    // the sandbox's own host name, or ""
	bare       bool                      // the working directory is not brought in
	left       []string                  // default mounts that have no place
	project    bool                      // -w
	pass       []string                  // --env-pass
	env        []envStep                 // --setenv, --unsetenv, --clearenv, in order
	policyName string                    // --seccomp-policy
	policyFrom spec.Origin               // the words of it, or why there are none
	calls      callFlags                 // --allow-32bit, --allow-debug, --allow-setid, --seccomp-log
	refused    *policyfile.Refusals      // for --seccomp-log
	raw        []spec.Filter             // --add-seccomp-fd
	last       arg.Optional[spec.Filter] // --seccomp
	ptyOff     bool                      // --pty off
	dry        bool                      // --dry-run
	layers     []string                  // --overlay-src
	layersFrom []string                  // the words of the last one
	caps       arg.Capabilities          // --cap-add, --cap-drop
	tell       *statusfd.Informer        // --info-fd, --json-status-fd, --userns-block-fd
	argv0      string                    // --argv0
	print      bool                      // --print-bwrap
	data       inputs.Data               // what was read from descriptors: once, and kept
}

// lists is memory for what only this command line has: long enough for ordinary ones, so that it needs no heap.
var lists struct {
	steps [4 << 10]step
	envs  [256]envStep
}

// do does one step.
func (b *Line) do(s *step) error {
	b.step = *s
	if err := s.flag.Do(b, s.words[1:]); err != nil {
		return say.Refused(s.words, err)
	}
	if b.layers != nil && s.flag.Name != "--overlay-src" {
		return say.Refuse(b.layersFrom, "must stand before another one or before --overlay, --tmp-overlay or --ro-overlay")
	}
	if m := &b.modifiers; m.words != nil && s.flag.Name != "--perms" && s.flag.Name != "--size" {
		return say.Refuse(m.words, early.Concat("must stand before a flag that makes something, not before ", s.flag.Name))
	}
	return nil
}

// neverRoot are the kinds that can't be the root of a sandbox.
var neverRoot = [...]bool{
	spec.Symlink: true, spec.File: true, spec.Data: true, spec.Proc: true, spec.Dev: true, spec.Mqueue: true, spec.Hostname: false,
}

// add appends an entry with the words of the step.
func (b *Line) add(e spec.Entry) error {
	if e.Dest == "" && e.Kind != spec.Hostname {
		return say.Bad("an empty path names nothing")
	}
	switch name := lastPart(e.Dest); {
	case e.Kind == spec.Hostname:
	case onlyDots(e.Dest): // "/", ".", "/..", …
		if e.Dest = "/"; neverRoot[e.Kind] {
			return say.Bad("the root itself can't be that")
		}
	case name == ".", name == "..":
		return say.Bad(early.Concat("a destination can't end in ", name, ": say what it is"))
	}
	e.Origin.Words = b.step.words
	b.spec.Tree = early.Append(b.spec.Tree, e)
	return nil
}

// lastPart returns what a path ends in, without slashes.
func lastPart(path string) string {
	path = spec.Relative(path)
	return path[strings.LastIndexByte(path, '/')+1:]
}

// onlyDots reports whether there is nothing but slashes and dots in a path.
func onlyDots(path string) bool {
	for i := range len(path) {
		if path[i] != '/' && path[i] != '.' {
			return false
		}
	}
	return true
}
