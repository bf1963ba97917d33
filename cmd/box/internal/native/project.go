package native

import (
	"strings"

	"box/cmd/box/internal/say"
	"box/internal/early"
	"box/internal/host"
	"box/internal/inherited"
	"box/internal/pathname"
	"box/mounts"
	"box/project"
	"box/spec"

	"golang.org/x/sys/unix"
)

// writable is -w. It has its effect in the base view, so it is only noted.
func (b *Line) writable([]string) error {
	b.project.writable = true
	return nil
}

// projectDir is --project. The directory is looked for when all flags are read.
func (b *Line) projectDir(w []string) error {
	if w[0] == "" {
		return say.Bad("an empty path names nothing")
	}
	b.project.dir, b.project.words = w[0], b.step.words
	return nil
}

// wish is what flags say of the project.
type wish struct {
	writable bool
	dir      string   // of --project
	words    []string // the words of that flag
	scratch  []string // the words of --scratch
	keep     string   // its directory, or ""
}

// into returns the words of the flag that lets the command write in the
// project, or nil.
func (w *wish) into() []string {
	if w.writable {
		return writableWords[:]
	}
	return w.scratch
}

// baseView adds the base view, and the project in it. A working directory that
// can't be brought in is told, and the command starts elsewhere; but a line that
// asks for one to write in is refused: what the command writes would be lost.
func (b *Line) baseView() error {
	if err := b.hostsInView(); err != nil {
		return err
	}
	account := host.User(unix.Getuid())
	at := mounts.Base(b.spec, mounts.Host{
		UID: unix.Getuid(), Account: account, User: inherited.Variable("USER"), Home: inherited.Variable("HOME"), Name: b.host,
		Hosts: b.hosts.text, HostsFrom: b.hosts.from,
	})
	c := b.projectCaller(account.Home)
	var p project.Project
	p.Find(&c)
	p.Dest = mounts.Through(b.spec.Tree[:at], p.Dest)
	err := b.bringProject(at, &p, &c)
	p.Close()
	b.explainNotes()
	if err == nil {
		b.program()
	}
	return err
}

// projectCaller returns who looks for the project.
func (b *Line) projectCaller(systems string) project.Caller {
	home := inherited.Variable("HOME")
	c := project.Caller{
		UID: unix.Getuid(), Home: home, Homes: homes(b.memory.Homes[:0], home, systems), Dir: b.dirName, Wanted: b.project.dir,
		Configs: [3]string{inherited.Variable("GIT_CONFIG_GLOBAL"), inherited.Variable("GIT_CONFIG_SYSTEM")},
	}
	if dir := inherited.Variable("XDG_CONFIG_HOME"); dir != "" {
		c.Configs[2] = early.Concat(dir, "/git/config")
	}
	return c
}

// bringProject adds the project to the base view, and what must not change in
// it if it is writable.
func (b *Line) bringProject(at int, p *project.Project, c *project.Caller) error {
	into := b.project.into()
	if p.Left == "" && into != nil && len(c.Homes) == 0 {
		p.Left = "the home directory is not known, and must not become writable"
	}
	if p.Left == "" {
		p.Left = b.kept(p.Path)
	}
	if p.Left != "" {
		return b.leave(p.Left)
	}
	if into != nil {
		for i := at; i < len(b.spec.Tree); i++ {
			if t := &b.spec.Tree[i]; t.Kind.Mounts() && spec.Within(p.Dest, t.Dest) {
				why := early.Concat("it covers the project, ", p.Dest, ", which ", into[0], " makes writable")
				return say.Refuse(t.Origin.Words, why)
			}
		}
	}
	entries := b.projectEntries(p, &b.memory.Brought)
	if b.project.scratch != nil {
		if err := b.overlaid(&entries[0], p); err != nil {
			return err
		}
	}
	mounts.Insert(b.spec, at, entries)
	if b.project.writable {
		return b.lockProject(p, c)
	}
	return nil
}

