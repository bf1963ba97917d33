package project

import (
	"strings"

	"box/internal/early"
	"box/internal/host"
	"box/internal/pathname"
	"box/spec"

	"golang.org/x/sys/unix"
)

// locker collects what must not change in a project.
type locker struct {
	*Project
	c *Caller
	// found is apart from the rest: what the locker itself has is on the stack.
	found *Found
	// at is what path has come to, rest what is still to be gone; next is rest while it is being made.
	at, rest, next early.Text
	// absolute and candidate are for word.
	absolute, candidate early.Text
}

// Found is what must not change in a project.
type Found struct {
	Locks []spec.LockedPath
	// Watched are names at the top that do not exist, and that a configuration names.
	Watched []string
	err     error
}

// maxLinks is how many links the kernel follows on one way, see path_resolution(7).
const maxLinks = 40

// reason is why something is locked: a sentence, or the variable of a git configuration that names it.
type reason struct{ text, key string }

func (r reason) String() string {
	if r.key != "" {
		return early.Concat("named by ", r.key, " of a git configuration")
	}
	return early.Concat(r.text)
}

// add notes that what is at path is locked. A path that lies in one that is locked already is not.
func (l *locker) add(path string, why reason) {
	locks := l.found.Locks
	for i := range locks {
		if spec.Within(path, locks[i].Path) {
			return
		}
	}
	kept := locks[:0]
	for i := range locks {
		if !spec.Within(locks[i].Path, path) {
			kept = kept[:len(kept)+1]
			kept[len(kept)-1] = locks[i]
		}
	}
	l.found.Locks = early.Append(kept, spec.LockedPath{Path: early.Concat(path), Why: why.String()})
}

// path locks what is at a path below the project, and each link that leads there. It reports whether there is anything. If not,
// above is the directory in the project where it would be made, and missing its name there; both are empty for a path that leads
// out of the project. Nothing outside is locked, and neither is the project as a whole.
func (l *locker) path(path string, why reason) (found bool, above, missing string) {
	l.at.Reset()
	l.rest.Reset()
	l.rest.Add(path)
	for links := 0; ; {
		rest := l.rest.String()
		from, to := pathname.First(rest)
		part := rest[from:to]
		if l.rest.Skip(to); part == "" {
			break
		}
		before := l.at.Len()
		if part == ".." && before == 0 {
			return false, "", ""
		}
		if !l.enter(part) {
			continue
		}
		if l.at.Full() || l.rest.Full() {
			return false, "", ""
		}
		f, errno := host.Look(l.fd, trimSlash(l.at.String()))
		if errno != 0 {
			missing = part
			l.at.Cut(before)
			return false, trimSlash(l.at.String()), missing
		}
		if !f.Is(unix.S_IFLNK) {
			continue
		}
		if links++; links > maxLinks || !l.follow(before, why) {
			return false, "", ""
		}
	}
	if l.at.Len() == 0 || l.at.Full() {
		return false, "", ""
	}
	l.add(trimSlash(l.at.String()), why)
	return true, "", ""
}

// enter goes from at to part of it, and reports whether there is something to look at.
func (l *locker) enter(part string) bool {
	switch part {
	case ".":
		return false
	case "..":
		l.at.Cut(max(strings.LastIndexByte(l.at.String(), '/'), 0))
		return false
	}
	l.at.Add("/")
	l.at.Add(part)
	return true
}

// follow locks the link that path has come to, and puts its target in front of the rest. It returns false if that leads out of the
// project.
func (l *locker) follow(above int, why reason) bool {
	var buffer [unix.PathMax]byte
	target := host.ReadlinkAt(l.fd, trimSlash(l.at.String()), buffer[:])
	l.add(trimSlash(l.at.String()), why)
	if target == "" {
		return false
	}
	l.at.Cut(above)
	if target[0] == '/' {
		if !within(target, l.Path) {
			return false
		}
		l.at.Cut(0)
		target = target[len(l.Path):]
	}
	l.next.Reset()
	l.next.Add(target)
	l.next.Add("/")
	l.next.Add(l.rest.String())
	l.rest, l.next = l.next, l.rest
	return true
}

// Locks finds what must not change while a command may write to the project: what tools outside run, or believe. The lists of found
// have memory for it. An error is a *ConfigError.
//
// Git is not run: its configuration is what is in question.
func (p *Project) Locks(c *Caller, found *Found) error {
	l := locker{Project: p, c: c, found: found}
	l.names()
	l.repositories()
	return found.err
}

// names locks what exists of Names, at the top and in each directory on the way to the working directory: an editor may be opened
// in any of them.
func (l *locker) names() {
	dir := ""
	if !l.Elsewhere() {
		dir = l.Inside
	}
	var name early.Text
	for end := 0; ; end++ {
		if end == 0 || end == len(dir) || dir[end] == '/' {
			for i := range Names {
				name.Reset()
				name.Add(dir[:end])
				name.Add("/")
				name.Add(Names[i])
				l.path(name.String(), reason{text: "programs outside run it, or believe it"})
			}
		}
		if end >= len(dir) {
			return
		}
	}
}

// Has reports whether there is anything at a name in the project.
func (p *Project) Has(name string) bool {
	_, errno := host.Look(p.fd, name)
	return errno == 0
}
