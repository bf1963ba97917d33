package native

import (
	"strings"

	"box/cmd/box/internal/arg"
	"box/cmd/box/internal/say"
	"box/internal/early"
	"box/mounts"
	"box/spec"
)

// What the flags for files do.

// perm uses up --perms. It returns the mode that was given, or other, which is
// the flag's own default.
func (b *Line) perm(other uint32) uint32 {
	other = b.modifiers.perms.Take(other)
	b.used()
	return other
}

// used forgets the words of the modifiers when all of them are used up.
func (b *Line) used() {
	if !b.modifiers.perms.Given && !b.modifiers.size.Given {
		b.modifiers.words = nil
	}
}

// addBind adds e as a bind of w[0] at w[1]. The caller has set what the six
// flags differ in: RO, Try and Devices. The source is looked for by package
// mounts when the plan is written, not here.
func (b *Line) addBind(w []string, e spec.Entry) error {
	if w[0] == "" {
		return say.Bad("an empty path names nothing")
	}
	e.Kind, e.Source, e.Dest = spec.Bind, w[0], w[1]
	return b.add(e)
}

// The flags of binds. A bind without Devices is mounted nodev, so a device file
// in it can't be opened; all are nosuid.
func (b *Line) roBind(w []string) error    { return b.addBind(w, spec.Entry{RO: true}) }
func (b *Line) roBindTry(w []string) error { return b.addBind(w, spec.Entry{RO: true, Try: true}) }
func (b *Line) bind(w []string) error      { return b.addBind(w, spec.Entry{}) }
func (b *Line) bindTry(w []string) error   { return b.addBind(w, spec.Entry{Try: true}) }
func (b *Line) devBind(w []string) error   { return b.addBind(w, spec.Entry{Devices: true}) }
func (b *Line) devBindTry(w []string) error {
	return b.addBind(w, spec.Entry{Devices: true, Try: true})
}

// The flags of binds beside the base view.
func (b *Line) besideRO(w []string) error       { return b.addBeside(w[0], true) }
func (b *Line) besideWritable(w []string) error { return b.addBeside(w[0], false) }

// addBeside takes SRC, or SRC:DEST. Without DEST the place is that of the
// host: a relative SRC is taken from the working directory. A colon in SRC
// itself can't be told from that before DEST; --bind takes both as words of
// their own.
func (b *Line) addBeside(word string, ro bool) error {
	source, dest := word, ""
	if cut := strings.LastIndexByte(word, ':'); cut >= 0 {
		source, dest = word[:cut], word[cut+1:]
	}
	if source == "" || dest == "" && source != word {
		return say.Bad("an empty path names nothing")
	}
	if dest == "" {
		dest = mounts.Spelled(source)
	}
	if dest[0] != '/' {
		early.Ordinary()
		return say.BadHint("DEST is no path from the root", early.Concat(b.step.words[0], " ", source, ":", mounts.Spelled(dest)))
	}
	b.beside = true
	return b.addBind([]string{source, dest}, spec.Entry{RO: ro})
}

// tmpfs takes the size before the mode, since perm forgets the words of the
// modifiers only when both are used up. A size of 0 shares the tmpfs that the
// root lies in.
func (b *Line) tmpfs(w []string) error {
	e := spec.Entry{Kind: spec.Tmpfs, Dest: w[0], Size: b.modifiers.size.Take(0)}
	e.Perms = b.perm(0o755)
	return b.add(e)
}

// size notes the bytes of the next --tmpfs. The prefixes 0x, 0o, 0b and 0 are
// read. The bound is bubblewrap's.
func (b *Line) size(w []string) error {
	if b.modifiers.size.Given {
		return say.Bad("given twice for the same --tmpfs")
	}
	n, ok := arg.Number(w[0], 0)
	if !ok || n == 0 || n > 1<<63-1 {
		return say.BadHint("not a number of bytes above 0", inBytes(w[0]))
	}
	b.modifiers.size.Set(n)
	b.modifiers.words = b.step.words
	return nil
}