// kept returns why dir can't be used: it is one of the directories that box
// keeps for itself, or lies in one. It is "" for others. What lies above one may be brought in: it is covered there.
// Each of them has a name of its own (box, box-UID), so most paths need no look.
func (b *Line) kept(dir string) string {
	for i := range b.spec.Mounts.Own {
		own := &b.spec.Mounts.Own[i]
		_, name := pathname.Cut(own.Path)
		if own.Path == "" || own.Kind == spec.Fixed && !b.project.writable ||
			!pathname.HasPart(dir, name) || host.IsLink(own.Path) {
			continue
		}
		f, errno := host.LookFor(host.Here, own.Path)
		is, wrong := host.LookFor(host.Here, dir)
		if errno == 0 && wrong == 0 && (f.Same(is) || host.Holds(f, dir)) {
			return early.Concat(dir, " is in ", own.Path, ", which box keeps for itself")
		}
	}
	return ""
}

// projectEntries returns what brings the project in: itself, its git directory
// if that lies elsewhere, and a link at what the caller calls the working
// directory, if that is another name than it has in the project.
func (b *Line) projectEntries(p *project.Project, to *[3]spec.Entry) []spec.Entry {
	to[0] = spec.Entry{
		Kind: spec.Bind, RO: !b.project.writable, Here: p.Source[0] == '.', Source: p.Source, Dest: p.Dest, Dev: p.Dev, Ino: p.Ino,
	}
	to[0].Origin.Note = mounts.NoteBase
	if p.Why != "" {
		to[0].Origin.Note = early.Concat("the project: ", p.Why)
	}
	n := 1
	if p.Git.Source != "" {
		to[n] = spec.Entry{Kind: spec.Bind, RO: true, Source: p.Git.Source, Dest: p.Git.Dest}
		to[n].Origin.Note = "the git directory of the project"
		n++
	}
	dir := p.Dest
	if p.Inside != "" && !p.Elsewhere() {
		dir = early.Concat(strings.TrimSuffix(dir, "/"), "/", p.Inside)
	}
	switch {
	case p.Elsewhere() || spec.Relative(b.dirName) == spec.Relative(dir):
		b.dirName = dir
	case spec.Relative(mounts.Through(b.spec.Tree, b.dirName)) == spec.Relative(dir):
		// The home has that name, too.
	case !spec.Within(b.dirName, p.Dest) && !mounts.Has(b.spec, b.dirName):
		to[n] = spec.Entry{Kind: spec.Symlink, Source: dir, Dest: b.dirName}
		to[n].Origin.Note = "the working directory, as the caller calls it"
		n++
	}
	return to[:n]
}

// leave is for a working directory that is not brought in.
func (b *Line) leave(why string) error {
	switch {
	case b.project.words != nil:
		return say.Refuse(b.project.words, why)
	case b.project.into() != nil:
		early.Ordinary()
		return say.Usagef("%s: %s: it can't be made writable", say.Words(b.project.into()), why).
			Hintf("change to the directory of a project, or name it: --project DIR")
	}
	say.Tell(why, ": it is not brought in, the command starts in an empty home")
	b.bare = true
	return nil
}

// lockProject finds what must not change in a writable project, and what is
// watched for.
func (b *Line) lockProject(p *project.Project, c *project.Caller) error {
	to, m := &b.spec.Project, b.memory
	to.Top, to.Source, to.Dev, to.Ino, to.Origin.Words = p.Path, p.Source, p.Dev, p.Ino, writableWords[:]
	found := &m.Project
	*found = project.Found{Locks: m.Locked[:0], Watched: m.Names[:0]}
	for i := range project.Names {
		found.Watched = early.Append(found.Watched, project.Names[i])
	}
	if err := p.Locks(c, found); err != nil {
		early.Ordinary()
		return say.Usagef("-w: a git configuration can't be read: %v", err).
			Hintf("what git runs by it is not known, and the command could change that: mend the file, or leave -w out")
	}
	to.Locks, to.Names = found.Locks, found.Watched[:min(len(found.Watched), 64)]
	for i := range to.Names {
		if p.Has(to.Names[i]) {
			to.There |= 1 << i
		}
	}
	mounts.Locks(b.spec)
	return nil
}

// writableWords are those of -w, as an Origin has them.
var writableWords = [...]string{"-w"}

// homes returns what may be the caller's home: HOME, which anybody may have
// set, and what the system says. Both have to be known: a working directory
// that is a home, or lies above one, is not brought in as a whole. A home of
// "/" is that of a system user, and no directory with a user's files.
func homes(found []string, home, systems string) []string {
	if home != "" {
		found = early.Append(found, home)
	}
	if systems != "" && systems != "/" && systems != home {
		found = early.Append(found, systems)
	}
	return found
}
