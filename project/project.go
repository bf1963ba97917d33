// Package project finds the directory that a command works in, and what of it must not change in a sandbox that may write there.
//
// It looks at the host and returns data. It may run before the Go runtime, see package early: what needs more calls early.Ordinary
// first.
package project

import (
	"strings"

	"box/internal/early"
	"box/internal/host"

	"golang.org/x/sys/unix"
)

// Caller is who asks.
type Caller struct {
	UID int
	// Home is where "~" in a configuration leads, or "".
	Home string
	// Homes are all that may be the caller's home.
	Homes []string
	// Dir is what the caller calls the working directory, or "".
	Dir string
	// Configs are further git configurations that the caller's variables name; some may be empty.
	Configs [3]string
	// Wanted is the directory that is to be the project, or "": then it is found.
	Wanted string
}

// Project is a directory of the host, open as long as it is looked at.
type Project struct {
	fd   int
	file host.File
	// Left is why there is no project, or "". All that follows counts only then.
	Left string
	// Why is what makes the directory the project: "checkout", the name of a file, or "".
	Why string
	// Source leads to it: "." or "../.." from the working directory, or else it is absolute.
	Source string
	// Path is the same from the root, without links.
	Path string
	// Dest is Path as the caller calls it, through links.
	Dest string
	// Inside is the path from there to the working directory, or "".
	Inside string
	// Dev and Ino are those of the directory that was looked at.
	Dev, Ino uint64
	// Git is the git directory outside of the project that its .git file leads to, or "".
	Git Outside
}

// maxUp bounds the way up: a path has no more parts.
const maxUp = unix.PathMax / 2

// Find finds the project of the working directory, and opens it. Close closes it.
//
// It is the top of a checkout, else the nearest directory upwards with one of the files in markers, else the working directory
// itself. Only a directory that refuses has nothing against is one.
func (p *Project) Find(c *Caller) {
	*p = Project{fd: -1}
	if c.Wanted != "" {
		p.take(c, c.Wanted)
		return
	}
	fd, errno := host.OpenAt(host.Here, ".", unix.O_PATH|unix.O_DIRECTORY)
	if c.Dir == "" || errno != 0 {
		host.Close(fd)
		p.Left = nowhere()
		return
	}
	if why := c.refuses(fd); why != "" {
		host.Close(fd)
		p.Left = early.Concat("the working directory ", why)
		return
	}
	var top top
	top, p.Why = c.search(fd)
	p.open(c, fd, top)
}

// top is a directory that can be the project: up directories above the working directory.
type top struct {
	up   int
	file host.File
}

// search goes up from fd and returns the directory that is the project, and why.
func (c *Caller) search(fd int) (_ top, why string) {
	var s search
	at := fd
	here, _ := host.Look(fd, "")
	own := top{0, here}
	for up := range maxUp {
		s.look(c, at, up)
		if s.checkout != unknown {
			break
		}
		next, errno := host.OpenAt(at, "..", unix.O_PATH|unix.O_DIRECTORY)
		if at != fd {
			host.Close(at)
		}
		at = fd
		if errno != 0 {
			break
		}
		at = next
		// git stops at the border of a file system, too. At the root ".." is the root.
		above, errno := host.Look(at, "")
		if errno != 0 || above.Dev != here.Dev || above.Same(here) {
			break
		}
		here = above
	}
	if at != fd {
		host.Close(at)
	}
	switch {
	case s.checkout >= 0:
		return top{s.checkout, s.checkoutFile}, "checkout"
	case s.marked != "":
		return top{s.marker, s.markerFile}, s.marked
	}
	return own, ""
}

// Values of search.checkout that are not a number of directories.
const (
	unknown = -1
	noTop   = -2 // there is one, and it can't be the project
)

// search is what a way up has found.
type search struct {
	checkout     int
	checkoutFile host.File
	marker       int
	markerFile   host.File
	marked       string // the name of the marker, or "" if there is none that counts
	begun        bool
}

// look looks at the directory that is open as fd, up directories above the working directory.
func (s *search) look(c *Caller, fd, up int) {
	if !s.begun {
		s.checkout, s.marker, s.begun = unknown, -1, true
	}
	git, marked := isTop(fd, c.UID), ""
	if s.marker < 0 {
		marked = hasMarker(fd)
	}
	if git == notTop && marked == "" {
		return
	}
	good := git != otherTop
	if up > 0 && good {
		good = c.refuses(fd) == "" && !hasSecrets(fd)
	}
	here, _ := host.Look(fd, "")
	if marked != "" {
		if s.marker = up; good {
			s.marked, s.markerFile = marked, here
		}
	}
	switch {
	case git == notTop:
	case good:
		s.checkout, s.checkoutFile = up, here
	default:
		s.checkout = noTop
	}
}

// markers are the files that make a directory the project where there is no checkout.
var markers = [...]string{"go.mod", "Cargo.toml", "package.json", "pyproject.toml"}

func hasMarker(fd int) string {
	for i := range markers {
		if f, errno := host.Look(fd, markers[i]); errno == 0 && f.Is(unix.S_IFREG) {
			return markers[i]
		}
	}
	return ""
}

// moved is why a working directory can't be judged: what lies above it has changed since.
const moved = "somebody has moved the working directory meanwhile"

