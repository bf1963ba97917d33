package native

import (
	"slices"
	"strings"

	"box/cmd/box/internal/arg"
	"box/cmd/box/internal/inputs"
	"box/cmd/box/internal/say"
	"box/cmd/box/internal/session"
	"box/internal/early"
	"box/internal/environ"
	"box/internal/host"
	"box/internal/inherited"
	"box/mounts"
	"box/netns"
	"box/seccompprofile"
	"box/spec"

	"golang.org/x/sys/unix"
)

// Finish completes the Spec with the command, what box adds by itself, and what
// the caller has. The order matters. The policy comes after everything that
// changes which one it is, and before limited, which asks what it refuses. The
// base view comes after the host name, which it writes to /etc/hosts. The
// environment and the working directory come last: both ask what is inside, so
// the tree has to be complete.
//
// An empty command, and one whose name is empty, are refused here: execve(2)
// would say ENOENT, in the child, for both.
func (b *Line) Finish(command []string) error {
	s := b.spec
	if m := &b.modifiers; m.words != nil {
		return say.Refuse(m.words, "nothing follows that it is for")
	}
	if len(command) == 0 {
		early.Ordinary()
		return b.noCommand()
	}
	if command[0] == "" {
		return say.Refuse(nil, "the command's name is empty")
	}
	s.Command.File, s.Command.Argv, s.Command.CallersPath = command[0], command, inherited.Variable("PATH")
	if len(b.argv0) > 0 {
		s.Command.Argv = session.Renamed(b.memory.Argv[:0], b.argv0[0], command)
	}
	// The default policy refuses new user namespaces, which would make the flag
	// useless.
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
	if err := b.networked(); err != nil {
		return err
	}
	if err := b.named(); err != nil {
		return err
	}
	if err := b.capable(); err != nil {
		return err
	}
	// Before filters and limited: it reports whether somebody else writes the id
	// maps, which limited looks at.
	b.tell.Prepare(s)
	if err := b.filters(); err != nil {
		return err
	}
	if err := b.limited(); err != nil {
		return err
	}
	b.dirName = inputs.WorkingDirectory()
	inputs.OwnDirectories(s)
	if err := b.furnish(); err != nil {
		return err
	}
	mounts.Resolver(s, netns.Resolver)
	inputs.TakeCallers(s)
	b.terminals()
	b.tellDescriptors(command)
	if err := inputs.Describe(s, b.memory.KeptAs[:0]); err != nil {
		return err
	}
	b.alone()
	env := apply(b.environ(inherited.Environ()), b.env)
	b.directory(env)
	// PWD is set last: no flag can make it differ from the directory where the
	// command starts.
	s.Command.Env = early.Append(environ.Without(env, "PWD"), early.Concat("PWD=", s.Command.Dir))
	return nil
}

// capable decides which capabilities the command has. In a user namespace of
// its own it can have any, since they count there only. Without one they are
// the caller's, see capabilities(7).
func (b *Line) capable() error {
	s := b.spec
	if s.Caps.Keep = b.caps.Set; !s.OwnsUser() {
		s.Caps.Keep &= host.Capabilities() // nobody can give away more
	}
	// hook_sb_mount() in the kernel's security/landlock/fs.c refuses mount(2)
	// to everything in a domain that handles files.
	if s.Confine.Required.Words != nil && s.Mounting() {
		return say.Refuse(s.Confine.Required.Words,
			"it would keep the command from mounting, which --nested-userns and CAP_SYS_ADMIN are for")
	}
	return nil
}

// noCommand returns the message for a line without a command. The command may
// have been taken for the last word of a flag.
func (b *Line) noCommand() error {
	m := say.Usagef("no command given").Hintf("box [flags] -- program [arguments]; box --help lists the flags")
	if n := len(b.spec.Tree); n > 0 {
		words := b.spec.Tree[n-1].Origin.Words
		if last := len(words) - 1; last > 1 && words[last] != "" && words[last][0] != '/' {
			m.Cause = words[last] + " was taken as the last word of " + words[0]
		}
	}
	return m
}

// ownName is the host name of a sandbox that no flag names.
const ownName = "box"

