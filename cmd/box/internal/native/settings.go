package native

import (
	"path"

	"box/cmd/box/internal/arg"
	"box/cmd/box/internal/inputs"
	"box/cmd/box/internal/say"
	"box/internal/early"
	"box/internal/kernel"
	"box/spec"

	"golang.org/x/sys/unix"
)

// What the flags do that are not about files.

func (b *Line) writable([]string) error {
	b.project = true
	return nil
}

func (b *Line) base(w []string) error {
	if w[0] != "full" && w[0] != "none" {
		return say.Bad("not full or none")
	}
	b.view = w[0]
	return nil
}

func (b *Line) share(ns spec.Namespaces) error {
	b.spec.New &^= ns
	return nil
}

func (b *Line) unshare(ns spec.Namespaces) error {
	b.spec.New |= ns
	return nil
}

func (b *Line) shareNet([]string) error      { return b.share(spec.Net) }
func (b *Line) sharePID([]string) error      { return b.share(spec.PID) }
func (b *Line) shareIPC([]string) error      { return b.share(spec.IPC) }
func (b *Line) shareUTS([]string) error      { return b.share(spec.UTS) }
func (b *Line) shareCgroup([]string) error   { return b.share(spec.Cgroup) }
func (b *Line) unshareAll([]string) error    { return b.unshare(spec.All) }
func (b *Line) unshareNet([]string) error    { return b.unshare(spec.Net) }
func (b *Line) unsharePID([]string) error    { return b.unshare(spec.PID) }
func (b *Line) unshareIPC([]string) error    { return b.unshare(spec.IPC) }
func (b *Line) unshareUTS([]string) error    { return b.unshare(spec.UTS) }
func (b *Line) unshareCgroup([]string) error { return b.unshare(spec.Cgroup) }
func (b *Line) unshareUser([]string) error   { return b.unshare(spec.User) }

func (b *Line) shareUser([]string) error {
	if unix.Geteuid() != 0 {
		return say.Bad("only root can make a sandbox without a user namespace")
	}
	return b.share(spec.User)
}

func (b *Line) nestedUserns([]string) error {
	b.spec.Nested = true
	return nil
}

func (b *Line) disableUserns([]string) error {
	b.spec.Nested = false
	return nil
}

func (b *Line) assertUserns([]string) error {
	b.spec.Assert = true
	return nil
}

func (b *Line) uid(w []string) (err error) { return b.id(&b.spec.IDs.UID, w[0]) }
func (b *Line) gid(w []string) (err error) { return b.id(&b.spec.IDs.GID, w[0]) }

// id reads a user or group id. -1 is none, and so is 2^32-1, see setresuid(2).
func (b *Line) id(id *uint32, word string) error {
	n, ok := arg.Number(word, 10)
	if !ok || n > 1<<31-1 {
		return say.Bad("not an id from 0 to 2147483647")
	}
	*id, b.spec.IDs.Origin.Words = uint32(n), b.step.words
	return nil
}

func (b *Line) mapIDs(w []string) error {
	if w[0] != "auto" && w[0] != "single" {
		return say.Bad("not auto or single")
	}
	b.spec.IDs.Ranges, b.spec.IDs.Origin.Words = w[0] == "auto", b.step.words
	return nil
}

func (b *Line) hostname(w []string) error {
	if w[0] == "" || len(w[0]) > 64 {
		return say.Bad("a host name has 1 to 64 bytes")
	}
	return b.add(spec.Entry{Kind: spec.Hostname, Source: w[0]})
}

func (b *Line) chdir(w []string) error {
	if w[0] == "" {
		return say.Bad("an empty path names nothing")
	}
	b.spec.Command.Dir, b.spec.Command.Origin.Words = fromRoot(w[0]), b.step.words
	return nil
}

func (b *Line) dieWithParent([]string) error {
	b.spec.Life.OutliveParent = false
	return nil
}

func (b *Line) outliveParent([]string) error {
	b.spec.Life.OutliveParent = true
	return nil
}

func (b *Line) newSession([]string) error { return nil }

func (b *Line) pty(w []string) error {
	if w[0] != "auto" && w[0] != "off" {
		return say.Bad("not auto or off")
	}
	b.ptyOff = w[0] == "off"
	return nil
}

func (b *Line) require(w []string) error {
	if w[0] != "landlock" {
		return say.Bad("not landlock")
	}
	b.spec.Confine.Required.Words = b.step.words
	return nil
}

func (b *Line) asPID1([]string) error {
	b.spec.Life.Direct = true
	return nil
}

func (b *Line) argv0Flag(w []string) error {
	b.argv0 = w[0]
	return nil
}

func (b *Line) capAdd(w []string) error {
	early.Ordinary()
	if !b.caps.Add(w[0]) {
		return say.Bad("no such capability")
	}
	return nil
}

func (b *Line) capDrop(w []string) error {
	early.Ordinary()
	if !b.caps.Drop(w[0]) {
		return say.Bad("no such capability")
	}
	return nil
}

func (b *Line) execLabel(w []string) error { return label(&b.spec.Labels.Exec, w[0]) }
func (b *Line) fileLabel(w []string) error { return label(&b.spec.Labels.File, w[0]) }

// label notes an SELinux context.
//
//go:noinline
func label(to *string, label string) error {
	early.Ordinary()
	if !kernel.SELinux() {
		return say.Bad("SELinux is not on here")
	}
	if err := kernel.CheckLabel(label); err != nil {
		return say.Badf("the policy of SELinux has no such context: %w", err)
	}
	*to = label
	return nil
}

func (b *Line) keepFD(w []string) error {
	fd, err := arg.Descriptor(w[0], 3)
	if err != nil {
		return err
	}
	if err := inputs.IsOpen(fd); err != nil {
		return err
	}
	keep := early.Append(b.spec.Life.Keep, fd)
	for i := len(keep) - 1; i > 0 && keep[i] <= keep[i-1]; i-- {
		if keep[i] == keep[i-1] {
			return nil // it is there already
		}
		keep[i], keep[i-1] = keep[i-1], keep[i]
	}
	b.spec.Life.Keep = keep
	return nil
}

// fromRoot returns an absolute path for one that is taken from the root.
func fromRoot(dir string) string {
	if path := spec.Relative(dir); path == "" || early.Clean(dir) {
		return dir
	}
	early.Ordinary()
	return path.Join("/", dir)
}

func (b *Line) printBwrap([]string) error {
	b.print = true
	return nil
}

func (b *Line) dryRun([]string) error {
	b.dry = true
	return nil
}
