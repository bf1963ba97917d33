// Package native is box's own command line: flags, in order, and a command.
//
// It is the first stage of the pipeline in box mode: words become steps (scan),
// steps act from left to right on a Line, and Finish completes the spec.Spec
// with what no flag has said. Package session compiles and runs that Spec.
//
// The functions here run before the Go runtime has begun, if box has an entry
// of its own (internal/early). So they must not allocate, use maps, start
// goroutines or let closures escape. A function that needs any of that calls
// early.Ordinary first: the program then begins anew, and the same line is read
// once more. That is allowed as long as nothing has had an effect, and reading
// a command line has none that inputs does not remember.
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
	"box/register"
	"box/spec"
)

// Line makes a Spec out of steps. Its methods are what the flags do; the Spec
// is complete after finish. A flag has its effect when its turn comes, but for
// what depends on the whole line: the policy, the environment and the base view
// are noted in fields, and put into the Spec by Finish.
type Line struct {
	// session owns the memory that the Spec and all lists lie in.
	session *session.Session
	spec    *spec.Spec
	// memory is session.Memory: the first memory of each list.
	memory *session.Memory
	// step is the one that is being done. Its words become the Origin of what
	// the flag asks for, so that a failed call can name the flag.
	step step

	// modifiers are for the next flag only. words are those of the last of
	// --perms and --size; they are nil if nothing is left to be used up.
	modifiers struct {
		perms arg.Optional[uint32]
		size  arg.Optional[uint64]
		words []string
	}
	// descriptor is a flag that names a descriptor of the caller's, or "".
	descriptor string
	// view is the word of --base: "full", "none", or "" if it was not given.
	view string
	// dirName is what the caller calls the working directory. It is asked for
	// once: the directory may be renamed between two answers, and the base view
	// and the start of the command must mean the same one.
	dirName string
	// host is the sandbox's own host name. It is empty if the name is the
	// caller's.
	host string
	// bare says that the working directory is not brought in, so the command
	// can't start there.
	bare bool
	// left are the default mounts that have no place in the tree. --dry-run
	// tells them.
	left []string
	// project is -w and --project.
	project wish
	// beside says that there is a -B, -W or -v.
	beside bool
	// volumes are the names of -v, and held those that the process has a lock
	// on, in volumeDir.
	volumes   []string
	held      []heldVolume
	volumeDir register.Volumes
	// pass are the globs of --env-pass.
	pass []glob
	// env are --setenv, --unsetenv and --clearenv, in order. They are applied
	// to the command's environment when that is known.
	env []envStep
	// policyName is the word of --seccomp-policy. It is empty until Finish has
	// chosen one.
	policyName string
	// policyFrom has the words of that flag, or says why there are none.
	policyFrom spec.Origin
	// calls are --allow-32bit, --allow-debug, --allow-setid and --seccomp-log.
	// They change the policy whatever their place in the line.
	calls callFlags
	// refused collects for --seccomp-log. It is nil without that flag, and
	// Start then takes the way that needs no Go runtime.
	refused *policyfile.Refusals
	// raw are the programs of --add-seccomp-fd.
	raw []spec.Filter
	// last is the program of --seccomp, of which the last one counts.
	last arg.Optional[spec.Filter]
	// ptyOff is --pty off.
	ptyOff bool
	// dry is --dry-run.
	dry bool
	// layers are those of --overlay-src that no overlay has used up; nil if
	// there are none.
	layers []string
	// layersFrom are the words of the last one, for the message.
	layersFrom []string
	// from says of which boxes namespaces are to be, in the order of
	// spec.Joinable.
	from [len(spec.Joinable)]donor
	// net is what --net, --allow and --share-net said last.
	net netWords
	// hosts are --add-host.
	hosts hostLines
	// caps are --cap-add and --cap-drop.
	caps arg.Capabilities
	// tell is for --info-fd, --json-status-fd and --userns-block-fd. The
	// session owns it, since it is an act of the plan.
	tell *statusfd.Informer
	// words are those of the whole line.
	words []string
	// docker says that the words are docker's.
	docker bool
	// term is -t.
	term bool
	// argv0 has the word of --argv0, if there was one: it may be empty.
	argv0 []string
	// print is --print-bwrap.
	print bool
	// data is what was read from descriptors: once, and kept, so that a pipe
	// can be named twice.
	data inputs.Data
}

// lists is memory for what only this command line has: long enough for ordinary
// ones, so that it needs no heap. It is no part of session.Memory, which cannot
// know the types of this package. There is one command line in a process, so
// one of these is enough.
var lists struct {
	steps [4 << 10]step
	envs  [256]envStep
	held  [volumesMost]heldVolume

	docker [4 << 10]string
}

// do does one step. An error of the flag itself gets the words of the step in
// front. The modifiers are checked after each step and not at the end: --perms
// that the next flag has no use for would else change some flag behind it,
// silently.
func (b *Line) do(s *step) error {
	b.step = *s
	if s.flag.takesDescriptor() {
		b.descriptor = s.flag.Name
	}
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

// neverRoot are the kinds that can't be the root of a sandbox. They make no
// directory, or one in which no tree can be built. The table ends with the last
// kind, Hostname, so that any kind is an index.
var neverRoot = [...]bool{
	spec.Symlink: true, spec.File: true, spec.Data: true, spec.Proc: true, spec.Dev: true, spec.Mqueue: true, spec.Hostname: false,
}

// add appends an entry with the words of the step. A destination is judged by
// its spelling only: what it leads to is found in the sandbox, where links
// can't lead out.
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
	// What such a name leads to depends on what is there by then, and it can't
	// be made.
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

// onlyDots reports whether there is nothing but slashes and dots in a path. It
// is true for "..." as well, which is a name of a file. Such a destination
// becomes the root.
func onlyDots(path string) bool {
	for i := range len(path) {
		if path[i] != '/' && path[i] != '.' {
			return false
		}
	}
	return true
}
