// Package failure finds the words for what has gone wrong in a sandbox: what could not be done, in the words of the command line,
// the cause, if it can be found on the host, and a hint.
package failure

import (
	"errors"
	"fmt"

	"box/cmd/box/internal/say"
	"box/internal/kernel"
	"box/launch"
	"box/plan"
	"box/spec"
	"box/userns"

	"golang.org/x/sys/unix"
)

// Explain says what an error of Compile, Start or Wait means to the user. It looks at the host, after the fact, for the
// cause; what it doesn't find it doesn't say.
func Explain(err error, s *spec.Spec) *say.Message {
	var host *plan.HostError
	var act *launch.ActError
	var failure *launch.Failure
	var lost *launch.LostMaskError
	m := &say.Message{Status: say.StatusBox}
	switch {
	case errors.Is(err, launch.ErrLost):
		m.Headline = "the sandbox was killed: its pid 1 got SIGKILL, from outside or for want of memory"
		m.Status = say.StatusKilled
	case errors.Is(err, launch.ErrForged):
		m.Headline = "the sandbox was ended: its pid 1 told what it never tells"
		m.Cause = "a process in the sandbox has taken over pid 1 or the socket that pid 1 reports by"
	case errors.Is(err, launch.ErrOrphan):
		m.Headline = "nothing was started: " + err.Error()
		m.Status = say.StatusKilled
	case errors.As(err, &lost):
		explainLostMask(m, lost, s)
	case errors.As(err, &host):
		explainHost(m, host, s)
	case errors.As(err, &act):
		m.Headline = fmt.Sprintf("%s: %s", wish(s, spec.Identity), act.Err)
		m.Cause = act.Act.String() + " failed"
	case errors.As(err, &failure):
		explainFailure(m, failure, s)
	default:
		m.Headline = "cannot make the sandbox: " + err.Error()
		if errors.Is(err, unix.ENOSYS) {
			m.Cause = kernel.Needs()
		}
	}
	return m
}

// wish returns the words that ref came from.
func wish(s *spec.Spec, ref spec.Ref) string {
	if text := s.Origin(ref).String(); text != "" {
		return text
	}
	return "cannot make the sandbox"
}

// Reason returns an error's text without "failed to" and the like.
func Reason(err error) string {
	if errno, ok := errors.AsType[unix.Errno](err); ok {
		return errno.Error()
	}
	return err.Error()
}

// explainHost is for something of the host that is not as it must be.
func explainHost(m *say.Message, h *plan.HostError, s *spec.Spec) {
	words := wish(s, h.For)
	switch {
	case h.For == spec.Confined:
		m.Headline = words + ": there is no Landlock here that can be used"
		m.Cause = kernel.WhyNoLandlock()
	case errors.Is(h.Err, userns.ErrNoHelper):
		m.Headline = fmt.Sprintf("%s: %s is not installed here", words, h.Path)
		m.Hint = "it is in the package uidmap (Debian) or shadow-utils (Fedora)"
	case errors.Is(h.Err, userns.ErrNoRanges):
		m.Headline = fmt.Sprintf("%s: %s has no subordinate ids for this user", words, h.Path)
		m.Hint = "as root: usermod --add-subuids 100000-165535 --add-subgids 100000-165535 USER"
	case errors.Is(h.Err, unix.E2BIG):
		m.Headline = fmt.Sprintf("%s: more layers than the kernel takes", words)
	case errors.Is(h.Err, unix.ENOENT):
		m.Headline = words + ": " + missingHere(h.Path)
		if flag := try(s, h.For); flag != "" {
			m.Hint = flag + " skips a missing source"
		}
	case errors.Is(h.Err, unix.EACCES):
		m.Headline = fmt.Sprintf("%s: %s can't be reached here: permission denied", words, h.Path)
		if dir := closedDir(h.Path); dir != "" {
			m.Cause = dir + " may not be searched"
		}
	case errors.Is(h.Err, unix.ELOOP):
		m.Headline = fmt.Sprintf("%s: %s is a link that leads in a circle here", words, h.Path)
	default:
		m.Headline = fmt.Sprintf("%s: %s: %s", words, h.Path, Reason(h.Err))
	}
}