// open makes a directory above the working directory, which is open as fd, the project, and closes fd.
func (p *Project) open(c *Caller, fd int, to top) {
	var source early.Text
	source.Add(".")
	for n := range to.up {
		next, errno := host.OpenAt(fd, "..", unix.O_PATH|unix.O_DIRECTORY)
		if host.Close(fd); errno != 0 {
			p.Left = moved
			return
		}
		fd = next
		source.Add("."[min(n, 1):]) // ".", then "..", then "../.."
		if n > 0 {
			source.Add("/..")
		}
	}
	p.fd, p.Source = fd, early.Concat(source.String())
	if p.file, _ = host.Look(fd, ""); !p.file.Same(to.file) {
		p.Left = moved
		return
	}
	var here, top [unix.PathMax]byte
	dir, path := host.Getwd(here[:]), host.PathOf(fd, top[:])
	if path == "" && to.up == 0 {
		path = dir // there is no /proc
	}
	switch {
	case path == "" || dir == "":
		p.Left = "the working directory has no path"
		return
	case !within(dir, path):
		p.Left = moved
		return
	}
	p.Path = early.Concat(path)
	p.Inside = early.Concat(trimSlash(dir[len(path):]))
	p.Dest = p.called(c.Dir)
	p.judge(c)
}

// judge notes what the directory is when all that names it is known.
func (p *Project) judge(c *Caller) {
	p.Dev, p.Ino = p.file.Dev, p.file.Ino
	p.Git = p.outside(c)
}

// take makes the directory dir the project, and does without a search.
func (p *Project) take(c *Caller, dir string) {
	fd, errno := host.OpenAt(host.Here, dir, unix.O_PATH|unix.O_DIRECTORY)
	if errno != 0 {
		p.Left = early.Concat(dir, " is no directory")
		return
	}
	if why := c.refuses(fd); why != "" {
		host.Close(fd)
		p.Left = early.Concat(dir, " ", why)
		return
	}
	// One of those that the working directory lies in is opened as when it is found, so that nobody can exchange it.
	wanted, _ := host.Look(fd, "")
	if up := above(wanted); up >= 0 {
		host.Close(fd)
		if fd, errno = host.OpenAt(host.Here, ".", unix.O_PATH|unix.O_DIRECTORY); errno == 0 && c.Dir != "" {
			p.open(c, fd, top{up, wanted})
			return
		}
		p.Left = nowhere()
		return
	}
	var buffer [unix.PathMax]byte
	path := host.PathOf(fd, buffer[:])
	if p.fd = fd; path == "" {
		p.Left = early.Concat(dir, " has no path")
		return
	}
	p.Path = early.Concat(path)
	p.file = wanted
	p.Source, p.Dest, p.Inside = p.Path, p.Path, outside
	p.judge(c)
}

// outside is Project.Inside where the working directory does not lie in the project.
const outside = ".."

// Elsewhere reports whether the working directory does not lie in the project.
func (p *Project) Elsewhere() bool { return p.Inside == outside }

// above returns how many levels above the working directory dir is, or -1 if it is not above it.
func above(dir host.File) int {
	fd, errno := host.OpenAt(host.Here, ".", unix.O_PATH|unix.O_DIRECTORY)
	found := -1
	before := host.File{}
	for up := 0; errno == 0 && up < maxUp; up++ {
		f, wrong := host.Look(fd, "")
		if wrong != 0 || f.Same(before) {
			break
		}
		if f.Same(dir) {
			found = up
			break
		}
		next, wrong := host.OpenAt(fd, "..", unix.O_PATH|unix.O_DIRECTORY)
		host.Close(fd)
		fd, errno, before = next, wrong, f
	}
	if fd >= 0 {
		host.Close(fd)
	}
	return found
}

// called returns what the caller calls the project: the beginning of dir, its name for the working directory, if that leads to the
// project, else the real path.
func (p *Project) called(dir string) string {
	name := trimSlashes(dir)
	if p.Inside != "" {
		cut := len(name) - len(p.Inside) - 1
		if cut <= 0 || name[cut] != '/' || name[cut+1:] != p.Inside {
			return p.Path
		}
		name = name[:cut]
	}
	is, errno := host.LookFor(host.Here, name)
	if at, _ := host.Look(p.fd, ""); errno != 0 || !is.Same(at) {
		return p.Path
	}
	return name
}

// Close lets the directory go.
func (p *Project) Close() {
	if p.fd >= 0 {
		host.Close(p.fd)
		p.fd = -1
	}
}

// within reports whether path, without links, is dir or lies below it.
func within(path, dir string) bool {
	return strings.HasPrefix(path, dir) && (len(path) == len(dir) || path[len(dir)] == '/' || dir == "/")
}

func trimSlash(path string) string {
	for path != "" && path[0] == '/' {
		path = path[1:]
	}
	return path
}

// trimSlashes takes the slashes at the end of a path off.
func trimSlashes(path string) string {
	for len(path) > 1 && path[len(path)-1] == '/' {
		path = path[:len(path)-1]
	}
	return path
}

// nowhere returns why the working directory has no path: it is too long for getcwd(2), or the directory was removed.
func nowhere() string {
	early.Ordinary()
	var st unix.Stat_t
	if unix.Stat(".", &st) == nil && st.Nlink > 0 {
		return "the path of the working directory is longer than the kernel takes"
	}
	return "the working directory does not exist"
}
