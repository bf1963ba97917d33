package main

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"slices"

	"box/internal/inherited"
	"box/internal/kernel"
	"box/launch"
	"box/spec"

	"golang.org/x/sys/unix"
)

// bwrapVersion is the version of bubblewrap whose manners these are.
const bwrapVersion = "0.11.1"

// bwrap is a command line in the manners of bubblewrap: its options act from left to right on this.
type bwrap struct {
	spec  *spec.Spec
	name  string // argv[0], for the usage line
	level string // --level-prefix: what errors begin with
	warn  string // and warnings

	env     []string
	perms   *uint32
	size    *uint64
	once    map[string]bool // options of which only the last counts, as far as they were given
	words   int             // how many there were, those of --args too
	argv0   string
	dir     string
	uid     *uint32
	gid     *uint32
	user    bool // --unshare-user
	userTry bool
	asPID1  bool
	die     bool
	disable bool // --disable-userns
	locks   []string
	caps    uint64 // --cap-add and --cap-drop

	capsGiven bool

	seccomps []spec.Filter
	last     int // descriptors; -1 is none
	info     int
	status   int
	block    int
	userns   int
	sync     int
	data     keptData
}

// bwrapError is a message in the manners of bubblewrap: without its prefix.
type bwrapError struct{ text string }

func (e *bwrapError) Error() string { return e.text }

func die(format string, args ...any) error { return &bwrapError{fmt.Sprintf(format, args...)} }

// runBwrap is box in the manners of bubblewrap. It returns the exit status.
func runBwrap(name string, words []string) int {
	b := &bwrap{
		name: name, env: os.Environ(), once: map[string]bool{}, data: keptData{},
		last: -1, info: -1, status: -1, block: -1, userns: -1, sync: -1,
	}
	b.spec = &spec.Spec{New: spec.Mount, Nested: true, Mounts: spec.Mounts{
		Follow: true, Leave: true, Trust: true, Whole: true,
	}}
	if unix.Getuid() == 0 {
		b.spec.Mounts.Guard = spec.GuardOpen
	}
	b.spec.Life = spec.Life{Session: spec.CallerSession, KeepAll: true, Keyring: true, Detached: true}
	b.spec.Limits.Cores = true
	code, err := b.run(words)
	if err == nil {
		return code
	}
	if !errors.Is(err, errUsage) {
		fmt.Fprintf(os.Stderr, "%sbwrap: %s\n", b.level, err)
	}
	return 1
}

// errUsage ends with the usage text already printed.
var errUsage = errors.New("usage")

func (b *bwrap) run(words []string) (int, error) {
	if len(words) == 0 {
		bwrapUsage(os.Stderr, b.name)
		return 0, errUsage
	}
	command, done, err := b.parse(words, false)
	if err != nil || done {
		return 0, err
	}
	if err := b.finish(command); err != nil {
		return 0, err
	}
	if err := launch.Compile(&builder, b.spec); err != nil {
		return 0, die("%s", launch.ExplainBwrap(err, b.spec))
	}
	if act := b.informer(); act != nil {
		builder.Outside = append(builder.Outside, act)
	}
	return b.start()
}

// start runs the plan. No signal is passed on: what ends bwrap ends bwrap alone.
func (b *bwrap) start() (int, error) {
	inherited.Default()
	runtime.LockOSThread()
	box, err := launch.Start(&builder.Plan, b.spec, -1)
	if err != nil {
		return 0, die("%s", launch.ExplainBwrap(err, b.spec))
	}
	status, err := box.Wait()
	if errors.Is(err, launch.ErrLost) {
		return status.Exit(), nil // the command ran; only its own status is unknown
	}
	if err != nil {
		return 0, die("%s", launch.ExplainBwrap(err, b.spec))
	}
	if b.status >= 0 {
		writeFD(b.status, fmt.Sprintf("{ \"exit-code\": %d }\n", status.Exit()))
	}
	return status.Exit(), nil
}