// try returns the -try form of the flag that ref came from, if there is one.
func try(s *spec.Spec, ref spec.Ref) string {
	e := s.Entry(ref)
	if e == nil || e.Kind != spec.Bind || len(e.Origin.Words) == 0 {
		return ""
	}
	return e.Origin.Words[0] + "-try"
}

// explainFailure is for a call of the plan.
func explainFailure(m *say.Message, f *launch.Failure, s *spec.Spec) {
	switch e := s.Entry(f.Call.For); {
	case f.Step < 0:
		explainClone(m, f.Errno, s)
	case e != nil:
		explainEntry(m, f, e, s)
	case f.Call.For == spec.Program:
		explainExec(m, f, s)
	case f.Call.For == spec.Directory:
		explainChdir(m, f, s)
	default:
		explainSetup(m, f, s)
	}
}

// explainClone is for the namespaces themselves.
func explainClone(m *say.Message, errno unix.Errno, s *spec.Spec) {
	what := "a user namespace"
	if errno == unix.ENOSPC {
		if name, sysctl := kernel.Exhausted(userns.Flags(s.New)); name != "" {
			m.Headline = fmt.Sprintf("cannot create a %s namespace: no more are allowed", name)
			m.Cause = sysctl
			return
		}
	}
	if !s.New.Has(spec.User) {
		what = "namespaces"
	}
	m.Headline = fmt.Sprintf("cannot create %s: %s", what, Reason(errno))
	if errno == unix.EAGAIN {
		m.Cause = noProcesses
		return
	}
	m.Cause, m.Hint = kernel.WhyNoUserns()
}

// noProcesses is why a process can't be made, see clone(2), EAGAIN.
const noProcesses = "the user's limit on processes, ulimit -u, or pids.max of a control group is reached"

