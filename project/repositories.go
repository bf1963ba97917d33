package project

import (
	"slices"
	"strings"

	"box/internal/early"
	"box/internal/host"

	"golang.org/x/sys/unix"
)

// How far repositories below the top are looked for: names deep, and directories at most.
const (
	maxDepth       = 3
	maxDirectories = 20_000
)

// repositories locks the git directories in the project, and what their configurations name: at the top, of submodules, and of
// other repositories up to maxDepth below the top.
func (l *locker) repositories() {
	l.repository("")
	left := maxDirectories
	l.below("", 1, &left)
	l.modules()
}

// below looks for repositories in the directories of dir, which is depth names below the top.
func (l *locker) below(dir string, depth int, left *int) {
	var names host.Names
	if !names.OpenAt(l.fd, orDot(dir)) {
		return
	}
	var text early.Text
	holds := false
	for {
		name, kind, _ := names.Read()
		if name == "" {
			break
		}
		switch {
		case name == ".git":
			holds = true
			continue
		case kind != unix.DT_DIR && kind != unix.DT_UNKNOWN:
			continue
		}
		text.Reset()
		text.Add(dir)
		if dir != "" {
			text.Add("/")
		}
		text.Add(name)
		path := text.String()
		if kind == unix.DT_UNKNOWN { // not every file system says it
			if f, errno := host.Look(l.fd, path); errno != 0 || !f.Is(unix.S_IFDIR) {
				continue
			}
		}
		if text.Full() {
			continue
		}
		if *left--; *left < 0 {
			break
		}
		switch {
		case depth < maxDepth:
			l.below(path, depth+1, left)
		case l.holdsGit(path):
			l.repository(early.Concat(path))
		}
	}
	names.Close()
	if holds && dir != "" {
		l.repository(early.Concat(dir))
	}
}

func orDot(dir string) string {
	if dir == "" {
		return "."
	}
	return dir
}

// holdsGit reports whether there is anything by the name of .git in the directory dir.
func (l *locker) holdsGit(dir string) bool {
	var text early.Text
	text.Add(dir)
	text.Add("/.git")
	_, errno := host.Look(l.fd, text.String())
	return errno == 0
}

// repository locks the .git of the directory dir, and what configurations name for it.
func (l *locker) repository(dir string) {
	git := trimSlash(early.Concat(dir, "/.git"))
	f, errno := host.Look(l.fd, git)
	if errno != 0 {
		if dir == "" {
			l.general("")
		}
		return
	}
	l.path(git, reason{text: "a git directory"})
	var data [maxGitfile]byte
	if f.Is(unix.S_IFREG) {
		// What it leads to has a configuration, too, wherever it is.
		target := strings.TrimPrefix(line(l.fd, git, data[:]), "gitdir: ")
		switch {
		case target == "":
			return
		case within(target, l.Path):
			git = trimSlash(target[len(l.Path):])
		case target[0] == '/':
			git = target
		default:
			git = trimSlash(early.Concat(dir, "/", target))
		}
	}
	l.links(git)
	l.configuration(early.Concat(git, "/config"), dir)
	l.configuration(early.Concat(git, "/config.worktree"), dir)
	if strings.Contains(git, "/worktrees/") {
		l.configuration(early.Concat(git, "/../../config"), dir) // a linked worktree has that of its repository
	}
	l.general(dir)
}

// linked are names in a git directory that git takes code or configuration from, and that may be links into the project.
var linked = [...]string{"hooks", "config", "config.worktree", "commondir", "info", "info/attributes"}

// links locks what links of a git directory lead to: hooks are often kept in the tree.
func (l *locker) links(git string) {
	why := reason{text: "a link of a git directory leads there"}
	var path early.Text
	for i := range linked {
		path.Reset()
		path.Add(git)
		path.Add("/")
		path.Add(linked[i])
		l.link(path.String(), why)
	}
	var names host.Names
	fd, errno := host.OpenAt(l.fd, early.Concat(git, "/hooks"), unix.O_RDONLY|unix.O_DIRECTORY)
	if errno != 0 {
		return
	}
	names.Of(fd)
	for {
		name, kind, _ := names.Read()
		if name == "" {
			break
		}
		if kind != unix.DT_LNK && kind != unix.DT_UNKNOWN { // not every file system says it
			continue
		}
		path.Reset()
		path.Add(git)
		path.Add("/hooks/")
		path.Add(name)
		l.link(path.String(), why)
	}
	names.Close()
}

// link locks what is at path, if that is a link: path may lie outside of the project.
func (l *locker) link(path string, why reason) {
	var buffer [unix.PathMax]byte
	target := host.ReadlinkAt(l.fd, path, buffer[:])
	switch {
	case target == "":
	case target[0] == '/' && within(target, l.Path):
		l.path(target[len(l.Path):], why)
	case path[0] != '/':
		l.path(path, why)
	}
}

// general locks what the configurations of the user and of the system name for the repository of the directory dir.
func (l *locker) general(dir string) {
	for i := range system {
		l.configuration(system[i], dir)
	}
	for i := range users {
		if l.c.Home != "" {
			l.configuration(early.Concat(l.c.Home, users[i]), dir)
		}
	}
	for i := range l.c.Configs {
		if l.c.Configs[i] != "" {
			l.configuration(l.c.Configs[i], dir)
		}
	}
}

// Where git looks for configurations, see git-config(1), FILES. Caller.Configs has what variables add.
var (
	system = [...]string{"/etc/gitconfig", "/usr/local/etc/gitconfig"}
	users  = [...]string{"/.gitconfig", "/.config/git/config"}
)

// modules locks the repositories that .gitmodules names, however deep they are. The file is the project's: it only ever adds locks.
// An empty directory of a submodule that is not there yet is locked as well: git would look at a repository in it.
func (l *locker) modules() {
	var r reader
	if !r.open(l.fd, ".gitmodules") {
		return
	}
	for r.next() {
		if key := r.key.String(); !strings.HasPrefix(key, "submodule.") || !strings.HasSuffix(key, ".path") || r.whole.Full() {
			continue
		}
		path := r.whole.String()
		if path == "" || path[0] == '/' || !tame(path) {
			continue
		}
		if l.holdsGit(path) {
			l.repository(early.Concat(path))
			continue
		}
		var names host.Names
		if !names.OpenAt(l.fd, path) {
			continue
		}
		if names.Next() == "" {
			l.path(path, reason{text: "a submodule that is not there yet"})
			continue
		}
		names.Close()
	}
	r.close()
}

// tame reports whether a path has no ".." in it.
func tame(path string) bool {
	for path != "" {
		part, rest := path, ""
		if cut := strings.IndexByte(path, '/'); cut >= 0 {
			part, rest = path[:cut], path[cut+1:]
		}
		if part == ".." {
			return false
		}
		path = rest
	}
	return true
}

// watch notes a name at the top that does not exist, and that a configuration names.
func (l *locker) watch(name string) {
	if slices.Contains(l.found.Watched, name) {
		return
	}
	l.found.Watched = early.Append(l.found.Watched, early.Concat(name))
}