// finish checks what only the whole line shows, and completes the Spec.
func (b *bwrap) finish(command []string) error {
	if len(command) == 0 {
		bwrapUsage(os.Stderr, b.name)
		return errUsage
	}
	if err := b.namespaces(); err != nil {
		return err
	}
	s := b.spec
	s.Command.Argv, s.Command.File = command, command[0]
	if b.argv0 != "" {
		s.Command.Argv = append([]string{b.argv0}, command[1:]...)
	}
	b.capabilities()
	b.directory()
	s.Command.Env = setVariable(b.env, "PWD", s.Command.Dir)
	b.life()
	s.Filters = b.seccomps
	return nil
}

// namespaces decides about the user namespace and the ids.
func (b *bwrap) namespaces() error {
	s := b.spec
	switch {
	case b.userns >= 0 && !b.user:
		return die("--userns-block-fd requires --unshare-user")
	case b.userns >= 0 && b.info < 0:
		return die("--userns-block-fd requires --info-fd")
	case b.disable && !b.user:
		return die("--disable-userns requires --unshare-user")
	case b.disable && b.userns >= 0:
		return die("--disable-userns is not compatible with  --userns-block-fd")
	}
	if b.user || b.userTry && usernsAllowed() || unix.Getuid() != 0 {
		s.New |= spec.User
	}
	own := s.New.Has(spec.User)
	if b.uid != nil && *b.uid != uint32(unix.Getuid()) && !own {
		return die("Specifying --uid requires --unshare-user or --userns")
	}
	if b.gid != nil && *b.gid != uint32(unix.Getgid()) && !own {
		return die("Specifying --gid requires --unshare-user or --userns")
	}
	s.IDs.UID, s.IDs.GID = uint32(unix.Getuid()), uint32(unix.Getgid())
	if b.uid != nil {
		s.IDs.UID = *b.uid
	}
	if b.gid != nil {
		s.IDs.GID = *b.gid
	}
	s.IDs.Given = b.userns >= 0
	s.Nested = !b.disable
	if !s.New.Has(spec.UTS) && slices.ContainsFunc(s.Tree, func(e spec.Entry) bool { return e.Kind == spec.Hostname }) {
		return die("Specifying --hostname requires --unshare-uts")
	}
	if b.asPID1 && !s.New.Has(spec.PID) {
		return die("Specifying --as-pid-1 requires --unshare-pid")
	}
	if b.asPID1 && b.locks != nil {
		return die("Specifying --as-pid-1 and --lock-file is not permitted")
	}
	return nil
}

// life decides which processes there are, and what the command gets of the caller.
func (b *bwrap) life() {
	life := &b.spec.Life
	reaper := b.spec.New.Has(spec.PID) || b.locks != nil || b.sync >= 0
	life.Direct = !reaper || b.asPID1
	life.Detached, life.OutliveParent = !b.die, !b.die
	life.Locks = b.locks
	if b.sync >= 0 && !life.Direct {
		life.Sync = []int{b.sync}
		life.Close = append(life.Close, b.sync)
	}
	life.Await = b.info >= 0 || b.status >= 0 || b.userns >= 0
	takeCallers(b.spec)
	life.Ignored &^= 1 << (unix.SIGCHLD - 1) // bubblewrap always gives it the default
}

// directory decides where the command starts.
func (b *bwrap) directory() {
	c := &b.spec.Command
	if b.dir != "" {
		c.Dir = b.dir
		return
	}
	if dir, err := os.Getwd(); err == nil {
		c.Dirs = append(c.Dirs, dir)
	}
	if home := valueOf(b.env, "HOME"); home != "" {
		c.Dirs = append(c.Dirs, home)
	}
	c.Dirs = append(c.Dirs, "/")
}

// usernsAllowed is the look before --unshare-user-try.
func usernsAllowed() bool {
	if _, err := os.Stat("/proc/self/ns/user"); err != nil {
		return false
	}
	return kernel.Sysctl("user/max_user_namespaces") != "0"
}
