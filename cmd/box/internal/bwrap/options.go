package bwrap

import (
	"strings"

	"box/cmd/box/internal/arg"
	"box/cmd/box/internal/bwraptext"
	"box/internal/early"
	"box/internal/environ"
	"box/internal/host"
	"box/seccompprofile"
	"box/spec"

	"golang.org/x/sys/unix"
)

// What the options of bubblewrap do that are not about files.

// nothing is for an option that changes nothing of a sandbox.
func (b *Line) nothing([]string) error { return nil }

// What is done without a call is done by others, see launch/substitute.go.
func (b *Line) withoutOpenat2([]string) error { b.spec.Mounts.WithoutOpenat2 = true; return nil }
func (b *Line) withoutSetattr([]string) error { b.spec.Mounts.WithoutSetattr = true; return nil }

// argv0Option is the one option that is refused, and not replaced, when it is
// given again.
func (b *Line) argv0Option(w []string) error {
	if b.argv0 != nil {
		return bwraptext.Errorf("--argv0 used multiple times")
	}
	b.argv0 = &w[1]
	return nil
}

// levelPrefix lets messages begin with a priority, by which systemd's journal
// sorts them: 3 is an error, 4 a warning. It holds for messages from here on.
func (b *Line) levelPrefix([]string) error {
	b.level, b.warn = "<3>", "<4>"
	return nil
}

// unshare makes namespaces the sandbox's own. Only shareNet takes one back.
func (b *Line) unshare(ns spec.Namespaces) error {
	b.spec.New |= ns
	return nil
}

// unshareAll takes every namespace there is. The user and cgroup namespaces are
// taken if they can be had, as by their -try options.
func (b *Line) unshareAll([]string) error {
	b.userTry = true
	ns := spec.IPC | spec.PID | spec.Net | spec.UTS
	if hasCgroupNamespaces() {
		ns |= spec.Cgroup
	}
	return b.unshare(ns)
}

// shareNet takes the network back out of an --unshare-all before it.
func (b *Line) shareNet([]string) error {
	b.spec.New &^= spec.Net
	return nil
}

// The user namespace is not put into the Spec before the whole line is known:
// whether --unshare-user-try has an effect depends on --userns and on who
// calls.
func (b *Line) unshareUser([]string) error {
	b.user = true
	return nil
}

func (b *Line) unshareUserTry([]string) error {
	b.userTry = true
	return nil
}

// The namespaces that every supported kernel has.
func (b *Line) unshareIPC([]string) error { return b.unshare(spec.IPC) }
func (b *Line) unsharePID([]string) error { return b.unshare(spec.PID) }
func (b *Line) unshareNet([]string) error { return b.unshare(spec.Net) }
func (b *Line) unshareUTS([]string) error { return b.unshare(spec.UTS) }

// unshareCgroup fails at once where unshareCgroupTry goes on.
func (b *Line) unshareCgroup([]string) error {
	if !hasCgroupNamespaces() {
		return bwraptext.Errorf("Cannot create new cgroup namespace because the kernel does not support it")
	}
	return b.unshare(spec.Cgroup)
}

func (b *Line) unshareCgroupTry([]string) error {
	if !hasCgroupNamespaces() {
		return nil
	}
	return b.unshare(spec.Cgroup)
}

// hasCgroupNamespaces reports whether the kernel has them (Linux 4.6), see
// cgroup_namespaces(7).
func hasCgroupNamespaces() bool {
	return host.Exists("/proc/self/ns/cgroup")
}

// disableUserns and assertOption are checked against other options by
// conflicts.
func (b *Line) disableUserns([]string) error {
	b.disable = true
	return nil
}

func (b *Line) assertOption([]string) error {
	b.assert = true
	return nil
}

// The namespaces of others. A descriptor that does not name a namespace fails in
// setns(2), in the child.
func (b *Line) joinUser(w []string) error { return b.given(&b.spec.Join.User, w) }
func (b *Line) joinLast(w []string) error { return b.given(&b.spec.Join.Last, w) }
func (b *Line) joinPID(w []string) error  { return b.given(&b.spec.Join.PID, w) }

