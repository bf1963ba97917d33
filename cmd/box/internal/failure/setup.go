package failure

import (
	"strings"

	"box/cmd/box/internal/say"
	"box/internal/kernel"
	"box/plan"
	"box/spec"
	"box/userns"

	"golang.org/x/sys/unix"
)

// noProcesses is why a process can't be made, see clone(2), EAGAIN.
const noProcesses = "the user's limit on processes, ulimit -u, or pids.max of a control group is reached"

// joins are for a namespace that can't be entered, see setns(2). The descriptor
// is the caller's, and so the words are those of its flag.
var joins = []rule{
	{errno: unix.EINVAL, text: "{words}: that is no such namespace, or none that lies below the caller's"},
	{errno: unix.EPERM, text: "{words}: that namespace belongs to somebody else"},
	{text: "{words}: {reason}"},
}

// namespaces is for the namespaces themselves. clone3(2) says the errno for all
// namespaces together. For ENOSPC the limits are read one by one, to find the
// one that is used up.
func namespaces(t *told) *say.Message {
	if t.Errno == unix.ENOSPC {
		if name, sysctl := kernel.Exhausted(userns.Flags(t.s.New)); name != "" {
			m := t.message("cannot create a {kind} namespace: no more are allowed", "{kind}", name)
			m.Cause, m.Hint = sysctl, "as root: sysctl "+strings.TrimSuffix(sysctl, " is 0")+"=15000"
			return m
		}
	}
	what := "a user namespace"
	if !t.s.New.Has(spec.User) {
		what = "namespaces"
	}
	m := t.message("cannot create {what}: {reason}", "{what}", what)
	if t.Errno == unix.EAGAIN {
		m.Cause = noProcesses
	} else {
		m.Cause, m.Hint = kernel.WhyNoUserns()
	}
	return m
}

// identity is for a user namespace that can't be what it has to be. What
// forbids the namespace itself, a sysctl or a security module, may also forbid
// only its id maps.
func identity(t *told) *say.Message {
	if t.Errno == unix.ENOENT && !kernel.HasProc() {
		return &say.Message{
			Headline: "cannot make the sandbox: there is no /proc here", Status: say.StatusBox,
			Cause: "box writes its id maps there, and finds its mounts", Hint: "as root: mount -t proc none /proc",
		}
	}
	m := t.message("cannot set up a user namespace: {reason}")
	m.Cause, m.Hint = kernel.WhyNoUserns()
	return m
}

// nested is for the limit on user namespaces, which can't be written. A
// read-only /proc/sys is fatal only where no filter refuses new ones.
func nested(t *told) *say.Message {
	m := t.message("cannot turn nested user namespaces off: {reason}")
	if t.Errno == unix.EROFS {
		m.Cause = "/proc/sys is read-only here, as in most containers"
	}
	m.Hint = "--nested-userns leaves them on"
	return m
}

// terminals is for ENOSPC of a new terminal. They are counted for the whole
// machine.
func terminals(t *told) *say.Message {
	m := t.message("cannot make a terminal for the sandbox: no more of them are free on this machine")
	m.Cause = "kernel.pty.max is " + kernel.Sysctl("kernel/pty/max") +
		", and kernel.pty.reserve keeps " + kernel.Sysctl("kernel/pty/reserve") + " from sandboxes"
	m.Hint = "--pty off leaves the command on the caller's terminal"
	return m
}

// keyQuota is for EDQUOT. It ends the start: the command would keep the
// caller's session keyring, and whoever uses up the quota could decide that.
func keyQuota(t *told) *say.Message {
	m := t.message("cannot make a session keyring: {reason}")
	m.Cause = "the user's quota of keys is used up: kernel.keys.maxkeys is " + kernel.Sysctl("kernel/keys/maxkeys") +
		", kernel.keys.maxbytes " + kernel.Sysctl("kernel/keys/maxbytes")
	m.Hint = "keyctl show names keys that can go: keyctl unlink; root can raise the quota by sysctl"
	return m
}

// keyring is for other failures to make a session keyring.
func keyring(t *told) *say.Message {
	m := t.message("cannot make a session keyring: {reason}")
	if kernel.Filtered() {
		m.Cause = "a system call filter around box refuses it"
	}
	return m
}

// tooManyRefs is for a descriptor that can't be sent, see unix(7), ETOOMANYREFS.
func tooManyRefs(t *told) *say.Message {
	m := t.message("{words}: no descriptor can be sent to the monitor")
	if t.Call.Why == plan.WhyNetwork || t.Call.Why == plan.WhyRelay {
		m.Headline = t.fill("{words}: no descriptor can be sent to the process that carries connections")
	}
	m.Cause = "the user has more descriptors on their way than the hard limit for descriptors, ulimit -H -n, see unix(7)"
	return m
}

// processes is for EAGAIN of the fork inside.
func processes(t *told) *say.Message {
	m := t.message("cannot start the command's process: {reason}")
	m.Cause = noProcesses
	return m
}

// workingDirectory is for a directory in which the command can't start. Without
// --chdir there are no words to name, so the directory is named itself.
func workingDirectory(t *told) *say.Message {
	words := "{words}"
	if len(t.s.Command.Origin.Words) == 0 {
		words = "working directory {dir}"
	}
	switch t.Errno {
	case unix.ENOENT:
		return t.message(words + ": {dir} does not exist in the sandbox")
	case unix.ENOTDIR:
		return t.message(words + ": {dir} is not a directory")
	}
	return t.message(words + ": {reason}")
}
