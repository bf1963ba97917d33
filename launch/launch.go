// Package launch makes a sandbox: it compiles a Spec to a Plan, clones a child that walks it, watches the child and
// reports how its command ended.
package launch

import (
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
	b.Setsid()
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
	b.For(spec.Directory)
	b.Umask(s.Life.Umask)
	b.Chdir(b.String(s.Command.Dir))
	b.For(spec.Box)
	hide(b, s)
	b.Fork()
	return compileCommand(b, s)
}

// begin ties the child to its parent: it dies with it, and with the thread that made it. The descriptor of /proc is
// opened while paths still are the host's.
func begin(b *plan.Builder, s *spec.Spec) {
	b.Close(plan.Peer)
	if s.New.Has(spec.PID) {
		b.Prctl(unix.PR_SET_PDEATHSIG, uintptr(unix.SIGKILL), 0)
	} else {
		b.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0) // it has to outlive the parent to kill its descendants
	}
	b.ParentAlive()
	b.Prctl(unix.PR_SET_DUMPABLE, 1, 0) // the parent may not be, and what isn't can't write its own uid_map
	if len(s.Life.CPUs) > 0 {
		b.SetCPUs(s.Life.CPUs)
	}
	b.OpenatTo(plan.Proc, plan.Cwd, b.String("/proc"), unix.O_PATH|unix.O_DIRECTORY, 0)
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
func compileCommand(b *plan.Builder, s *spec.Spec) error {
	b.Setpgid()
	takeTTY(b, s)
	if !s.New.Has(spec.PID) {
		b.Prctl(unix.PR_SET_PDEATHSIG, uintptr(unix.SIGKILL), 0)
	}
	limits(b, s)
	for n := range 64 {
		if s.Life.Ignored&(1<<n) != 0 {
			b.IgnoreSignal(n + 1)
		}
	}
	closeOthers(b, s)
	b.SetMask(s.Life.Blocked)
	if err := seccompprofile.Compile(b, s); err != nil {
		return err
	}
	b.For(spec.Program)
	execute(b, s)
	return nil
}

// closeOthers lets everything but 0, 1, 2 and what is kept close when the command is executed, see close_range(2).
func closeOthers(b *plan.Builder, s *spec.Spec) {
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
	b.Limit(unix.RLIMIT_CORE, 1, 1)
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
