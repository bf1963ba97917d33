package main

import (
	"os"
	"path"
	"strconv"

	"box/spec"

	"golang.org/x/sys/unix"
)

// What the options of bubblewrap do that are about files.

func (b *bwrap) add(w []string, e spec.Entry) error {
	e.Origin.Words = w
	b.spec.Tree = append(b.spec.Tree, e)
	return nil
}

func (b *bwrap) addBind(w []string, e spec.Entry) error {
	e.Kind, e.Source, e.Dest = spec.Bind, w[1], w[2]
	return b.add(w, e)
}

func (b *bwrap) bind(w []string) error      { return b.addBind(w, spec.Entry{}) }
func (b *bwrap) bindTry(w []string) error   { return b.addBind(w, spec.Entry{Try: true}) }
func (b *bwrap) roBind(w []string) error    { return b.addBind(w, spec.Entry{RO: true}) }
func (b *bwrap) roBindTry(w []string) error { return b.addBind(w, spec.Entry{RO: true, Try: true}) }
func (b *bwrap) devBind(w []string) error   { return b.addBind(w, spec.Entry{Devices: true}) }
func (b *bwrap) devBindTry(w []string) error {
	return b.addBind(w, spec.Entry{Devices: true, Try: true})
}
func (b *bwrap) bindFD(w []string) error   { return b.addFD(w, false) }
func (b *bwrap) roBindFD(w []string) error { return b.addFD(w, true) }

// addFD binds what a descriptor names, by its path: a descriptor belongs to the caller's mount namespace, and nothing of that
// can be cloned in the sandbox's.
func (b *bwrap) addFD(w []string, ro bool) error {
	var fd int
	if err := b.named(&fd, w[1]); err != nil {
		return err
	}
	link := "/proc/self/fd/" + strconv.Itoa(fd)
	source, err := os.Readlink(link)
	if err != nil {
		return die("Can't find source path %s: %s", link, cText(unix.ENOENT))
	}
	var is, want unix.Stat_t
	if unix.Fstat(fd, &want) != nil || unix.Lstat(source, &is) != nil || is.Dev != want.Dev || is.Ino != want.Ino {
		return die("Race condition binding dirfd")
	}
	return b.add(w, spec.Entry{Kind: spec.Bind, RO: ro, Source: source, Dest: w[2]})
}

func (b *bwrap) remountRO(w []string) error {
	return b.add(w, spec.Entry{Kind: spec.ReadOnly, Dest: w[1]})
}

func (b *bwrap) proc(w []string) error { return b.add(w, spec.Entry{Kind: spec.Proc, Dest: w[1]}) }

func (b *bwrap) mqueue(w []string) error { return b.add(w, spec.Entry{Kind: spec.Mqueue, Dest: w[1]}) }

// dev adds a /dev, and /dev/console if stdout is a terminal.
func (b *bwrap) dev(w []string) error {
	if err := b.add(w, spec.Entry{Kind: spec.Dev, Dest: w[1], Perms: 0o755}); err != nil || !isTerminal(1) {
		return err
	}
	name, err := os.Readlink("/proc/self/fd/1")
	var is, want unix.Stat_t
	if err != nil || unix.Fstat(1, &want) != nil || unix.Stat(name, &is) != nil || is.Rdev != want.Rdev {
		return nil //nolint:nilerr // a terminal without a name here, see ttyname(3)
	}
	return b.add(w, spec.Entry{Kind: spec.Bind, Devices: true, Source: name, Dest: path.Join(w[1], "console")})
}

func (b *bwrap) tmpfs(w []string) error {
	e := spec.Entry{Kind: spec.Tmpfs, Dest: w[1], Perms: b.perm(0o755)}
	if b.size != nil {
		e.Size, b.size = *b.size, nil
	}
	return b.add(w, e)
}

func (b *bwrap) dirOption(w []string) error {
	return b.add(w, spec.Entry{Kind: spec.Dir, Dest: w[1], Perms: b.perm(0o755)})
}

// perm uses up --perms.
func (b *bwrap) perm(other uint32) uint32 {
	if b.perms != nil {
		other, b.perms = *b.perms, nil
	}
	return other
}

func (b *bwrap) file(w []string) error       { return b.addFile(w, spec.File, 0o666, false) }
func (b *bwrap) bindData(w []string) error   { return b.addFile(w, spec.Data, 0o600, false) }
func (b *bwrap) roBindData(w []string) error { return b.addFile(w, spec.Data, 0o600, true) }

func (b *bwrap) addFile(w []string, kind spec.Kind, perms uint32, ro bool) error {
	var fd int
	if err := b.named(&fd, w[1]); err != nil {
		return err
	}
	data, err := b.read(w[1])
	if err != nil {
		return die("Can't write data to file %s: %s", w[2], cText(err))
	}
	return b.add(w, spec.Entry{Kind: kind, Dest: w[2], Data: data, RO: ro, Perms: b.perm(perms)})
}

// read returns what can be read from the descriptor that word names.
func (b *bwrap) read(word string) ([]byte, error) {
	fd, err := bwrapFD(word)
	if err != nil {
		return nil, err
	}
	return b.data.read(fd)
}

func (b *bwrap) symlink(w []string) error {
	return b.add(w, spec.Entry{Kind: spec.Symlink, Source: w[1], Dest: w[2]})
}

func (b *bwrap) chmod(w []string) error {
	p, err := strconv.ParseUint(w[1], 8, 32)
	if err != nil || p > 0o7777 {
		return die("--chmod takes an octal argument <= 07777")
	}
	return b.add(w, spec.Entry{Kind: spec.Chmod, Dest: w[2], Perms: uint32(p)})
}

// label is for SELinux, which box does not speak: it answers as a bubblewrap on a system without.
func (b *bwrap) label([]string) error { return die("labeling not supported on this system") }