// named gives the sandbox a host name of its own: the caller's says which
// machine this is, and whose. A --hostname beside --share-uts is refused: it
// would change the name of the caller's machine, or fail for want of a
// privilege. If the flag is there more than once, the last one counts.
func (b *Line) named() error {
	s := b.spec
	b.host = ""
	for i := range s.Tree {
		if e := &s.Tree[i]; e.Kind == spec.Hostname {
			switch b.host = e.Source; {
			case s.Callers(spec.UTS):
				return say.Refuse(e.Origin.Words, "the host name is the caller's, with --share-uts")
			case !s.New.Has(spec.UTS):
				return b.namedByBox(e.Origin.Words)
			}
		}
	}
	if s.Join.Of.Has(spec.UTS) {
		b.host = s.Join.HostName
	}
	if b.host == "" && s.New.Has(spec.UTS) {
		b.host = ownName
		e := spec.Entry{Kind: spec.Hostname, Source: ownName}
		e.Origin.Note = "a host name of its own (--share-uts keeps the caller's)"
		s.Tree = early.Append(s.Tree, e)
	}
	return nil
}

// furnish adds the base view if no flag says anything about files, else the
// default mounts. A host name is an entry of the tree, but says nothing about
// files. With --base full the base view is added beside flags for files: they
// come after it, and so cover it.
func (b *Line) furnish() error {
	files := false
	for i := range b.spec.Tree {
		files = files || b.spec.Tree[i].Kind != spec.Hostname
	}
	switch wanted := b.project.into() != nil || b.project.words != nil || b.beside; {
	case b.project.writable && b.project.scratch != nil:
		return say.Refuse(b.project.scratch, "-w makes the project itself writable: only one of the two can be meant")
	case b.view == "none" && wanted:
		early.Ordinary()
		return say.Usagef("-w, --scratch, --project, -B, -W and -v need the base view, and --base none leaves it out")
	// Not even /proc, /dev and /tmp.
	case b.view == "none":
		b.hostsInTree()
	case b.view == "full" || wanted || !files:
		return b.baseView()
	default:
		b.hostsInTree()
		b.left = mounts.Defaults(b.spec)
		b.explainNotes()
	}
	return nil
}

// explainNotes adds the flag that leaves an entry out to the note of one that
// no flag asked for. Package mounts knows no flags, so the front end adds this.
// The notes are what --dry-run prints beside a call.
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

// terminals decides which descriptors become a terminal of the sandbox's own. A
// terminal of the caller's would let the command read what is typed later, or
// push input by TIOCSTI where the kernel still allows it
// (dev.tty.legacy_tiocsti). A command that has another input or output too
// begins in the background of its terminal: the caller's may be a pager's. It
// is brought to the foreground if it asks for that, by SIGTTIN or SIGTTOU.
func (b *Line) terminals() {
	life := &b.spec.Life
	for fd := range life.TTY {
		life.TTY[fd] = !b.ptyOff && host.IsTerminal(fd)
	}
	life.Front = life.TTY == [3]bool{true, true, true} && (life.Direct || host.Foreground(0))
}

// tellDescriptors tells of words that name a descriptor which the command does
// not inherit: a shell gives such words for <(...).
func (b *Line) tellDescriptors(command []string) {
	for _, word := range command[1:] {
		const dir = "/dev/fd/"
		if !strings.HasPrefix(word, dir) {
			continue
		}
		fd, is := arg.Number(word[len(dir):], 10)
		if !is || fd < 3 || fd > 1<<31-1 || slices.Contains(b.spec.Life.Keep, int(fd)) {
			continue
		}
		if _, errno := host.Fcntl(int(fd), unix.F_GETFD, 0); errno != 0 {
			continue
		}
		say.Tell(word, ": the command does not inherit this descriptor (--keep-fd ", word[len(dir):], " lets it)")
	}
}

// directory decides where the command starts, if no flag does: where the caller
// is, else at home, else at the root. A directory that is not in the sandbox
// can't be one to start in, and a start that fails because of the caller's
// directory would help nobody. HOME is taken from the command's environment,
// not from the caller's: --setenv may have moved it.
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
