// Package bwrap is bubblewrap's command line: its options with their meaning, its messages and its exit status.
//
// It is the counterpart of package native, and neither imports the other: the
// two command lines share nothing but what session, arg and inputs have.
// Options act from left to right on a Line, as they do in bubblewrap, since
// callers depend on the order in which it checks things and on the first
// message that it prints.
//
// A Line begins with a Spec in which the protections that bubblewrap lacks are
// turned off, so that callers of bubblewrap see what they expect. What stays
// different on purpose is listed in docs/coming-from-bwrap.md.
//
// As in native, the code runs before the Go runtime has begun and must not
// allocate. Every message is made by package bwraptext, which goes the ordinary
// way first.
package bwrap

import (
	"slices"

	"box/cmd/box/internal/arg"
	"box/cmd/box/internal/bwraptext"
	"box/cmd/box/internal/inputs"
	"box/cmd/box/internal/say"
	"box/cmd/box/internal/session"
	"box/cmd/box/internal/statusfd"
	"box/internal/early"
	"box/internal/environ"
	"box/internal/host"
	"box/internal/inherited"
	"box/internal/kernel"
	"box/launch"
	"box/spec"

	"golang.org/x/sys/unix"
)

// Line is a command line in bwrap mode: its options act from left to right on
// this. Options about ids and namespaces are only noted in it, and decided
// about by finish: bubblewrap checks them against each other when it has read
// the whole line.
type Line struct {
	session *session.Session
	spec    *spec.Spec
	// name is argv[0], for the usage line.
	name string
	// level is what errors begin with and warn what warnings do: empty, or the
	// priorities of --level-prefix, see sd-daemon(3).
	level string
	warn  string

	// env is the environment of the command: the caller's, changed by each
	// --setenv, --unsetenv and --clearenv in turn.
	env []string
	// perms and size are for the next option only, see checkModifiers.
	perms arg.Optional[uint32]
	size  arg.Optional[uint64]
	// once notes, by index in Options, which options of those that count only
	// once were given. It is longer than Options.
	once [96]bool
	// words is how many words there were, those of --args files too.
	words int
	// argv0 and dir are nil if the option was not given: an empty word is a
	// value here.
	argv0 *string
	dir   *string
	uid   arg.Optional[uint32]
	gid   arg.Optional[uint32]
	// user is --unshare-user, and userTry --unshare-user-try or --unshare-all.
	user    bool
	userTry bool
	asPID1  bool
	die     bool
	// disable is --disable-userns, and assert --assert-userns-disabled.
	disable  bool
	assert   bool
	locks    []string
	caps     arg.Capabilities
	seccomps []spec.Filter
	// last are the words of --seccomp. Its program is read when all options are
	// known, since only the last one counts.
	last []string
	tell *statusfd.Informer
	// sync are the descriptors of --sync-fd.
	sync []int
	// layers are those of --overlay-src that no overlay has used up.
	layers []string
	data   inputs.Data
	memory *session.Memory
}

// Run runs a command in a sandbox, as the program with this name would. It
// returns the exit status. Its errors have been printed: bubblewrap has one
// exit status for all of its own, 1.
func (b *Line) Run(s *session.Session, name string, words []string) int {
	b.Begin(s, name, inherited.Environ())
	code, err := b.run(words)
	if err != nil {
		return b.report(err)
	}
	return code
}

// Plan writes the plan for words into the session, and starts nothing. Tests
// compare the plans of both ways of starting by it.
func (b *Line) Plan(s *session.Session, words []string, env []string) error {
	b.Begin(s, "bwrap", env)
	command, _, err := b.parse(words, false)
	if err == nil {
		err = b.finish(command)
	}
	if err == nil {
		err = b.readFiles()
	}
	if err == nil {
		err = b.session.Compile()
	}
	return err
}

// report prints an error and returns the exit status. errUsage has been printed
// by whoever returned it.
//
//go:noinline
func (b *Line) report(err error) int {
	early.Ordinary()
	if err != errUsage { //nolint:errorlint // it is never wrapped
		bwraptext.Print(b.level, "%s", err)
	}
	return 1
}

