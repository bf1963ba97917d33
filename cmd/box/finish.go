package main

import (
	"os"
	"os/user"
	"slices"
	"strconv"

	"box/internal/host"
	"box/mounts"
	"box/seccompprofile"
	"box/spec"

	"golang.org/x/sys/unix"
)

// finish completes the Spec with the command, what box adds by itself, and what the caller has.
func (b *build) finish(command []string) error {
	s := b.spec
	if m := &b.modifiers; m.words != nil {
		return usage("%s: nothing follows that it is for", joined(m.words))
	}
	if len(command) == 0 {
		return usage("no command given").hint("box [flags] -- program [arguments]; box --help lists the flags")
	}
	if command[0] == "" {
		return usage("the command's name is empty")
	}
	s.Command.File, s.Command.Argv, s.Command.CallersPath = command[0], command, os.Getenv("PATH")
	if b.argv0 != "" {
		s.Command.Argv = append([]string{b.argv0}, command[1:]...)
	}
	if s.Nested && b.policyName == "" {
		b.policyName = seccompprofile.Nested
	}
	if b.layers != nil {
		return usage("%s: must stand before --overlay, --tmp-overlay or --ro-overlay", joined(b.layersFrom))
	}
	if err := b.joins(); err != nil {
		return err
	}
	if s.IDs.Origin.Words != nil && !s.New.Has(spec.User) && !s.Join.User.Given() {
		return usage("%s: needs a user namespace of its own, and --share-user keeps the caller's", s.IDs.Origin)
	}
	for _, e := range s.Tree {
		if e.Kind == spec.Hostname && !s.New.Has(spec.UTS) {
			return usage("%s: the host name is the caller's, with --share-uts", e.Origin)
		}
	}
	if s.Caps.Keep = b.caps.set; !s.OwnsUser() {
		s.Caps.Keep &= host.Capabilities() // nobody can give away more
	}
	b.tell.prepare(s)
	if err := b.filters(); err != nil {
		return err
	}
	if err := b.limited(); err != nil {
		return err
	}
	if err := b.furnish(); err != nil {
		return err
	}
	takeCallers(s)
	b.terminals()
	callers := os.Environ()
	env := apply(environ(s, callers, b.pass), b.env)
	b.directory(env)
	s.Command.Env = append(without(env, "PWD"), "PWD="+s.Command.Dir)
	return nil
}

// furnish adds the base view if no flag says anything about files, else the courtesies.
func (b *build) furnish() error {
	files := slices.ContainsFunc(b.spec.Tree, func(e spec.Entry) bool { return e.Kind != spec.Hostname })
	switch {
	case b.view == "none":
	case b.view == "full" || !files:
		dir, _ := os.Getwd()
		home := os.Getenv("HOME")
		left, err := mounts.Base(b.spec, mounts.Host{
			UID: unix.Getuid(), Home: home, Homes: homes(home), Dir: dir, Writable: b.project,
		})
		if err != nil {
			return usage("-w: %v", err).hint("remove the link, or leave -w out")
		}
		if left != "" {
			notice("%s: it is not brought in, the command starts in an empty home", left)
		}
		b.bare = left != ""
		return nil
	default:
		b.left = mounts.Courtesies(b.spec)
	}
	if b.project {
		notice("-w: has no effect beside file flags: --bind . makes a directory writable")
	}
	return nil
}

// homes returns what may be the caller's home: HOME, which anybody may have set, and what the system says.
func homes(home string) []string {
	var found []string
	if home != "" {
		found = append(found, home)
	}
	if u, err := user.LookupId(strconv.Itoa(unix.Getuid())); err == nil && u.HomeDir != "" && u.HomeDir != "/" {
		found = append(found, u.HomeDir)
	}
	return found
}

// terminals decides which descriptors become a terminal of the sandbox's own.
func (b *build) terminals() {
	for fd := range b.spec.Life.TTY {
		b.spec.Life.TTY[fd] = !b.ptyOff && host.IsTerminal(fd)
	}
}

// directory decides where the command starts, if no flag does: where the caller is, else at home, else at the root.
func (b *build) directory(env []string) {
	c := &b.spec.Command
	if c.Dir != "" {
		return
	}
	if dir, err := os.Getwd(); err == nil && !b.bare && inside(b.spec, dir) {
		c.Dir = dir
		return
	}
	if home := valueOf(env, "HOME"); inside(b.spec, home) {
		c.Dir = home
		return
	}
	c.Dir = "/"
}
