package project

import (
	"strings"

	"box/internal/early"
	"box/internal/host"

	"golang.org/x/sys/unix"
)

// What isTop says of a directory.
const (
	notTop   = iota // git would look further up
	ownTop          // the top of a checkout of the caller's
	otherTop        // that of somebody else's
)

// isTop reports whether the directory that is open as fd is the top of a checkout: it has a git directory, or a file that leads to
// one, see gitrepository-layout(5).
func isTop(fd, uid int) int {
	f, errno := host.Look(fd, ".git")
	if errno != 0 {
		return notTop
	}
	whose := ownTop
	if f.UID != uint32(uid) {
		whose = otherTop
	}
	if f.Is(unix.S_IFLNK) {
		f, errno = host.LookFor(fd, ".git")
	}
	switch {
	case errno != 0:
		return notTop
	case f.Is(unix.S_IFREG):
		return whose
	case f.Is(unix.S_IFDIR):
		if _, errno := host.LookFor(fd, ".git/HEAD"); errno == 0 {
			return whose
		}
	}
	return notTop
}

// Outside is a git directory that lies outside of the project. Source and Dest are paths of the host and of the sandbox; "" is
// none.
type Outside struct{ Source, Dest string }

// maxGitfile is how long a .git file may be. Git's own are a path long.
const maxGitfile = unix.PathMax

// outside returns the git directory that the project's .git file leads to, if it is to be believed.
//
// What the file says is the project's word, and not the user's: it could name ~/.ssh. It is believed if the caller owns it, and the
// directory and what is above it has the form that git makes, and says itself that it belongs to this project. So a program that
// can write to the project alone can't make one up elsewhere.
func (p *Project) outside(c *Caller) (o Outside) {
	f, errno := host.Look(p.fd, ".git")
	if errno != 0 || !f.Is(unix.S_IFREG) || f.UID != uint32(c.UID) {
		return o
	}
	var data [maxGitfile]byte
	target := line(p.fd, ".git", data[:])
	const prefix = "gitdir: "
	if !strings.HasPrefix(target, prefix) || len(target) == len(prefix) {
		return o
	}
	target = target[len(prefix):]
	fd, errno := host.OpenAt(p.fd, target, unix.O_PATH|unix.O_DIRECTORY)
	if errno != 0 {
		return o
	}
	var buffer [unix.PathMax]byte
	path := host.PathOf(fd, buffer[:])
	at := strings.LastIndex(path, "/.git/")
	spelled := target
	if target[0] != '/' {
		spelled = early.Concat(p.Dest, "/", target)
	}
	spelled = cleaned(spelled)
	if own(fd, ".", c.UID) && hasHead(fd) && at > 0 {
		switch kind := path[at+len("/.git/"):]; {
		case strings.HasPrefix(kind, "worktrees/") && strings.IndexByte(kind[len("worktrees/"):], '/') < 0:
			o = p.worktree(c, fd, path[:at+len("/.git")], spelled)
		case strings.HasPrefix(kind, "modules/"), strings.HasPrefix(kind, "worktrees/") && strings.Contains(kind, "/modules/"):
			o = p.module(fd, path, spelled)
		}
	}
	host.Close(fd)
	if o.Source != "" && (within(o.Source, p.Path) || !early.Clean(o.Dest)) {
		return Outside{} // it is brought in already
	}
	return o
}

// worktree is outside for a linked worktree, see git-worktree(1): fd is its own directory in that of the repository, which is
// needed as a whole. It points back by the path of the .git file.
func (p *Project) worktree(c *Caller, fd int, repository, spelled string) (o Outside) {
	var data, more [maxGitfile]byte
	back, common := line(fd, "gitdir", data[:]), line(fd, "commondir", more[:])
	cut := strings.LastIndex(spelled, "/worktrees/")
	if back == "" || common != "../.." || cut < 0 || !p.leadsBack(fd, back) {
		return o
	}
	if !own(fd, "../..", c.UID) {
		return o
	}
	return Outside{Source: early.Concat(repository), Dest: early.Concat(spelled[:cut])}
}

// leadsBack reports whether a path is that of the project's .git file.
func (p *Project) leadsBack(dir int, path string) bool {
	there, errno := host.Look(dir, path)
	if errno != 0 {
		return false
	}
	here, errno := host.Look(p.fd, ".git")
	return errno == 0 && here.Same(there)
}

// module is outside for a submodule, see gitsubmodules(7). It points back by core.worktree in its configuration.
func (p *Project) module(fd int, path, spelled string) (o Outside) {
	var r reader
	if !r.open(fd, "config") {
		return o
	}
	back := false
	for r.next() {
		if r.key.String() == "core.worktree" && !r.whole.Full() {
			f, errno := host.LookFor(fd, r.whole.String())
			back = errno == 0 && f.Same(p.file)
		}
	}
	r.close()
	if !back || r.wrong != "" {
		return o
	}
	return Outside{Source: early.Concat(path), Dest: early.Concat(spelled)}
}

// own reports whether what is at name belongs to the caller.
func own(dir int, name string, uid int) bool {
	f, errno := host.Look(dir, name)
	return errno == 0 && f.UID == uint32(uid)
}

// hasHead reports whether a directory has the file that makes it a git directory.
func hasHead(fd int) bool {
	f, errno := host.LookFor(fd, "HEAD")
	return errno == 0 && f.Is(unix.S_IFREG)
}

// line returns the one line of a file, which it writes into buffer; "" if the file has more, or does not fit.
func line(dir int, name string, buffer []byte) string {
	fd, errno := host.OpenAt(dir, name, unix.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK)
	if errno != 0 {
		return ""
	}
	n, errno := host.Read(fd, buffer)
	f, wrong := host.Look(fd, "")
	host.Close(fd)
	if errno != 0 || wrong != 0 || n <= 0 || n == len(buffer) || !f.Is(unix.S_IFREG) {
		return ""
	}
	text := early.String(buffer[:n])
	for text != "" && (text[len(text)-1] == '\n' || text[len(text)-1] == '\r') {
		text = text[:len(text)-1]
	}
	if strings.IndexByte(text, '\n') >= 0 || strings.IndexByte(text, 0) >= 0 {
		return ""
	}
	return text
}

// cleaned returns a path from the root without ".", ".." and slashes too many, by name: as git joins them.
func cleaned(path string) string {
	var t early.Text
	for path = trimSlash(path); path != ""; path = trimSlash(path) {
		end := strings.IndexByte(path, '/')
		if end < 0 {
			end = len(path)
		}
		switch part := path[:end]; part {
		case ".":
		case "..":
			t.Cut(max(strings.LastIndexByte(t.String(), '/'), 0))
		default:
			t.Add("/")
			t.Add(part)
		}
		path = path[end:]
	}
	return early.Concat(t.String())
}