// Begin begins an empty command line of a caller with the environment env. The
// Spec begins with a mount namespace alone, nested user namespaces allowed and
// no filter: bubblewrap unshares only what it is asked for. Each field of
// Mounts is a way in which bubblewrap is laxer, but for PlainDestinations, see
// spec.Mounts. For root the parts of /proc that bubblewrap covers are covered.
func (b *Line) Begin(s *session.Session, name string, env []string) {
	r := &s.Memory
	*b = Line{session: s, memory: r, spec: s.Begin(), tell: &s.Tell, name: name, env: env}
	b.data, b.locks, b.seccomps, b.sync = r.Kept[:0], r.Locks[:0], r.Filters[:0], r.Sync[:0]
	*b.spec = spec.Spec{New: spec.Mount, Nested: true, Tree: r.Tree[:0]}
	b.spec.Mounts = spec.Mounts{
		Propagation: true, KeepMountPoints: true, FollowPlanted: true, KernelTmpfsSize: true, PlainDestinations: true,
		TrailingSlashes: true, ClosedParents: true, RemountStrict: true, AllKeys: true, WritableNodes: true,
	}
	if unix.Getuid() == 0 {
		b.spec.Mounts.Guard = spec.GuardOpen
		b.caps.Set = host.Capabilities() // an ordinary user begins with none
	}
	b.spec.Life = spec.Life{Session: spec.CallerSession, KeepAll: true, Keyring: true, LeaveDescendants: true, Close: r.Close[:0]}
	b.spec.Limits.Cores = true
}

// errUsage ends with the usage text already printed.
const errUsage = say.Asked("usage")

// run is Run with its error. It does things in the order in which bubblewrap
// does, as far as a message shows it: sources are looked for before the data of
// files is missed.
func (b *Line) run(words []string) (int, error) {
	// bubblewrap prints its usage text for a line without words, on stderr.
	if len(words) == 0 {
		bwraptext.Usage(true, b.name)
		return 0, errUsage
	}
	command, done, err := b.parse(words, false)
	if err != nil || done {
		return 0, err
	}
	if err := b.finish(command); err != nil {
		return 0, err
	}
	unread := b.readFiles()
	if block := &b.spec.Life.Block; !inputs.Readable(block.Number()) {
		*block = spec.FD{} // bubblewrap tries, and goes on
	}
	if err := b.session.Compile(); err != nil {
		return 0, b.explained(err) // bubblewrap looks for sources first
	}
	if unread != nil {
		return 0, unread
	}
	return b.start()
}

// start runs the plan. No signal is passed on: what ends bwrap ends bwrap
// alone. -1 stands for no descriptor of signals.
func (b *Line) start() (int, error) {
	inherited.Default()
	status, err := b.session.Run(-1, session.Listener{})
	if err == launch.ErrLost { //nolint:errorlint // it is never wrapped, and errors.Is may not run early
		return status.Exit(), nil // the command ran; only its own status is unknown
	}
	if err != nil {
		return 0, b.explained(err)
	}
	return status.Exit(), nil
}

// explained returns an error of package launch, or of an act, in bubblewrap's
// words. The informer is asked first, because package bwraptext knows nothing
// of --info-fd.
//
//go:noinline
func (b *Line) explained(err error) error {
	early.Ordinary()
	if _, cause := b.tell.Refusal(err); cause != nil {
		return bwraptext.Errorf("Write to info_fd: %s", bwraptext.Reason(cause))
	}
	return bwraptext.Errorf("%s", bwraptext.Of(err, b.spec))
}

// finish checks what only the whole line shows, and completes the Spec. The
// order of the checks is bubblewrap's: those of conflicts, then the usage text,
// then those of namespaces.
func (b *Line) finish(command []string) error {
	if err := b.conflicts(); err != nil {
		return err
	}
	if len(command) == 0 {
		bwraptext.Usage(true, b.name)
		return errUsage
	}
	if err := b.namespaces(); err != nil {
		return err
	}
	s := b.spec
	s.Command.Argv, s.Command.File = command, command[0]
	if b.argv0 != nil {
		s.Command.Argv = session.Renamed(b.memory.Argv[:0], *b.argv0, command)
	}
	b.capabilities()
	b.directory()
	s.Command.Env = setVariable(b.env, "PWD", s.Command.Dir)
	b.life()
	s.Filters = b.seccomps
	inputs.BoxDirectories(s)
	return nil
}

// conflicts checks options about user namespaces against each other: what comes
// before the usage text. The sentences are bubblewrap's, with their grammar:
// callers look for them.
func (b *Line) conflicts() error {
	s := b.spec
	switch {
	case b.tell.Mapped.Given() && !b.user:
		return bwraptext.Errorf("--userns-block-fd requires --unshare-user")
	case b.tell.Mapped.Given() && !b.tell.Info.Given():
		return bwraptext.Errorf("--userns-block-fd requires --info-fd")
	case s.Join.User.Given() && b.user:
		return bwraptext.Errorf("--userns is not compatible with --unshare-user")
	case s.Join.User.Given() && b.userTry:
		return bwraptext.Errorf("--userns is not compatible with --unshare-user-try")
	case b.disable && !b.user:
		return bwraptext.Errorf("--disable-userns requires --unshare-user")
	case b.disable && b.tell.Mapped.Given():
		return bwraptext.Errorf("--disable-userns is not compatible with --userns-block-fd")
	}
	return nil
}