// given notes a descriptor that an option names. It is not looked whether it is
// open: bubblewrap finds out when it uses it, and has its messages there.
func (b *Line) given(to *spec.FD, w []string) error {
	var fd int
	err := b.named(&fd, w[1])
	*to = spec.At(fd, w)
	return err
}

// uidOption and gidOption note an id. Whether it may be another than the
// caller's is decided by namespaces.
func (b *Line) uidOption(w []string) error {
	return id(&b.uid, "uid", w[1])
}

func (b *Line) gidOption(w []string) error {
	return id(&b.gid, "gid", w[1])
}

// id reads an id as strtol(3) does, with blanks and a sign in front. What is
// beyond an int is refused: bubblewrap wraps it around.
func id(id *arg.Optional[uint32], what, word string) error {
	n, ok := arg.Strtol(word)
	if !ok || n < 0 || n > 1<<31-1 {
		return bwraptext.Errorf("Invalid %s: %s", what, word)
	}
	id.Set(uint32(n))
	return nil
}

// hostname adds an entry; namespaces refuses it if the UTS namespace is the
// caller's.
func (b *Line) hostname(w []string) error {
	return b.add(w, spec.Entry{Kind: spec.Hostname, Source: w[1]})
}

// chdir notes the directory. It may be empty or relative: the child fails then,
// with bubblewrap's message.
func (b *Line) chdir(w []string) error {
	b.dir, b.spec.Command.Origin.Words = &w[1], w
	return nil
}

// clearenv empties the environment at once, so a --setenv after it counts. PWD
// is set again by finish.
func (b *Line) clearenv([]string) error {
	b.env = b.env[:0]
	return nil
}

// setenv fails for what setenv(3) refuses with EINVAL.
func (b *Line) setenv(w []string) error {
	if w[1] == "" || strings.IndexByte(w[1], '=') >= 0 {
		return bwraptext.Errorf("setenv failed")
	}
	b.env = setVariable(b.env, w[1], w[2])
	return nil
}

// unsetenv fails for what unsetenv(3) refuses with EINVAL.
func (b *Line) unsetenv(w []string) error {
	if w[1] == "" || strings.IndexByte(w[1], '=') >= 0 {
		return bwraptext.Errorf("unsetenv failed")
	}
	b.env = environ.Without(b.env, w[1])
	return nil
}

// setVariable sets a variable in its place, as setenv(3) does. The strings may
// be the caller's own memory: they are replaced, never written into.
func setVariable(env []string, name, value string) []string {
	for i, e := range env {
		if environ.Is(e, name) {
			env[i] = early.Concat(name, "=", value)
			return env
		}
	}
	return early.Append(env, early.Concat(name, "=", value))
}

// lockFile notes a file. They are given to the Spec by life, which has to know
// how many there are first.
func (b *Line) lockFile(w []string) error {
	b.locks = early.Append(b.locks, w[1])
	return nil
}

// named notes a descriptor that the command does not inherit. bubblewrap has
// read or closed such a descriptor by the time the command runs; all others are
// inherited.
func (b *Line) named(to *int, word string) (err error) {
	if *to, err = descriptor(word); err == nil {
		b.spec.Life.Close = early.Append(b.spec.Life.Close, *to)
	}
	return err
}

// syncFD does not use named: without a pid 1 that holds it, the command
// inherits the descriptor.
func (b *Line) syncFD(w []string) error {
	fd, err := descriptor(w[1])
	if err == nil {
		b.sync = early.Append(b.sync, fd)
	}
	return err
}

// blockFD notes a descriptor to be read once before the command starts.
func (b *Line) blockFD(w []string) error {
	return b.given(&b.spec.Life.Block, w)
}

// The descriptors by which the caller and the sandbox talk, see package
// statusfd.
func (b *Line) usernsBlockFD(w []string) error { return b.given(&b.tell.Mapped, w) }
func (b *Line) infoFD(w []string) error        { return b.given(&b.tell.Info, w) }
func (b *Line) jsonStatusFD(w []string) error  { return b.given(&b.tell.Status, w) }

