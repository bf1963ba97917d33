package launch

import (
	"box/internal/early"
	"box/internal/host"

	"golang.org/x/sys/unix"
)

// What a walk looks at, at most: directories, how deep, and how many that it can't read it tells.
const (
	maxDirs   = 20_000
	maxDepth  = 256
	maxUnread = 5
)

// sweep is a walk through a project after the end of its sandbox: a second line of defence. It looks for repositories that are
// new, and takes the name .git from those by which git would run something.
//
// Nothing of the sandbox runs any more, but what it has left in the project is not believed: directories are opened by
// descriptor, links are not followed, and what is mounted in the project is not entered.
type sweep struct {
	b      *Sandbox
	uid    uint32
	dirs   int // how many it has looked at
	unread int
	over   bool
	path   early.Text // of the directory that it is in, from the top
	names  host.Names
	config [maxConfig]byte
	levels [maxDepth]level
	depth  int
	// queue has the names of directories to be entered, each after its length: those of a level lie after its parent's.
	queue [1 << 20]byte
	used  int // of queue
}

// level is a directory that the walk is in or below.
type level struct {
	fd               int
	start, next, end int // in the queue
	path             int // the length of its path
}

// plainSweep is the one of a process that has begun without the Go runtime.
var plainSweep sweep

func newSweep() *sweep {
	if !early.Running() {
		early.Ordinary()
		return new(sweep)
	}
	return &plainSweep
}

// Sweep tells what is new in the project, and walks through it. It is for the time after Wait. A signal that asks for an end,
// or one that is deadly, ends the walk.
func (b *Sandbox) Sweep() {
	n := &b.names
	n.over = true
	b.tellChanges()
	if n.top < 0 || b.failed != nil { // a command that was not started has written nothing
		n.close()
		return
	}
	b.tellLostLocks()
	b.remains()
	if b.spec.Project.Allows(gitDir) { // nothing else is looked for
		n.close()
		return
	}
	s := newSweep()
	s.b, s.uid, s.dirs, s.unread, s.over, s.depth, s.used = b, uint32(unix.Getuid()), 0, 0, false, 0, 0
	s.path.Cut(0)
	s.walk()
	n.top = -1 // the walk has closed it
	n.close()
}

func (s *sweep) walk() {
	s.enter(s.b.names.top, "")
	for s.depth > 0 {
		l := &s.levels[s.depth-1]
		s.path.Cut(l.path)
		if s.over || l.next == l.end {
			host.Close(l.fd)
			s.used = l.start
			s.depth--
			continue
		}
		size := int(s.queue[l.next])
		name := early.String(s.queue[l.next+1 : l.next+1+size])
		l.next += 1 + size
		s.descend(l.fd, name)
	}
}

// descend enters a directory by its name in another one.
func (s *sweep) descend(dir int, name string) {
	const often = 32
	if s.dirs%often == 0 && s.interrupted() {
		s.stop(Interrupted)
		return
	}
	fd, errno := host.OpenIn(dir, name, unix.O_DIRECTORY)
	switch errno {
	case 0:
		s.enter(fd, name)
	case unix.EXDEV, unix.ENOTDIR, unix.ELOOP, unix.ENOENT: // a mount, no directory at all, or gone
	case unix.EACCES:
		// What is somebody else's and closed to the user was closed to the command, and is closed to the user's git.
		if f, wrong := host.Look(dir, name); wrong == 0 && f.UID == s.uid {
			s.cannot(name, errno)
		}
	default:
		s.cannot(name, errno)
	}
}

// enter reads the names in a directory, and looks at the .git among them. It owns fd.
func (s *sweep) enter(fd int, name string) {
	if s.depth == len(s.levels) {
		host.Close(fd)
		s.cannot(name, unix.ELOOP)
		return
	}
	if s.dirs++; s.dirs > maxDirs {
		host.Close(fd)
		s.stop(TooMany)
		return
	}
	if name != "" {
		if s.path.Len() > 0 {
			s.path.Add("/")
		}
		s.path.Add(name)
	}
	l := &s.levels[s.depth]
	s.depth++
	*l = level{fd: fd, start: s.used, next: s.used, path: s.path.Len()}
	var found innard
	s.names.Of(fd)
	for {
		name, kind, errno := s.names.Read()
		if errno != 0 {
			s.cannot("", errno)
		}
		if name == "" {
			break
		}
		this := innardOf(name)
		found |= this
		switch {
		case this == hasGit:
		case kind != unix.DT_DIR && kind != unix.DT_UNKNOWN || begins(name, gitDir+held):
		case !s.enqueue(name):
			s.stop(TooMany)
		}
	}
	l.end = s.used
	if found&hasGit != 0 {
		s.inspect(fd)
	}
	if found.isBare() {
		s.inspectBare(fd)
	}
}

// enqueue notes a directory to be entered, and reports whether there was room for it.
func (s *sweep) enqueue(name string) bool {
	if len(s.queue)-s.used < 1+len(name) || len(name) > 255 {
		return false
	}
	s.queue[s.used] = byte(len(name))
	copy(s.queue[s.used+1:], name)
	s.used += 1 + len(name)
	return true
}

// interrupted reports whether a signal has come that ends the walk.
func (s *sweep) interrupted() bool {
	for {
		signal := s.b.nextSignal()
		if signal == 0 {
			return false
		}
		if !s.b.names.tells(signal) && s.b.spec.Life.Ignored&bit(signal) == 0 && (ends[signal] || !forward[signal].sent) {
			return true
		}
	}
}

// stop ends the walk, and tells where.
func (s *sweep) stop(why NewsKind) {
	if !s.over {
		s.over = true
		s.b.report(News{What: why, Name: s.path.String()})
	}
}

// cannot tells of a directory that the walk can't read: name in the present one, or that itself.
func (s *sweep) cannot(name string, errno unix.Errno) {
	if s.unread++; s.unread > maxUnread {
		return
	}
	from := &s.b.names.from
	within(from, s.path.String(), name)
	s.b.report(News{What: Unread, Name: from.String(), Errno: errno})
}

// begins reports whether text begins with prefix.
func begins(text, prefix string) bool {
	return len(text) >= len(prefix) && text[:len(prefix)] == prefix
}

// equalFold reports whether two texts of the same length are the same but for the case of ASCII letters; b has none in upper
// case.
func equalFold(a, b string) bool {
	for i := range len(a) {
		c := a[i]
		if c >= 'A' && c <= 'Z' {
			c += 'a' - 'A'
		}
		if c != b[i] {
			return false
		}
	}
	return true
}