// explainSetup is for what box does by itself.
func explainSetup(m *say.Message, f *launch.Failure, s *spec.Spec) {
	path := f.Call.Path()
	switch lock := s.Lock(f.Call.For); {
	case f.Call.Nr == unix.SYS_SETNS:
		explainJoin(m, f, s)
	case f.Call.Nr == plan.Hop:
		explainClone(m, f.Errno, s)
	case f.Call.Nr == plan.Fork:
		m.Headline = "cannot start the command's process: " + Reason(f.Errno)
		if f.Errno == unix.EAGAIN {
			m.Cause = noProcesses
		}
	case f.Call.Nr == unix.SYS_SENDMSG && f.Errno == unix.ETOOMANYREFS:
		m.Headline = wish(s, f.Call.For) + ": no descriptor can be sent to the monitor"
		m.Cause = "the user has more descriptors on their way than the hard limit for descriptors, ulimit -H -n, see unix(7)"
	case f.Call.Nr == plan.Fail:
		m.Headline = "--assert-userns-disabled: the command could make user namespaces"
	case lock != "" && f.Call.Nr == unix.SYS_FCNTL:
		m.Headline = fmt.Sprintf("%s: somebody else has locked it", wish(s, f.Call.For))
	case lock != "" && f.Errno == unix.ENOENT:
		m.Headline = fmt.Sprintf("%s: %s does not exist in the sandbox", wish(s, f.Call.For), lock)
	case lock != "":
		m.Headline = fmt.Sprintf("%s: it can't be opened: %s", wish(s, f.Call.For), Reason(f.Errno))
	case f.Call.Nr == unix.SYS_SETRESUID, f.Call.Nr == unix.SYS_SETRESGID:
		m.Headline = fmt.Sprintf("%s: no such id in the namespace that is entered: %s", wish(s, f.Call.For), Reason(f.Errno))
	case f.Call.For == spec.Confined && f.Errno == unix.E2BIG:
		m.Headline = "cannot make a Landlock domain: there are as many already, one in another, as the kernel takes"
	case f.Call.For == spec.Confined:
		m.Headline = fmt.Sprintf("cannot make a Landlock domain: %s: %s", f.Call.Name(), Reason(f.Errno))
	case f.Call.For == spec.Inherited:
		m.Headline = fmt.Sprintf("a standard descriptor's file can't be made read-only: %s: %s", f.Call.Name(), Reason(f.Errno))
	case f.Call.For == spec.Identity:
		m.Headline = "cannot set up a user namespace: " + Reason(f.Errno)
		m.Cause, m.Hint = kernel.WhyNoUserns()
	case path == "sys/user/max_user_namespaces":
		m.Headline = "cannot turn nested user namespaces off: " + Reason(f.Errno)
		if f.Errno == unix.EROFS {
			m.Cause = "/proc/sys is read-only here, as in most containers"
		}
		m.Hint = "--nested-userns leaves them on"
	case f.Call.For == spec.Terminal && f.Errno == unix.ENOSPC:
		m.Headline = "cannot make a terminal for the sandbox: no more of them are free on this machine"
		m.Cause = "kernel.pty.max is " + kernel.Sysctl("kernel/pty/max") +
			", and kernel.pty.reserve keeps " + kernel.Sysctl("kernel/pty/reserve") + " from sandboxes"
		m.Hint = "--pty off leaves the command on the caller's terminal"
	case path == "/proc":
		m.Headline = "cannot make the sandbox: there is no /proc here"
	case f.Errno == unix.ENOSYS:
		m.Headline = fmt.Sprintf("cannot make the sandbox: this kernel has no %s", f.Call.Name())
		m.Cause = kernel.Needs()
	case f.Call.Nr == unix.SYS_PRCTL && f.Call.Args[0] == unix.PR_SET_SECCOMP:
		m.Headline = fmt.Sprintf("%s: the kernel does not take the program: %s", wish(s, f.Call.For), Reason(f.Errno))
	case f.Call.Nr == unix.SYS_KEYCTL:
		m.Headline = "cannot make a session keyring: " + Reason(f.Errno)
		if f.Errno == unix.EDQUOT {
			m.Cause = "the user's quota of keys is used up: kernel.keys.maxkeys is " + kernel.Sysctl("kernel/keys/maxkeys") +
				", kernel.keys.maxbytes " + kernel.Sysctl("kernel/keys/maxbytes")
			m.Hint = "keyctl show names keys that can go: keyctl unlink; root can raise the quota by sysctl"
		} else if kernel.Filtered() {
			m.Cause = "a system call filter around box refuses it"
		}
	default:
		m.Headline = fmt.Sprintf("%s: %s: %s", wish(s, f.Call.For), f.Call.Name(), Reason(f.Errno))
	}
}

// explainJoin is for a namespace that can't be entered, see setns(2).
func explainJoin(m *say.Message, f *launch.Failure, s *spec.Spec) {
	words := wish(s, f.Call.For)
	switch f.Errno {
	case unix.EINVAL:
		m.Headline = words + ": that is no such namespace, or none that lies below the caller's"
	case unix.EPERM:
		m.Headline = words + ": that namespace belongs to somebody else"
	default:
		m.Headline = fmt.Sprintf("%s: %s", words, Reason(f.Errno))
	}
}

// explainChdir is for the working directory.
func explainChdir(m *say.Message, f *launch.Failure, s *spec.Spec) {
	words := wish(s, spec.Directory)
	if len(s.Command.Origin.Words) == 0 {
		words = "working directory " + s.Command.Dir
	}
	switch f.Errno {
	case unix.ENOENT:
		m.Headline = fmt.Sprintf("%s: %s does not exist in the sandbox", words, s.Command.Dir)
	case unix.ENOTDIR:
		m.Headline = fmt.Sprintf("%s: %s is not a directory", words, s.Command.Dir)
	default:
		m.Headline = fmt.Sprintf("%s: %s", words, Reason(f.Errno))
	}
}
