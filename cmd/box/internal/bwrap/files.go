package bwrap

import (
	"box/cmd/box/internal/arg"
	"box/cmd/box/internal/bwraptext"
	"box/internal/early"
	"box/internal/host"
	"box/internal/kernel"
	"box/spec"
)

// What the options of bubblewrap do that are about files.

// add appends an entry with the words of its option. Unlike in box mode nothing
// is judged here: bubblewrap finds out what is wrong with a destination when it
// makes it.
func (b *Line) add(w []string, e spec.Entry) error {
	e.Origin.Words = w
	b.spec.Tree = early.Append(b.spec.Tree, e)
	return nil
}

// addBind adds e as a bind of w[1] at w[2].
func (b *Line) addBind(w []string, e spec.Entry) error {
	e.Kind, e.Source, e.Dest = spec.Bind, w[1], w[2]
	return b.add(w, e)
}

// The options for binds. Devices work below --dev-bind only: other binds are
// mounted nodev, as bubblewrap does it.
func (b *Line) bind(w []string) error      { return b.addBind(w, spec.Entry{}) }
func (b *Line) bindTry(w []string) error   { return b.addBind(w, spec.Entry{Try: true}) }
func (b *Line) roBind(w []string) error    { return b.addBind(w, spec.Entry{RO: true}) }
func (b *Line) roBindTry(w []string) error { return b.addBind(w, spec.Entry{RO: true, Try: true}) }
func (b *Line) devBind(w []string) error   { return b.addBind(w, spec.Entry{Devices: true}) }
func (b *Line) devBindTry(w []string) error {
	return b.addBind(w, spec.Entry{Devices: true, Try: true})
}
func (b *Line) bindFD(w []string) error   { return b.addFD(w, false) }
func (b *Line) roBindFD(w []string) error { return b.addFD(w, true) }

// addFD binds what a descriptor names. The descriptor is closed for the
// command, see named.
func (b *Line) addFD(w []string, ro bool) error {
	var fd int
	if err := b.named(&fd, w[1]); err != nil {
		return err
	}
	return b.bindDescriptor(w, fd, ro)
}

// bindDescriptor finds the path that the kernel has for the descriptor. The
// entry's FD makes sure that what is bound is what the descriptor names: the
// path may lead elsewhere by then. What has no path is a source that isn't
// there.
//
//go:noinline
func (b *Line) bindDescriptor(w []string, fd int, ro bool) error {
	early.Ordinary()
	source, err := kernel.PathOf(fd)
	if err != nil {
		var path early.Text
		path.Add("/proc/self/fd/")
		path.AddNumber(uint64(fd))
		source = early.Concat(path.String())
	}
	return b.add(w, spec.Entry{Kind: spec.Bind, RO: ro, Source: source, Dest: w[2], FD: spec.At(fd, w)})
}

// remountRO makes a mount read-only, and not those below it.
func (b *Line) remountRO(w []string) error {
	return b.add(w, spec.Entry{Kind: spec.ReadOnly, Dest: w[1]})
}

// proc and mqueue mount file systems of the sandbox's own namespaces.
func (b *Line) proc(w []string) error { return b.add(w, spec.Entry{Kind: spec.Proc, Dest: w[1]}) }

func (b *Line) mqueue(w []string) error { return b.add(w, spec.Entry{Kind: spec.Mqueue, Dest: w[1]}) }

// dev adds a /dev, and /dev/console if stdout is a terminal.
func (b *Line) dev(w []string) error {
	return b.add(w, spec.Entry{Kind: spec.Dev, Dest: w[1], Perms: 0o755, Source: terminalName(1)})
}

// terminalName returns the path of the terminal that a descriptor is, or "",
// see ttyname(3). The question whether it is a terminal at all needs no Go
// runtime, so a command line whose stdout is not a terminal stays early.
func terminalName(fd int) string {
	if !host.IsTerminal(fd) {
		return ""
	}
	return kernel.TerminalPath(fd)
}

// overlaySrc adds a layer for the next overlay, the first being the lowest. The
// list has no fixed memory, so the line goes the ordinary way.
func (b *Line) overlaySrc(w []string) error {
	early.Ordinary()
	b.layers = append(b.layers, w[1])
	return nil
}

// The options that make an overlay differ in where writes go: to a directory of
// the host, to memory, or nowhere.
func (b *Line) overlay(w []string) error {
	return b.addOverlay(w, 1, spec.Entry{Source: w[1], Work: w[2], Dest: w[3]})
}

