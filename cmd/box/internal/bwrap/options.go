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
)

// What the options of bubblewrap do that are not about files.

func (b *Line) nothing([]string) error { return nil }

func (b *Line) argv0Option(w []string) error {
	if b.argv0 != nil {
		return bwraptext.Errorf("--argv0 used multiple times")
	}
	b.argv0 = &w[1]
	return nil
}

func (b *Line) levelPrefix([]string) error {
	b.level, b.warn = "<3>", "<4>"
	return nil
}

func (b *Line) unshare(ns spec.Namespaces) error {
	b.spec.New |= ns
	return nil
}

func (b *Line) unshareAll([]string) error {
	b.userTry = true
	ns := spec.IPC | spec.PID | spec.Net | spec.UTS
	if hasCgroupNamespaces() {
		ns |= spec.Cgroup
	}
	return b.unshare(ns)
}

func (b *Line) shareNet([]string) error {
	b.spec.New &^= spec.Net
	return nil
}

func (b *Line) unshareUser([]string) error {
	b.user = true
	return nil
}

func (b *Line) unshareUserTry([]string) error {
	b.userTry = true
	return nil
}

func (b *Line) unshareIPC([]string) error { return b.unshare(spec.IPC) }
func (b *Line) unsharePID([]string) error { return b.unshare(spec.PID) }
func (b *Line) unshareNet([]string) error { return b.unshare(spec.Net) }
func (b *Line) unshareUTS([]string) error { return b.unshare(spec.UTS) }

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

func hasCgroupNamespaces() bool {
	return host.Exists("/proc/self/ns/cgroup")
}

func (b *Line) disableUserns([]string) error {
	b.disable = true
	return nil
}

func (b *Line) assertOption([]string) error {
	b.assert = true
	return nil
}

func (b *Line) joinUser(w []string) error { return b.given(&b.spec.Join.User, w) }
func (b *Line) joinLast(w []string) error { return b.given(&b.spec.Join.Last, w) }
func (b *Line) joinPID(w []string) error  { return b.given(&b.spec.Join.PID, w) }

// given notes a descriptor that an option names.
func (b *Line) given(to *spec.FD, w []string) error {
	var fd int
	err := b.named(&fd, w[1])
	*to = spec.At(fd, w)
	return err
}

func (b *Line) uidOption(w []string) error {
	return id(&b.uid, "uid", w[1])
}

func (b *Line) gidOption(w []string) error {
	return id(&b.gid, "gid", w[1])
}

func id(id *arg.Optional[uint32], what, word string) error {
	n, ok := arg.Strtol(word)
	if !ok || n < 0 || n > 1<<31-1 {
		return bwraptext.Errorf("Invalid %s: %s", what, word)
	}
	id.Set(uint32(n))
	return nil
}

func (b *Line) hostname(w []string) error {
	return b.add(w, spec.Entry{Kind: spec.Hostname, Source: w[1]})
}

func (b *Line) chdir(w []string) error {
	b.dir, b.spec.Command.Origin.Words = &w[1], w
	return nil
}

func (b *Line) clearenv([]string) error {
	b.env = b.env[:0]
	return nil
}

func (b *Line) setenv(w []string) error {
	if w[1] == "" || strings.IndexByte(w[1], '=') >= 0 {
		return bwraptext.Errorf("setenv failed")
	}
	b.env = setVariable(b.env, w[1], w[2])
	return nil
}

func (b *Line) unsetenv(w []string) error {
	if w[1] == "" || strings.IndexByte(w[1], '=') >= 0 {
		return bwraptext.Errorf("unsetenv failed")
	}
	b.env = environ.Without(b.env, w[1])
	return nil
}

// setVariable sets a variable in its place, as setenv(3) does.
func setVariable(env []string, name, value string) []string {
	for i, e := range env {
		if environ.Is(e, name) {
			env[i] = early.Concat(name, "=", value)
			return env
		}
	}
	return early.Append(env, early.Concat(name, "=", value))
}

func (b *Line) lockFile(w []string) error {
	b.locks = early.Append(b.locks, w[1])
	return nil
}

// named notes a descriptor that the command does not inherit.
func (b *Line) named(to *int, word string) (err error) {
	if *to, err = descriptor(word); err == nil {
		b.spec.Life.Close = early.Append(b.spec.Life.Close, *to)
	}
	return err
}

func (b *Line) syncFD(w []string) error {
	fd, err := descriptor(w[1])
	b.sync.Set(fd)
	return err
}

func (b *Line) blockFD(w []string) error {
	return b.given(&b.spec.Life.Block, w)
}

func (b *Line) usernsBlockFD(w []string) error { return b.given(&b.tell.Mapped, w) }
func (b *Line) infoFD(w []string) error        { return b.given(&b.tell.Info, w) }
func (b *Line) jsonStatusFD(w []string) error  { return b.given(&b.tell.Status, w) }

func (b *Line) seccomp(w []string) error {
	if len(b.seccomps) > 0 {
		return bwraptext.Errorf("--seccomp cannot be combined with --add-seccomp-fd")
	}
	var fd int
	b.last = w
	return b.named(&fd, w[1])
}

func (b *Line) addSeccomp(w []string) error {
	if b.last != nil {
		return bwraptext.Errorf("--add-seccomp-fd cannot be combined with --seccomp")
	}
	var fd int
	if err := b.named(&fd, w[1]); err != nil {
		return err
	}
	f, err := b.program(w)
	b.seccomps = early.Append(b.seccomps, f)
	return err
}

// program reads a raw program.
func (b *Line) program(w []string) (spec.Filter, error) {
	data, err := b.read(w[1])
	if err != nil {
		return spec.Filter{}, bwraptext.Errorf("Can't read seccomp data: %s", bwraptext.Reason(err))
	}
	if len(data)%seccompprofile.InstructionSize != 0 {
		return spec.Filter{}, bwraptext.Errorf("Invalid seccomp data, must be multiple of 8")
	}
	return spec.Filter{Program: data, Origin: spec.Origin{Words: w}}, nil
}

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

func (b *Line) newSession([]string) error {
	b.spec.Life.Session = spec.CommandSession
	return nil
}

func (b *Line) dieWithParent([]string) error {
	b.die = true
	return nil
}

func (b *Line) asPID1Option([]string) error {
	b.asPID1 = true
	return nil
}

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
