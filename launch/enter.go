package launch

import (
	"box/internal/early"
	"box/landlock"
	"box/plan"
	"box/spec"
	"box/userns"

	"golang.org/x/sys/unix"
)

// A command that enters a sandbox which runs. The plan is short, since all is there: the walking process enters the namespaces, and
// forks in the pid namespace; that child takes the place of pid 1 for what it forks: it reaps it, and kills what is left of it
// at the end, for it is no init that the kernel would do this for. It ends when its socket closes: with the monitor.
//
// Whoever is in the sandbox sees these processes as soon as they are in its pid namespace, and has the rights of their user. What
// it could open of them would be of the host: the program's file, memory, directories. So nothing of it is dumpable from the
// first call on, see ptrace(2), PTRACE_MODE_READ. A new user namespace of the sandbox's own, as Compile makes it, would keep
// others out by itself; here they are in it.

// entering is what the parts of CompileEnter have in common.
type entering struct {
	b      *plan.Builder
	s      *spec.Spec
	inside *Inside
}

// CompileEnter writes the plan for a command of s in the sandbox that box leads into. Of s count the Command, the Life, the Limits,
// the Caps.Keep and the Filters, which Fill has written; and its Join.Box must be set. Box has been looked at.
//
// It looks at the host; an error is a *plan.HostError.
func CompileEnter(b *plan.Builder, s *spec.Spec, box *userns.Box, inside *Inside) error {
	b.Reset()
	b.Flags = userns.EnterFlags
	e := entering{b, s, inside}
	b.Prctl(plan.WhyTie, unix.PR_SET_DUMPABLE, 0, 0)
	b.Close(plan.Peer)
	if len(s.Life.CPUs) > 0 {
		b.SetCPUs(s.Life.CPUs)
	}
	b.OpenatTo(plan.WhyProc, plan.Proc, plan.Cwd, b.String("/proc"), unix.O_PATH|unix.O_DIRECTORY, 0)
	box.EnterOuter(b)
	stdio := e.stdio()
	box.Enter(b)
	e.tie()
	b.Setsid()
	b.Prctl(plan.WhyPrivilege, unix.PR_SET_NO_NEW_PRIVS, 1, 0)
	e.terminal()
	box.Finish(b, s, inside.Groups)
	env := b.Strings(s.Command.Env)
	b.Umask(s.Life.Umask)
	enter(b, s, env)
	lower(b, unix.RLIMIT_SIGPENDING, s.Limits.Signals)
	if err := fork(b, s); err != nil {
		return err
	}
	stdio.place(b)
	return compileCommand(b, s, env, &landlock.Domain{})
}

// stdio opens what takes the place of standard descriptors, as where there is no Landlock: the command has no domain, since one in
// one of its own could neither signal nor trace the others in the sandbox. That takes mounts of its own.
func (e *entering) stdio() (r replaced) {
	if e.s.Life.Depart { // nobody reads what it writes
		null := e.b.Openat(plan.WhyStdio, plan.Cwd, e.b.String("/dev/null"), unix.O_RDWR, 0)
		return replaced{null, null, null}
	}
	for fd := range e.s.Life.Stdio {
		if d := &e.s.Life.Stdio[fd]; d.Kind == spec.RegularFile && d.Reads && !d.Writes {
			if r == (replaced{}) {
				e.b.Unshare(plan.WhyStdio, unix.CLONE_NEWNS)
			}
			r[fd] = openReadOnly(e.b, fd)
		}
	}
	return r
}

// tie ties the process in the sandbox's pid namespace to the monitor: see begin.
func (e *entering) tie() {
	e.b.Tell(plan.Here)
	e.b.DefaultSignal(int(unix.SIGCHLD)) // see Start
	e.b.ParentAlive()
}

// terminal opens a terminal of the sandbox's own, see openTTY.
func (e *entering) terminal() {
	if e.s.Life.TTY != [3]bool{} {
		e.newTerminal()
	}
}

//go:noinline
func (e *entering) newTerminal() {
	early.Ordinary()
	b, s := e.b, e.s
	was := b.For(spec.Terminal)
	master := e.master()
	b.Ioctl(plan.WhyTerminal, master, unix.TIOCSPTLCK, uintptr(b.Space(4)))
	const flags = unix.O_RDWR | unix.O_NOCTTY | unix.O_CLOEXEC
	b.IoctlTo(plan.WhyTerminal, plan.Tty, master, unix.TIOCGPTPEER, flags) // which nothing but a master answers
	likeCallers(b, s)
	b.Ioctl(plan.WhyTerminal, plan.Tty, unix.TIOCSCTTY, 0)
	b.Send(plan.Master, master, 0)
	b.Close(master)
	b.For(was)
}

// master opens the multiplexer of the sandbox's own /dev/pts, or of one that is mounted nowhere.
func (e *entering) master() plan.Reg {
	const flags = unix.O_RDWR | unix.O_NOCTTY
	if e.inside.Dev == "" {
		return detachedMaster(e.b)
	}
	root := e.b.Openat(plan.WhyTerminal, plan.Cwd, e.b.String("/"), unix.O_PATH|unix.O_DIRECTORY, 0)
	return e.b.OpenInRoot(plan.WhyTerminal, root, e.b.String(spec.Relative(e.inside.Dev)+"/pts/ptmx"), flags, 0)
}

// Fill writes what the record says into s: all but the command, its environment and directory, and what the caller has.
func (x *Inside) Fill(s *spec.Spec, filters []spec.Filter) {
	s.New, s.Join.Box = 0, true
	s.Caps.Keep, s.Labels.Exec = x.Keep, x.Label
	s.IDs.UID, s.IDs.GID = x.UID, x.GID
	s.Life.Umask, s.Life.Keyring = x.Umask, x.Keyring
	s.Limits = x.Limits
	if _, hard, errno := plan.Limits(unix.RLIMIT_NOFILE); errno == 0 { // nobody may raise it
		s.Limits.FilesMax = min(x.Limits.FilesMax, hard)
		s.Limits.Files = min(x.Limits.Files, s.Limits.FilesMax)
	}
	for i := range x.n {
		if len(x.filters[i].Program) > 0 { // else it is a policy that loads nothing
			filters = early.Append(filters, x.filters[i])
		}
	}
	s.Filters = filters
}
