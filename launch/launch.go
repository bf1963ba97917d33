// Package launch makes a sandbox: it compiles a Spec to a Plan, clones a child that walks it, watches the child and
// reports how its command ended.
//
// Three processes take part, as a rule. The monitor is the process that the caller has started: it compiles
// (Compile), clones (Start) and waits (Wait). Pid 1 is its child. It walks the plan, that is, it makes the calls one
// by one, and reaps what the command leaves behind. The command's process is forked by pid 1 and makes the rest of
// the calls, of which the last is execve(2).
//
// Monitor and child have the same plan. So a call that fails is told by its number and its errno, in a record over a
// socket, and the monitor finds the call, whom it is for and why it was made. The messages for users are made
// elsewhere.
//
// The child of a process with a Go runtime has a copy of that and must not use it. Nor may anything allocate in a run
// that has begun before the runtime: such a function calls early.Ordinary first, or is not reached. From early.Commit
// in Start until the sandbox has ended there is no way back to the ordinary start, since the plan has had effects.
//
// Between the clone and the end the monitor trusts nothing that comes over the socket: a command that has taken pid 1
// over may have sent it. See hear.go.
package launch

import (
	"box/internal/environ"
	"box/landlock"
	"box/mounts"
	"box/netns"
	"box/plan"
	"box/seccompprofile"
	"box/spec"
	"box/userns"

	"golang.org/x/sys/unix"
)

// Compile writes the plan for s. The order is the meaning: every part may rely on those before it, and a filter comes
// last because it may forbid everything above.
//
// It looks at the host; an error is a *plan.HostError for what is missing there.
func Compile(b *plan.Builder, s *spec.Spec) error {
	b.Reset()
	// If pid 1 had the parent's end of the socket, too, its own end would never show that the parent is gone.
	b.Close(plan.Peer)
	userns.Join(b, s)
	begin(b, s)
	if err := userns.Compile(b, s); err != nil {
		return err
	}
	if err := netns.Compile(b, s); err != nil {
		return err
	}
	if s.Life.Session == spec.SandboxSession {
		b.Setsid()
	}
	// Without it a process that has no CAP_SYS_ADMIN may load no filter (EACCES, see seccomp(2)).
	b.Prctl(plan.WhyPrivilege, unix.PR_SET_NO_NEW_PRIVS, 1, 0)
	// Files in the tree get the modes that are asked for. The command gets its own umask below.
	b.Umask(0)
	label(b, "self/attr/fscreate", s.Labels.File)
	domain, err := landlock.Begin(b, s)
	if err != nil {
		return err
	}
	stdio := replaceStdio(b, s)
	if err := mounts.Compile(b, s); err != nil {
		return err
	}
	// After the tree, since the terminal is one of the sandbox's own /dev/pts, if it has one.
	openTTY(b, s)
	// Until this record comes, the monitor doesn't kill pid 1 at once: see letBuild.
	if b.Sends>>plan.Made&1 != 0 {
		b.Tell(plan.Built)
	}
	if err := userns.Finish(b, s); err != nil {
		return err
	}
	handOut(b, s)
	if s.Life.Block.Given() {
		was := b.For(spec.Awaited)
		b.AwaitByte(s.Life.Block.Number())
		b.For(was)
	}
	env := b.Strings(s.Command.Env)
	b.Umask(s.Life.Umask)
	enter(b, s, env)
	if s.Life.Session == spec.CommandSession {
		b.Setsid()
	}
	// The one who gets a signal is the one whose limit counts, and pid 1 blocks all of them: so it has the command's.
	lower(b, unix.RLIMIT_SIGPENDING, s.Limits.Signals)
	netns.Ready(b, s)
	if err := fork(b, s); err != nil {
		return err
	}
	stdio.place(b)
	return compileCommand(b, s, env, &domain)
}

// begin ties the child to its parent: it dies with it, and with the thread that made it. The descriptor of /proc is
// opened while paths still are the host's.
func begin(b *plan.Builder, s *spec.Spec) {
	if s.Joins() {
		b.Tell(plan.Here)
		if foreign(s) {
			b.DefaultSignal(int(unix.SIGCHLD)) // see Start
		}
	}
	if !s.Life.LeaveDescendants {
		b.Prctl(plan.WhyTie, unix.PR_SET_PDEATHSIG, uintptr(unix.SIGKILL), 0)
		b.ParentAlive()
	}
	if s.Join.Of == 0 {
		b.Prctl(plan.WhyTie, unix.PR_SET_DUMPABLE, 1, 0) // the parent may not be, and what isn't can't write its own uid_map
	}
	if len(s.Life.CPUs) > 0 {
		b.SetCPUs(s.Life.CPUs)
	}
	b.OpenatTo(plan.WhyProc, plan.Proc, plan.Cwd, b.String("/proc"), unix.O_PATH|unix.O_DIRECTORY, 0)
	if s.Life.Await && !s.IDs.Ranges { // ranges of ids wait anyway
		if s.Join.Of != 0 {
			b.Prctl(plan.WhyTie, unix.PR_SET_DUMPABLE, 1, 0) // an act looks at its namespaces
		}
		b.AwaitParent()
		if s.Join.Of != 0 {
			b.Prctl(plan.WhyTie, unix.PR_SET_DUMPABLE, 0, 0)
		}
	}
}