// seccomp notes the words only: its program is read by readFiles, since a later
// --seccomp takes its place.
func (b *Line) seccomp(w []string) error {
	if len(b.seccomps) > 0 {
		return bwraptext.Errorf("--seccomp cannot be combined with --add-seccomp-fd")
	}
	var fd int
	b.last = w
	return b.named(&fd, w[1])
}

// addSeccomp reads its program at once, as all of them count. A descriptor has
// been read to its end, and bubblewrap has closed it, when it is named again.
func (b *Line) addSeccomp(w []string) error {
	if b.last != nil {
		return bwraptext.Errorf("--add-seccomp-fd cannot be combined with --seccomp")
	}
	var fd int
	if err := b.named(&fd, w[1]); err != nil {
		return err
	}
	for i := range b.seccomps {
		if before, _ := descriptor(b.seccomps[i].Origin.Words[1]); before == fd {
			return unreadProgram(unix.EBADF)
		}
	}
	f, err := b.program(w)
	b.seccomps = early.Append(b.seccomps, f)
	return err
}

// program reads a raw program. Only a length that is no multiple of an
// instruction is refused here. An empty program or one that is too long is left
// to the kernel, which says EINVAL.
func (b *Line) program(w []string) (spec.Filter, error) {
	data, err := b.read(w[1])
	if err != nil {
		return spec.Filter{}, unreadProgram(err)
	}
	if len(data)%seccompprofile.InstructionSize != 0 {
		return spec.Filter{}, bwraptext.Errorf("Invalid seccomp data, must be multiple of 8")
	}
	return spec.Filter{Program: data, Origin: spec.Origin{Words: w}}, nil
}

// unreadProgram is the error for a program that can't be read.
func unreadProgram(err error) error {
	return bwraptext.Errorf("Can't read seccomp data: %s", bwraptext.Reason(err))
}

// capAdd and capDrop change the set in order. Reading a name may allocate.
func (b *Line) capAdd(w []string) error {
	early.Ordinary()
	if !b.caps.Add(w[1]) {
		return bwraptext.Errorf("unknown cap: %s", w[1])
	}
	return nil
}

func (b *Line) capDrop(w []string) error {
	early.Ordinary()
	if !b.caps.Drop(w[1]) {
		return bwraptext.Errorf("unknown cap: %s", w[1])
	}
	return nil
}

// newSession begins a session without a terminal. It is what keeps a command of
// bubblewrap's from pushing input into the caller's terminal by TIOCSTI.
func (b *Line) newSession([]string) error {
	b.spec.Life.Session = spec.CommandSession
	return nil
}

// dieWithParent also ends what the command leaves behind, see life.
func (b *Line) dieWithParent([]string) error {
	b.die = true
	return nil
}

// asPID1Option is checked against the pid namespace and locks when the line is
// known.
func (b *Line) asPID1Option([]string) error {
	b.asPID1 = true
	return nil
}

// permsOption notes the mode of what the next option makes.
func (b *Line) permsOption(w []string) error {
	if b.perms.Given {
		return bwraptext.Errorf("--perms given twice for the same action")
	}
	p, ok := arg.Number(w[1], 8)
	if !ok || p > 0o7777 {
		return bwraptext.Errorf("--perms takes an octal argument <= 07777")
	}
	b.perms.Set(uint32(p))
	return nil
}

// sizeOption notes the size of the next --tmpfs.
func (b *Line) sizeOption(w []string) error {
	if b.size.Given {
		return bwraptext.Errorf("--size given twice for the same action")
	}
	const most = 1<<63 - 1 // the message has it, too
	n, ok := arg.Number(w[1], 0)
	if !ok || n == 0 {
		return bwraptext.Errorf("--size takes a non-zero number of bytes")
	}
	if n > most {
		return bwraptext.Errorf("--size (for tmpfs) is limited to 9223372036854775807")
	}
	b.size.Set(n)
	return nil
}