func (b *Line) tmpOverlay(w []string) error { return b.addOverlay(w, 1, spec.Entry{Dest: w[1]}) }

func (b *Line) roOverlay(w []string) error {
	return b.addOverlay(w, 2, spec.Entry{RO: true, Dest: w[1]})
}

// addOverlay uses up --overlay-src, of which there must be at least as many as
// least.
//
//go:noinline
func (b *Line) addOverlay(w []string, least int, e spec.Entry) error {
	early.Ordinary()
	if len(b.layers) < least {
		return bwraptext.Errorf("%s requires at least %s --overlay-src", w[0], [...]string{1: "one", 2: "two"}[least])
	}
	e.Kind, e.Layers, b.layers = spec.Overlay, b.layers, nil
	return b.add(w, e)
}

// tmpfs uses up both modifiers. A size of 0 leaves it to the kernel, which
// takes half of the memory: KernelTmpfsSize is on in this mode.
func (b *Line) tmpfs(w []string) error {
	return b.add(w, spec.Entry{Kind: spec.Tmpfs, Dest: w[1], Perms: b.perms.Take(0o755), Size: b.size.Take(0)})
}

// dirOption makes a directory if it does not exist.
func (b *Line) dirOption(w []string) error {
	return b.add(w, spec.Entry{Kind: spec.Dir, Dest: w[1], Perms: b.perms.Take(0o755)})
}

// The options for files by descriptor, with the modes that bubblewrap gives
// them.
func (b *Line) file(w []string) error       { return b.addFile(w, spec.File, 0o666, false) }
func (b *Line) bindData(w []string) error   { return b.addFile(w, spec.Data, 0o600, false) }
func (b *Line) roBindData(w []string) error { return b.addFile(w, spec.Data, 0o600, true) }

// addFile only notes the descriptor: readFiles reads it, when the line is known
// to be right.
func (b *Line) addFile(w []string, kind spec.Kind, perms uint32, ro bool) error {
	var fd int
	if err := b.named(&fd, w[1]); err != nil {
		return err
	}
	return b.add(w, spec.Entry{Kind: kind, Dest: w[2], FD: spec.At(fd, w), RO: ro, Perms: b.perms.Take(perms)})
}

// readFiles reads what is to be in files, and the program of --seccomp: when
// all options are known. run looks for sources before it returns an error of
// this: bubblewrap reads data while it builds the tree.
func (b *Line) readFiles() error {
	for i := range b.spec.Tree {
		e := &b.spec.Tree[i]
		if e.Kind != spec.File && e.Kind != spec.Data {
			continue
		}
		data, err := b.data.Read(e.FD.Number())
		if err != nil {
			return bwraptext.Errorf("Can't write data to file %s: %s", e.Dest, bwraptext.Reason(err))
		}
		e.Data = data
	}
	if b.last == nil {
		return nil
	}
	f, err := b.program(b.last)
	b.spec.Filters = early.Append(b.spec.Filters, f)
	return err
}

// read returns what can be read from the descriptor that word names. What was
// read is kept, so that a descriptor can be named twice.
func (b *Line) read(word string) ([]byte, error) {
	fd, err := descriptor(word)
	if err != nil {
		return nil, err
	}
	return b.data.Read(fd)
}

// symlink adds a link. Its target is not looked at.
func (b *Line) symlink(w []string) error {
	return b.add(w, spec.Entry{Kind: spec.Symlink, Source: w[1], Dest: w[2]})
}

// chmod has its effect in order, and takes its own mode: --perms before it is
// an error.
func (b *Line) chmod(w []string) error {
	p, ok := arg.Number(w[1], 8)
	if !ok || p > 0o7777 {
		return bwraptext.Errorf("--chmod takes an octal argument <= 07777")
	}
	return b.add(w, spec.Entry{Kind: spec.Chmod, Dest: w[2], Perms: uint32(p)})
}

// The SELinux contexts of the command, and of the files and file systems that
// are made.
func (b *Line) execLabel(w []string) error { return b.label(&b.spec.Labels.Exec, w[1]) }
func (b *Line) fileLabel(w []string) error { return b.label(&b.spec.Labels.File, w[1]) }

// label notes an SELinux context. It is checked at once, as bubblewrap does.
//
//go:noinline
func (b *Line) label(to *string, label string) error {
	early.Ordinary()
	if !kernel.SELinux() {
		return bwraptext.Errorf("labeling not supported on this system")
	}
	if err := kernel.CheckLabel(label); err != nil {
		return bwraptext.Errorf("invalid label %s: %s", label, bwraptext.Reason(err))
	}
	*to = label
	return nil
}