// inBytes returns the words for a size with a unit, or "".
//
//go:noinline
func inBytes(word string) string {
	early.Ordinary()
	word = strings.TrimSuffix(strings.TrimSuffix(strings.ToUpper(word), "B"), "I")
	if word == "" {
		return ""
	}
	unit := strings.IndexByte("KMGT", word[len(word)-1]) + 1
	n, ok := arg.Number(word[:len(word)-1], 10)
	if unit == 0 || !ok || n == 0 || n >= 1<<(63-10*unit) {
		return ""
	}
	var text early.Text
	text.AddNumber(n << (10 * unit))
	return early.Concat("--size ", text.String())
}

// perms notes the mode of what the next flag makes. Twice is an error, not a
// correction: one of the two was meant for another flag.
func (b *Line) perms(w []string) error {
	if b.modifiers.perms.Given {
		return say.Bad("given twice for the same flag")
	}
	p, err := octal(w[0])
	if err != nil {
		return err
	}
	b.modifiers.perms.Set(p)
	b.modifiers.words = b.step.words
	return nil
}

// octal reads a file mode. It has the permission bits and set-user-ID,
// set-group-ID and the sticky bit, as chmod(2) takes them.
func octal(word string) (uint32, error) {
	p, ok := arg.Number(word, 8)
	if !ok || p > 0o7777 {
		return 0, say.Bad("not an octal mode up to 7777")
	}
	return uint32(p), nil
}

// dir adds a directory. One that is there already is left as it is.
func (b *Line) dir(w []string) error {
	return b.add(spec.Entry{Kind: spec.Dir, Dest: w[0], Perms: b.perm(0o755)})
}

// The flags for files by descriptor. The modes that they default to are those
// of bubblewrap: 0666 for a file in the tree, 0600 for one that is bound.
func (b *Line) file(w []string) error       { return b.addFile(w, spec.File, 0o666, false) }
func (b *Line) bindData(w []string) error   { return b.addFile(w, spec.Data, 0o600, false) }
func (b *Line) roBindData(w []string) error { return b.addFile(w, spec.Data, 0o600, true) }

// addFile reads the descriptor at once. All content is in memory when the
// sandbox is made, so no pipe of the caller can make the child wait.
func (b *Line) addFile(w []string, kind spec.Kind, perms uint32, ro bool) error {
	fd, data, err := b.read(w[0])
	if err != nil {
		return err
	}
	from := spec.At(fd, b.step.words)
	return b.add(spec.Entry{Kind: kind, Dest: w[1], FD: from, Data: data, RO: ro, Perms: b.perm(perms)})
}

// read returns the descriptor that word names, and what can be read from it.
// The data belongs to b.data: the same descriptor named again gives the same
// bytes.
func (b *Line) read(word string) (fd int, data []byte, err error) {
	if fd, err = arg.Descriptor(word, 0); err != nil {
		return fd, nil, err
	}
	data, err = b.data.Read(fd)
	return fd, data, err
}

// symlink adds a link. Its target is a text: nothing of it is looked up. An
// empty one is refused here because symlink(2) says ENOENT, which would read as
// if the destination were missing.
func (b *Line) symlink(w []string) error {
	if w[0] == "" {
		return say.Bad("a link needs a target")
	}
	return b.add(spec.Entry{Kind: spec.Symlink, Source: w[0], Dest: w[1]})
}

// chmod sets the mode of something that an earlier flag has brought or made. It
// takes its own mode, so --perms is not for it.
func (b *Line) chmod(w []string) error {
	p, err := octal(w[0])
	if err != nil {
		return err
	}
	return b.add(spec.Entry{Kind: spec.Chmod, Dest: w[1], Perms: p})
}

// The remaining flags name a destination only. None of them takes --perms.
func (b *Line) remountRO(w []string) error {
	return b.add(spec.Entry{Kind: spec.ReadOnly, Dest: w[0]})
}
func (b *Line) proc(w []string) error { return b.add(spec.Entry{Kind: spec.Proc, Dest: w[0]}) }
func (b *Line) dev(w []string) error  { return b.add(spec.Entry{Kind: spec.Dev, Dest: w[0]}) }
func (b *Line) mqueue(w []string) error {
	return b.add(spec.Entry{Kind: spec.Mqueue, Dest: w[0]})
}
