package main

import (
	"strings"

	"box/cmd/box/internal/arg"
	"box/internal/early"
	"box/internal/environ"
	"box/internal/host"
	"box/seccompprofile"
	"box/spec"
)

// What the options of bubblewrap do that are not about files.

func (b *bwrap) nothing([]string) error { return nil }

func (b *bwrap) argv0Option(w []string) error {
	if b.argv0 != nil {
		return die("--argv0 used multiple times")
	}
	b.argv0 = &w[1]
	return nil
}

func (b *bwrap) levelPrefix([]string) error {
	b.level, b.warn = "<3>", "<4>"
	return nil
}

func (b *bwrap) unshare(ns spec.Namespaces) error {
	b.spec.New |= ns
	return nil
}

func (b *bwrap) unshareAll([]string) error {
	b.userTry = true
	ns := spec.IPC | spec.PID | spec.Net | spec.UTS
	if hasCgroupNamespaces() {
		ns |= spec.Cgroup
	}
	return b.unshare(ns)
}

func (b *bwrap) shareNet([]string) error {
	b.spec.New &^= spec.Net
	return nil
}

func (b *bwrap) unshareUser([]string) error {
	b.user = true
	return nil
}

func (b *bwrap) unshareUserTry([]string) error {
	b.userTry = true
	return nil
}

func (b *bwrap) unshareIPC([]string) error { return b.unshare(spec.IPC) }
func (b *bwrap) unsharePID([]string) error { return b.unshare(spec.PID) }
func (b *bwrap) unshareNet([]string) error { return b.unshare(spec.Net) }
func (b *bwrap) unshareUTS([]string) error { return b.unshare(spec.UTS) }

func (b *bwrap) unshareCgroup([]string) error {
	if !hasCgroupNamespaces() {
		return die("Cannot create new cgroup namespace because the kernel does not support it")
	}
	return b.unshare(spec.Cgroup)
}

func (b *bwrap) unshareCgroupTry([]string) error {
	if !hasCgroupNamespaces() {
		return nil
	}
	return b.unshare(spec.Cgroup)
}

func hasCgroupNamespaces() bool {
	return host.Exists("/proc/self/ns/cgroup")
}

func (b *bwrap) disableUserns([]string) error {
	b.disable = true
	return nil
}

func (b *bwrap) assertOption([]string) error {
	b.assert = true
	return nil
}

func (b *bwrap) joinUser(w []string) error { return b.given(&b.spec.Join.User, w) }
func (b *bwrap) joinLast(w []string) error { return b.given(&b.spec.Join.Last, w) }
func (b *bwrap) joinPID(w []string) error  { return b.given(&b.spec.Join.PID, w) }

// given notes a descriptor that an option names.
func (b *bwrap) given(to *spec.FD, w []string) error {
	var fd int
	err := b.named(&fd, w[1])
	*to = spec.At(fd, w)
	return err
}

func (b *bwrap) uidOption(w []string) error {
	return bwrapID(&b.uid, "uid", w[1])
}

func (b *bwrap) gidOption(w []string) error {
	return bwrapID(&b.gid, "gid", w[1])
}

func bwrapID(id *arg.Optional[uint32], what, word string) error {
	n, ok := arg.Strtol(word)
	if !ok || n < 0 || n > 1<<31-1 {
		return die("Invalid %s: %s", what, word)
	}
	id.Set(uint32(n))
	return nil
}

func (b *bwrap) hostname(w []string) error {
	return b.add(w, spec.Entry{Kind: spec.Hostname, Source: w[1]})
}

func (b *bwrap) chdir(w []string) error {
	b.dir, b.spec.Command.Origin.Words = &w[1], w
	return nil
}

func (b *bwrap) clearenv([]string) error {
	b.env = b.env[:0]
	return nil
}

func (b *bwrap) setenv(w []string) error {
	if w[1] == "" || strings.IndexByte(w[1], '=') >= 0 {
		return die("setenv failed")
	}
	b.env = setVariable(b.env, w[1], w[2])
	return nil
}

func (b *bwrap) unsetenv(w []string) error {
	if w[1] == "" || strings.IndexByte(w[1], '=') >= 0 {
		return die("unsetenv failed")
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

func (b *bwrap) lockFile(w []string) error {
	b.locks = early.Append(b.locks, w[1])
	return nil
}

// named notes a descriptor that the command does not inherit.
func (b *bwrap) named(to *int, word string) (err error) {
	if *to, err = bwrapFD(word); err == nil {
		b.spec.Life.Close = early.Append(b.spec.Life.Close, *to)
	}
	return err
}

func (b *bwrap) syncFD(w []string) error {
	fd, err := bwrapFD(w[1])
	b.sync.Set(fd)
	return err
}

func (b *bwrap) blockFD(w []string) error {
	return b.given(&b.spec.Life.Block, w)
}

func (b *bwrap) usernsBlockFD(w []string) error { return b.given(&b.tell.mapped, w) }
func (b *bwrap) infoFD(w []string) error        { return b.given(&b.tell.info, w) }
func (b *bwrap) jsonStatusFD(w []string) error  { return b.given(&b.tell.status, w) }

func (b *bwrap) seccomp(w []string) error {
	if len(b.seccomps) > 0 {
		return die("--seccomp cannot be combined with --add-seccomp-fd")
	}
	var fd int
	b.last = w
	return b.named(&fd, w[1])
}

func (b *bwrap) addSeccomp(w []string) error {
	if b.last != nil {
		return die("--add-seccomp-fd cannot be combined with --seccomp")
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
func (b *bwrap) program(w []string) (spec.Filter, error) {
	data, err := b.read(w[1])
	if err != nil {
		return spec.Filter{}, die("Can't read seccomp data: %s", cText(err))
	}
	if len(data)%seccompprofile.InstructionSize != 0 {
		return spec.Filter{}, die("Invalid seccomp data, must be multiple of 8")
	}
	return spec.Filter{Program: data, Origin: spec.Origin{Words: w}}, nil
}

func (b *bwrap) capAdd(w []string) error {
	early.Ordinary()
	if !b.caps.Add(w[1]) {
		return die("unknown cap: %s", w[1])
	}
	return nil
}

func (b *bwrap) capDrop(w []string) error {
	early.Ordinary()
	if !b.caps.Drop(w[1]) {
		return die("unknown cap: %s", w[1])
	}
	return nil
}

func (b *bwrap) newSession([]string) error {
	b.spec.Life.Session = spec.CommandSession
	return nil
}

func (b *bwrap) dieWithParent([]string) error {
	b.die = true
	return nil
}

func (b *bwrap) asPID1Option([]string) error {
	b.asPID1 = true
	return nil
}

func (b *bwrap) permsOption(w []string) error {
	if b.perms.Given {
		return die("--perms given twice for the same action")
	}
	p, ok := arg.Number(w[1], 8)
	if !ok || p > 0o7777 {
		return die("--perms takes an octal argument <= 07777")
	}
	b.perms.Set(uint32(p))
	return nil
}

func (b *bwrap) sizeOption(w []string) error {
	if b.size.Given {
		return die("--size given twice for the same action")
	}
	const most = 1<<63 - 1 // the message has it, too
	n, ok := arg.Number(w[1], 0)
	if !ok || n == 0 {
		return die("--size takes a non-zero number of bytes")
	}
	if n > most {
		return die("--size (for tmpfs) is limited to 9223372036854775807")
	}
	b.size.Set(n)
	return nil
}