// namespaces decides about the user namespace and the ids. Anybody but root
// needs a user namespace to make the others, so one is implied unless one is
// entered. An id of one's own is no change and needs none.
func (b *Line) namespaces() error {
	s := b.spec
	if b.user || unix.Getuid() != 0 && !s.Join.User.Given() || b.userTry && usernsAllowed() {
		s.New |= spec.User
	}
	own := s.New.Has(spec.User) || s.Join.User.Given()
	if b.uid.Given && b.uid.Value != uint32(unix.Getuid()) && !own {
		return bwraptext.Errorf("Specifying --uid requires --unshare-user or --userns")
	}
	if b.gid.Given && b.gid.Value != uint32(unix.Getgid()) && !own {
		return bwraptext.Errorf("Specifying --gid requires --unshare-user or --userns")
	}
	// Ids that were not given stay as they are.
	s.IDs.UID, s.IDs.GID = b.uid.Take(uint32(unix.Getuid())), b.gid.Take(uint32(unix.Getgid()))
	s.Nested, s.Assert = !b.disable, b.disable || b.assert
	if !s.New.Has(spec.UTS) && slices.ContainsFunc(s.Tree, func(e spec.Entry) bool { return e.Kind == spec.Hostname }) {
		return bwraptext.Errorf("Specifying --hostname requires --unshare-uts")
	}
	if b.asPID1 && !s.New.Has(spec.PID) {
		return bwraptext.Errorf("Specifying --as-pid-1 requires --unshare-pid")
	}
	if b.asPID1 && len(b.locks) > 0 {
		return bwraptext.Errorf("Specifying --as-pid-1 and --lock-file is not permitted")
	}
	return nil
}

// life decides which processes there are, and what the command gets of the
// caller. bubblewrap has a pid 1 of its own only if there is a new pid
// namespace, or something to be held: a lock or a descriptor. Otherwise the
// command takes its place.
func (b *Line) life() {
	life := &b.spec.Life
	reaper := b.spec.New.Has(spec.PID) || len(b.locks) > 0 || len(b.sync) > 0
	life.Direct = !reaper || b.asPID1
	// Without --die-with-parent bubblewrap lets both go on.
	life.LeaveDescendants, life.OutliveParent = !b.die, !b.die
	life.Locks = b.locks
	if !life.Direct {
		b.holdSync()
	}
	b.tell.Prepare(b.spec)
	life.Open = b.tell.Wanted()
	inputs.TakeCallers(b.spec)
	life.Ignored &^= 1 << (unix.SIGCHLD - 1) // bubblewrap waits for it, and leaves it so
	life.Blocked &^= 1 << (unix.SIGCHLD - 1)
}

// holdSync lets pid 1 hold the descriptors of --sync-fd, and not the command. One
// that is not open is left out, as bubblewrap holds all that it has inherited
// and looks at none of them.
func (b *Line) holdSync() {
	life := &b.spec.Life
	open := b.sync[:0]
	for _, fd := range b.sync {
		life.Close = early.Append(life.Close, fd)
		if inputs.IsOpen(fd) == nil {
			open = early.Append(open, fd)
		}
	}
	life.Sync = open
}

// capabilities decides what the command has: root keeps all that it has if
// nothing is said. If anything is said, the set begins with what root has
// (Begin), and the options have changed it in order.
func (b *Line) capabilities() {
	c := &b.spec.Caps
	c.Keep, c.Callers = b.caps.Set, unix.Getuid() == 0 && !b.caps.Given
	if !b.spec.OwnsUser() {
		c.Keep &= host.Capabilities() // nobody can give away more
	}
}

// directory decides where the command starts. Without --chdir it is the first
// of the caller's directory, HOME and the root that can be entered. Only the
// child can find that out, so all of them go into the Spec. HOME is that of the
// changed environment.
func (b *Line) directory() {
	c := &b.spec.Command
	if b.dir != nil {
		c.Dir = *b.dir
		return
	}
	c.Dirs = b.memory.Dirs[:0]
	if dir := inputs.WorkingDirectory(); dir != "" {
		c.Dirs = early.Append(c.Dirs, dir)
	}
	if home := environ.Value(b.env, "HOME"); home != "" {
		c.Dirs = early.Append(c.Dirs, home)
	}
	c.Dirs = early.Append(c.Dirs, "/")
}

// usernsAllowed is root's look before --unshare-user-try. bubblewrap looks at
// these two files, too: a kernel without user namespaces has no
// /proc/self/ns/user, and a limit of 0 forbids them. An ordinary user needs no
// such look: there the namespace is made in any case.
//
//go:noinline
func usernsAllowed() bool {
	early.Ordinary()
	if !host.Exists("/proc/self/ns/user") {
		return false
	}
	return kernel.Sysctl("user/max_user_namespaces") != "0"
}
