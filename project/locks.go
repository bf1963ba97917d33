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
	c     *Caller
	locks []spec.Lock
	// watched are names at the top that do not exist, and that a configuration names.
	watched []string
	err     error
	// at and rest are for follow.
	at, rest, next early.Text
}

// maxLinks is how many links the kernel follows on one way, see path_resolution(7).
const maxLinks = 40

// add notes that what is at path is locked. A path that lies in one that is locked already is not.
func (l *locker) add(path, why string) {
	for i := range l.locks {
		if spec.Within(path, l.locks[i].Path) {
			return
		}
	}
	kept := l.locks[:0]
	for i := range l.locks {
		if !spec.Within(l.locks[i].Path, path) {
			kept = kept[:len(kept)+1]
			kept[len(kept)-1] = l.locks[i]
		}
	}
	l.locks = early.Append(kept, spec.Lock{Path: early.Concat(path), Why: why})
}

// path locks what is at a path below the project, and each link that leads there. It reports whether there is anything, and returns
// what exists of the way otherwise. What lies outside is none of ours, and the project as a whole is not locked.
func (l *locker) path(path, why string) (found bool, way string) {
	l.at.Reset()
	l.rest.Reset()
	l.rest.Add(path)
	for links := 0; ; {
		rest := l.rest.String()
		from, to := pathname.First(rest)
		part := rest[from:to]
		l.rest.Skip(to)
		if part == "" {
			break
		}
		switch part {
		case ".":
			continue
		case "..":
			if l.at.Len() == 0 {
				return false, ""
			}
			l.at.Cut(max(strings.LastIndexByte(l.at.String(), '/'), 0))
			continue
		}
		above := l.at.Len()
		l.at.Add("/")
		l.at.Add(part)
		if l.at.Full() || l.rest.Full() {
			return false, ""
		}
		f, errno := host.Look(l.fd, l.at.String()[1:])
		if errno != 0 {
			l.at.Cut(above)
			return false, trimSlash(l.at.String())
		}
		if !f.Is(unix.S_IFLNK) {
			continue
		}
		if links++; links > maxLinks || !l.follow(above, why) {
			return false, ""
		}
	}
	if l.at.Len() == 0 || l.at.Full() {
		return false, ""
	}
	l.add(trimSlash(l.at.String()), why)
	return true, ""
}

// follow locks the link that path has come to, and puts its target in front of the rest. It returns false if that leads out of the
// project.
func (l *locker) follow(above int, why string) bool {
	l.next.Reset()
	var buffer [unix.PathMax]byte
	target := host.ReadlinkAt(l.fd, l.at.String()[1:], buffer[:])
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
	l.next.Add(target)
	l.next.Add("/")
	l.next.Add(l.rest.String())
	l.rest, l.next = l.next, l.rest
	return true
}

// Locks returns what must not change while a command may write to the project: what tools outside run, or believe. list and
// watched have memory for it. An error is a *ConfigError.
//
// Git is not run: its configuration is what is in question.
func (p *Project) Locks(c *Caller, list []spec.Lock, watched []string) ([]spec.Lock, []string, error) {
	l := locker{Project: p, c: c, locks: list, watched: watched}
	l.names()
	l.repositories()
	return l.locks, l.watched, l.err
}

// names locks the names of the data list, at the top and on the way to the working directory: an editor may be opened at each of
// these.
func (l *locker) names() {
	dir := ""
	if !l.Elsewhere() {
		dir = l.Inside
	}
	for at := 0; at <= len(dir); at++ {
		if at > 0 && at < len(dir) && dir[at] != '/' {
			continue
		}
		for i := range Names {
			name := early.Concat(dir[:at], "/", Names[i])
			if _, errno := host.Look(l.fd, trimSlash(name)); errno == 0 {
				l.path(name, "what programs outside run or believe")
			}
		}
		if at == 0 && dir == "" {
			return
		}
	}
}