// label writes an SELinux context to one of the attributes of a process, see the files attr in proc(5).
func label(b *plan.Builder, attribute, context string) {
	if context == "" {
		return
	}
	fd := b.Openat(plan.WhyLabel, plan.Proc, b.String(attribute), unix.O_WRONLY, 0)
	b.Write(plan.WhyLabel, fd, b.String(context), len(context))
	b.Close(fd)
}

// fork writes the end of the part of pid 1, if there is one besides the command.
func fork(b *plan.Builder, s *spec.Spec) error {
	// The command takes the place of pid 1.
	if s.Life.Direct {
		return nil
	}
	hold(b, s)
	hide(b, s)
	if !s.Guarded() {
		b.KeepOpen(plan.Reaper)
		b.KeepOpen(plan.Caller)
		b.Signalfd(plan.Reaper, bit(unix.SIGCHLD))
		outlive(b, s)
		b.Fork()
		if s.Life.Named || s.Life.Depart {
			b.TellStarted()
		}
		return nil
	}
	first := b.ForkGuarded()
	err := seccompprofile.Compile(b, s)
	b.GuardedBy(first)
	return err
}

// hold opens what pid 1 keeps open as long as it lives: locked files, see fcntl(2), F_SETLK, and the caller's descriptors.
func hold(b *plan.Builder, s *spec.Spec) {
	b.KeepOpen(plan.Status)
	if !s.OwnsPID() && !s.Guarded() {
		b.KeepOpen(plan.Proc) // to look for descendants
	}
	if s.Life.TTY != [3]bool{} {
		b.KeepOpen(plan.Tty) // to bring the command to its foreground
	}
	for _, fd := range s.Life.Sync {
		b.KeepFD(fd)
	}
	for i, path := range s.Life.Locks {
		was := b.For(spec.LockRef(i))
		b.LockFile(b.String(path))
		b.For(was)
	}
}

// enter writes the change to the working directory, which no magic link of /proc may lead to: /proc/self/fd still holds
// descriptors of the host. Of several directories the best one comes last, so that what succeeded last counts; env is the
// array of the environment, in which PWD follows.
func enter(b *plan.Builder, s *spec.Spec, env plan.Ptr) {
	was := b.For(spec.Directory)
	const flags = unix.O_PATH | unix.O_DIRECTORY
	if s.Command.Dir != "" || len(s.Command.Dirs) == 0 { // an empty one fails: ENOENT
		b.Fchdir(plan.WhyDir, b.OpenPlain(plan.WhyDir, b.String(s.Command.Dir), flags))
	}
	for i := len(s.Command.Dirs) - 1; i >= 0; i-- {
		dir := b.OpenPlain(plan.WhyDir, b.String(s.Command.Dirs[i]), flags)
		b.Ignoring(unix.ENOENT, unix.EACCES, unix.ENOTDIR, unix.ELOOP)
		b.Fchdir(plan.WhyDir, dir)
		b.Ignoring(unix.EACCES)
		b.Last().When = plan.Done
		for n, e := range s.Command.Env {
			if environ.Is(e, "PWD") {
				b.Set(plan.Slot(env, n), b.Concat("PWD=", s.Command.Dirs[i], ""))
			}
		}
	}
	b.For(was)
}

// outlive lets pid 1 live on when its parent ends, where no pid namespace ends with it: it has to kill its descendants.
func outlive(b *plan.Builder, s *spec.Spec) {
	if s.Life.LeaveDescendants || s.OwnsPID() {
		return
	}
	b.Prctl(plan.WhyTie, unix.PR_SET_CHILD_SUBREAPER, 1, 0)
	b.Prctl(plan.WhyTie, unix.PR_SET_PDEATHSIG, 0, 0)
	b.ParentAlive()
}

