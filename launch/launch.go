// Package launch makes a sandbox: it compiles a Spec to a Plan, clones a child that walks it, watches the child and
// reports how its command ended.
package launch

import (
	"strings"

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
	begin(b, s)
	if err := userns.Compile(b, s); err != nil {
		return err
	}
	b.For(spec.Box)
	if err := netns.Compile(b, s); err != nil {
		return err
	}
	if s.Life.Session == spec.SandboxSession {
		b.Setsid()
	}
	b.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0)
	b.Umask(0)
	if err := mounts.Compile(b, s); err != nil {
		return err
	}
	openTTY(b, s)
	b.For(spec.Box)
	if err := userns.Finish(b, s); err != nil {
		return err
	}
	env := b.Strings(s.Command.Env)
	b.Umask(s.Life.Umask)
	enter(b, s, env)
	if !s.Life.Direct {
		hold(b, s)
		hide(b, s)
		b.Fork()
	}
	return compileCommand(b, s, env)
}

// begin ties the child to its parent: it dies with it, and with the thread that made it. The descriptor of /proc is
// opened while paths still are the host's.
func begin(b *plan.Builder, s *spec.Spec) {
	b.Close(plan.Peer)
	switch {
	case s.Life.Detached:
	case s.New.Has(spec.PID) || s.Life.Direct:
		b.Prctl(unix.PR_SET_PDEATHSIG, uintptr(unix.SIGKILL), 0)
		b.ParentAlive()
	default:
		b.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0) // it has to outlive the parent to kill its descendants
		b.ParentAlive()
	}
	b.Prctl(unix.PR_SET_DUMPABLE, 1, 0) // the parent may not be, and what isn't can't write its own uid_map
	if len(s.Life.CPUs) > 0 {
		b.SetCPUs(s.Life.CPUs)
	}
	b.OpenatTo(plan.Proc, plan.Cwd, b.String("/proc"), unix.O_PATH|unix.O_DIRECTORY, 0)
	if s.Life.Await && !s.IDs.Ranges { // ranges of ids wait anyway
		b.AwaitParent()
	}
}

// hold opens what pid 1 keeps open as long as it lives: locked files, see fcntl(2), F_SETLK, and the caller's descriptors.
func hold(b *plan.Builder, s *spec.Spec) {
	b.Keep = append(b.Keep, plan.Status, plan.Reaper)
	if !s.New.Has(spec.PID) {
		b.Keep = append(b.Keep, plan.Proc) // to look for descendants
	}
	for _, fd := range s.Life.Sync {
		b.KeepFD(fd)
	}
	for _, path := range s.Life.Locks {
		b.LockFile(b.String(path))
	}
}

// enter writes the change to the working directory. Of several the best one comes last, so that what succeeded last counts;
// env is the array of the environment, in which PWD follows.
func enter(b *plan.Builder, s *spec.Spec, env plan.Ptr) {
	b.For(spec.Directory)
	if s.Command.Dir != "" {
		b.Chdir(b.String(s.Command.Dir))
	}
	for i := len(s.Command.Dirs) - 1; i >= 0; i-- {
		b.Chdir(b.String(s.Command.Dirs[i]))
		b.Ignoring(unix.ENOENT, unix.EACCES, unix.ENOTDIR, unix.ELOOP)
		for n, e := range s.Command.Env {
			if strings.HasPrefix(e, "PWD=") {
				b.Set(plan.Slot(env, n), b.String("PWD="+s.Command.Dirs[i]))
			}
		}
	}
	b.For(spec.Box)
}

// hide keeps pid 1 from the command: it can't be traced, and its memory shows neither arguments nor environment. It
// comes before the fork, since the command could look as soon as it runs, and after the last id map, since only a
// dumpable process may write its own.
func hide(b *plan.Builder, s *spec.Spec) {
	b.Prctl(unix.PR_SET_DUMPABLE, 0, 0)
	if w := s.Life.Words; w.Size > 0 {
		b.Wipe(w.Start, w.Size)
	}
	b.Signalfd(plan.Reaper, bit(unix.SIGCHLD))
}

// compileCommand writes what the command's process does by itself: it takes what is its own and executes the program.
func compileCommand(b *plan.Builder, s *spec.Spec, env plan.Ptr) error {
	if s.Life.Session == spec.SandboxSession {
		b.Setpgid()
	}
	takeTTY(b, s)
	if !s.New.Has(spec.PID) && !s.Life.Detached {
		b.Prctl(unix.PR_SET_PDEATHSIG, uintptr(unix.SIGKILL), 0)
	}
	limits(b, s)
	for n := range 64 {
		if s.Life.Ignored&(1<<n) != 0 {
			b.IgnoreSignal(n + 1)
		}
	}
	closeOthers(b, s)
	if s.Life.Block != 0 {
		b.AwaitByte(s.Life.Block)
	}
	if s.Life.Session == spec.CommandSession {
		b.Setsid()
	}
	b.SetMask(s.Life.Blocked)
	if err := seccompprofile.Compile(b, s); err != nil {
		return err
	}
	b.For(spec.Program)
	execute(b, s, env)
	return nil
}

// closeOthers lets everything but 0, 1, 2 and what is kept close when the command is executed, see close_range(2).
func closeOthers(b *plan.Builder, s *spec.Spec) {
	if s.Life.KeepAll {
		for _, fd := range s.Life.Close {
			b.CloseRange(uint32(fd), uint32(fd), unix.CLOSE_RANGE_CLOEXEC)
		}
		return
	}
	first := uint32(3)
	for _, fd := range s.Life.Keep {
		if fd := uint32(fd); fd >= first {
			if fd > first {
				b.CloseRange(first, fd-1, unix.CLOSE_RANGE_CLOEXEC)
			}
			first = fd + 1
		}
	}
	b.CloseRange(first, ^uint32(0), unix.CLOSE_RANGE_CLOEXEC)
}

// limits sets the limits that every command has. RLIMIT_CORE is 1 and not 0: a core_pattern that is a pipe ignores 0,
// but not 1, and no file fits into 1 byte, see core(5).
func limits(b *plan.Builder, s *spec.Spec) {
	if !s.Limits.Cores {
		b.Limit(unix.RLIMIT_CORE, 1, 1)
	}
	if n := s.Limits.Processes; n != 0 {
		var now unix.Rlimit
		if unix.Getrlimit(unix.RLIMIT_NPROC, &now) == nil {
			b.Limit(unix.RLIMIT_NPROC, min(n, now.Cur), min(n, now.Max))
		}
	}
	if s.Limits.Files != 0 {
		b.Limit(unix.RLIMIT_NOFILE, s.Limits.Files, s.Limits.FilesMax)
	}
}
