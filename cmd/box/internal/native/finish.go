package native

import (
	"box/cmd/box/internal/inputs"
	"box/cmd/box/internal/say"
	"box/cmd/box/internal/session"
	"box/internal/early"
	"box/internal/environ"
	"box/internal/host"
	"box/internal/inherited"
	"box/mounts"
	"box/seccompprofile"
	"box/spec"

	"golang.org/x/sys/unix"
)

// Finish completes the Spec with the command, what box adds by itself, and what the caller has.
func (b *Line) Finish(command []string) error {
	s := b.spec
	if m := &b.modifiers; m.words != nil {
		return say.Refuse(m.words, "nothing follows that it is for")
	}
	if len(command) == 0 {
		early.Ordinary()
		return say.Usagef("no command given").Hintf("box [flags] -- program [arguments]; box --help lists the flags")
	}
	if command[0] == "" {
		return say.Refuse(nil, "the command's name is empty")
	}
	s.Command.File, s.Command.Argv, s.Command.CallersPath = command[0], command, inherited.Variable("PATH")
	if b.argv0 != "" {
		s.Command.Argv = session.Renamed(b.room.Argv[:0], b.argv0, command)
	}
	if s.Nested && b.policyName == "" {
		b.policyName = seccompprofile.Nested
	}
	if b.layers != nil {
		return say.Refuse(b.layersFrom, "must stand before --overlay, --tmp-overlay or --ro-overlay")
	}
	if err := b.joins(); err != nil {
		return err
	}
	if s.IDs.Origin.Words != nil && !s.New.Has(spec.User) && !s.Join.User.Given() {
		return say.Refuse(s.IDs.Origin.Words, "needs a user namespace of its own, and --share-user keeps the caller's")
	}
	if err := b.named(); err != nil {
		return err
	}
	if s.Caps.Keep = b.caps.Set; !s.OwnsUser() {
		s.Caps.Keep &= host.Capabilities() // nobody can give away more
	}
	if s.Confine.Required.Words != nil && s.Mounting() {
		return say.Refuse(s.Confine.Required.Words,
			"it would keep the command from mounting, which --nested-userns and CAP_SYS_ADMIN are for")
	}
	b.tell.Prepare(s)
	if err := b.filters(); err != nil {
		return err
	}
	if err := b.limited(); err != nil {
		return err
	}
	b.dirName = inputs.WorkingDirectory()
	if err := b.furnish(); err != nil {
		return err
	}
	s.Mounts.State = inputs.StateDirectory()
	inputs.TakeCallers(s)
	b.terminals()
	if err := inputs.Describe(s, b.room.KeptAs[:0]); err != nil {
		return err
	}
	env := apply(b.environ(inherited.Environ()), b.env)
	b.directory(env)
	s.Command.Env = early.Append(environ.Without(env, "PWD"), early.Concat("PWD=", s.Command.Dir))
	return nil
}

// ownName is the host name of a sandbox that no flag names.
const ownName = "box"

// named gives the sandbox a host name of its own: the caller's says which machine this is, and whose.
func (b *Line) named() error {
	s := b.spec
	b.host = ""
	for i := range s.Tree {
		if e := &s.Tree[i]; e.Kind == spec.Hostname {
			if b.host = e.Source; !s.New.Has(spec.UTS) {
				return say.Refuse(e.Origin.Words, "the host name is the caller's, with --share-uts")
			}
		}
	}
	if b.host == "" && s.New.Has(spec.UTS) {
		b.host = ownName
		e := spec.Entry{Kind: spec.Hostname, Source: ownName}
		e.Origin.Note = "a host name of its own (--share-uts keeps the caller's)"
		s.Tree = early.Append(s.Tree, e)
	}
	return nil
}

// furnish adds the base view if no flag says anything about files, else the default mounts.
func (b *Line) furnish() error {
	files := false
	for i := range b.spec.Tree {
		files = files || b.spec.Tree[i].Kind != spec.Hostname
	}
	switch {
	case b.view == "none":
	case b.view == "full" || !files:
		return b.baseView()
	default:
		b.left = mounts.Defaults(b.spec)
		b.explainNotes()
	}
	if b.project {
		say.Tell("-w: has no effect beside file flags: --bind . makes a directory writable")
	}
	return nil
}

// explainNotes adds the flag that leaves an entry out to the note of one that no flag asked for.
func (b *Line) explainNotes() {
	for i := range b.spec.Tree {
		switch o := &b.spec.Tree[i].Origin; o.Note {
		case mounts.NoteBase:
			o.Note = mounts.NoteBase + leavesOut
		case mounts.NoteDefault:
			o.Note = mounts.NoteDefault + leavesOut
		}
	}
}

const leavesOut = " (--base none leaves it out)"

// baseView adds the base view.
func (b *Line) baseView() error {
	home := inherited.Variable("HOME")
	left, err := mounts.Base(b.spec, mounts.Host{
		UID: unix.Getuid(), Home: home, Homes: homes(b.room.Homes[:0], home), Dir: b.dirName,
		Writable: b.project, Name: b.host,
	})
	if err != nil {
		early.Ordinary()
		return say.Usagef("-w: %v", err).Hintf("remove the link, or leave -w out")
	}
	b.explainNotes()
	if left != "" {
		say.Tell(left, ": it is not brought in, the command starts in an empty home")
	}
	b.bare = left != ""
	return nil
}

// homes returns what may be the caller's home: HOME, which anybody may have set, and what the system says.
func homes(found []string, home string) []string {
	if home != "" {
		found = early.Append(found, home)
	}
	if home := host.Home(unix.Getuid()); home != "" && home != "/" {
		found = early.Append(found, home)
	}
	return found
}

// terminals decides which descriptors become a terminal of the sandbox's own.
func (b *Line) terminals() {
	for fd := range b.spec.Life.TTY {
		b.spec.Life.TTY[fd] = !b.ptyOff && host.IsTerminal(fd)
	}
}

// directory decides where the command starts, if no flag does: where the caller is, else at home, else at the root.
func (b *Line) directory(env []string) {
	c := &b.spec.Command
	if c.Dir != "" {
		return
	}
	if b.dirName != "" && !b.bare && inside(b.spec, b.dirName) {
		c.Dir = b.dirName
		return
	}
	if home := environ.Value(env, "HOME"); inside(b.spec, home) {
		c.Dir = home
		return
	}
	c.Dir = "/"
}