// hide keeps pid 1 from the command: it can't be traced, and its memory shows neither arguments nor environment. It
// comes before the fork, since the command could look as soon as it runs, and after the last id map, since only a
// dumpable process may write its own.
func hide(b *plan.Builder, s *spec.Spec) {
	if !s.Life.Open {
		b.Prctl(plan.WhyTie, unix.PR_SET_DUMPABLE, 0, 0)
	}
	if w := s.Life.Words; w.Size > 0 {
		b.Wipe(w.Start, w.Size)
	}
}

// compileCommand writes what the command's process does by itself: it takes what is its own and executes the program.
func compileCommand(b *plan.Builder, s *spec.Spec, env plan.Ptr, domain *landlock.Domain) error {
	if s.Life.Session == spec.SandboxSession && !s.Life.Direct { // pid 1 leads the session, and so a group
		b.Setpgid()
	}
	takeTTY(b, s)
	if !s.Life.LeaveDescendants && !s.Life.Direct && !s.Life.Depart {
		b.Prctl(plan.WhyTie, unix.PR_SET_PDEATHSIG, uintptr(unix.SIGKILL), 0)
	}
	limits(b, s)
	blocked := signals(b, s)
	label(b, "self/attr/exec", s.Labels.Exec)
	closeOthers(b, s, domain.Ruleset())
	confine(domain, s)
	b.SetMask(blocked)
	if s.Guarded() {
		b.AwaitGuard() // it could trace pid 1 before that has its filters
	}
	if s.Life.TellExec || s.Life.Named {
		b.Tell(plan.Running)
	}
	if err := seccompprofile.Compile(b, s); err != nil {
		return err
	}
	was := b.For(spec.Program)
	execute(b, s, env)
	b.For(was)
	return nil
}

// signals ignores what the caller ignores, and returns what the command is to block. By SIGTTIN and SIGTTOU a command asks for its
// terminal, which is not to fail because the caller is not stopped by them: a shell that runs commands in its own process group.
func signals(b *plan.Builder, s *spec.Spec) (blocked uint64) {
	let := uint64(0)
	if s.Life.TTY != [3]bool{} {
		let = bit(unix.SIGTTIN) | bit(unix.SIGTTOU)
	}
	for n := range 64 {
		switch is := uint64(1) << n; {
		case s.Life.Ignored&is == 0:
		case let&is != 0:
			b.DefaultSignal(n + 1)
		default:
			b.IgnoreSignal(n + 1)
		}
	}
	return s.Life.Blocked &^ let
}

// closeOthers closes everything but 0, 1, 2, also and what is kept; where all is kept, /proc and what options have named.
func closeOthers(b *plan.Builder, s *spec.Spec, also plan.Reg) {
	if !s.Life.KeepAll {
		b.CloseRest(s.Life.Keep, also)
		return
	}
	b.Close(plan.Proc)
	for _, fd := range s.Life.Close {
		b.CloseRange(uint32(fd), uint32(fd), unix.CLOSE_RANGE_CLOEXEC)
	}
}

// limits sets the limits that every command has. RLIMIT_CORE is 1 and not 0: a core_pattern that is a pipe ignores 0,
// but not 1, and no file fits into 1 byte, see core(5). Where the hard limit is 0, as under sudo(8) of Debian 12, it stays so:
// nobody may raise it.
func limits(b *plan.Builder, s *spec.Spec) {
	if !s.Limits.Cores {
		if _, hard, errno := plan.Limits(unix.RLIMIT_CORE); errno == 0 {
			core := min(1, hard)
			b.Limit(unix.RLIMIT_CORE, core, core)
		}
	}
	lower(b, unix.RLIMIT_NPROC, processes(s))
	lower(b, unix.RLIMIT_MSGQUEUE, s.Limits.Queues)
	if s.Limits.Files == 0 {
		return
	}
	soft := s.Limits.Files
	for i := range s.Filters {
		if s.Filters[i].Ask { // the descriptor of notices is sent after this; the limit is set then
			soft = s.Limits.FilesMax
		}
	}
	b.Limit(unix.RLIMIT_NOFILE, soft, s.Limits.FilesMax)
}

// manyToKill is how many processes a sandbox may have that ends by box killing them one by one, and not with a pid namespace.
const manyToKill = 512

// processes returns the limit on processes, or 0 for that of the caller.
func processes(s *spec.Spec) uint64 {
	if s.OwnsPID() || s.Join.Box { // in the latter case the sandbox has the limit, too
		return s.Limits.Processes
	}
	return min(s.Limits.Processes, manyToKill)
}

// lower sets a limit to n, or to the caller's if that is less; 0 leaves it.
func lower(b *plan.Builder, resource int, n uint64) {
	if n == 0 {
		return
	}
	if soft, hard, errno := plan.Limits(resource); errno == 0 {
		b.Limit(resource, min(n, soft), min(n, hard))
	}
}
