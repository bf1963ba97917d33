package launch

import (
	"box/internal/host"
	"box/spec"

	"golang.org/x/sys/unix"
)

// inspect looks at the .git in a directory, and takes that name from it if it is new and not harmless.
func (s *sweep) inspect(dir int) {
	f, errno := host.Look(dir, gitDir)
	above, wrong := host.Look(dir, "")
	switch {
	case errno != 0 || wrong != 0: // gone, or spelled otherwise where case counts
	case s.known(&f):
	case !f.Is(unix.S_IFDIR): // a file or a link leads elsewhere
		if s.isNew(&f) {
			s.hold(dir, gitDir)
		}
	default:
		fd, errno := host.OpenIn(dir, gitDir, unix.O_DIRECTORY)
		if errno != 0 {
			return
		}
		// To get a name in a directory changes both.
		if (s.isNew(&f) && s.isNew(&above) || s.touched(fd)) && !s.harmless(dir, gitDir) {
			s.hold(dir, gitDir)
		}
		host.Close(fd)
	}
}

// innard is a set of names that make a directory interesting: for what is in it, or since git takes it for a bare repository.
type innard uint8

const (
	hasGit innard = 1 << iota
	hasHead
	hasObjects
	hasRefs
	hasCommon
)

// innardOf returns what a name means.
func innardOf(name string) innard {
	switch {
	case len(name) == len(gitDir) && equalFold(name, gitDir):
		return hasGit
	case name == "HEAD":
		return hasHead
	case name == "objects":
		return hasObjects
	case name == "refs":
		return hasRefs
	case name == "commondir":
		return hasCommon
	}
	return 0
}

// isBare reports whether git takes a directory with such names for a repository, when it is started there.
func (i innard) isBare() bool {
	return i&hasHead != 0 && (i&hasCommon != 0 || i&hasObjects != 0 && i&hasRefs != 0)
}

// inspectBare looks at a directory that is a repository itself, and takes away what makes it one if it has changed and is not
// harmless. The descriptor has been read from, so it is opened once more.
func (s *sweep) inspectBare(dir int) {
	head, errno := host.Look(dir, "HEAD")
	f, wrong := host.Look(dir, "")
	switch {
	case errno != 0 || wrong != 0 || s.known(&f) || !s.isNew(&f) && !s.isNew(&head) && !s.touched(dir):
	case s.harmless(dir, "."):
	default:
		s.hold(dir, "HEAD")
	}
}

func (s *sweep) hold(dir int, name string) {
	s.b.reportHeld(s.path.String(), name, s.b.hold(dir, name))
}

// known reports whether a repository is one that was there at the start, at the top of the project, or that an entry of the sandbox
// names, such as one that locks it: the user, outside, may have changed it meanwhile.
func (s *sweep) known(f *host.File) bool {
	if s.depth == 1 {
		if i := s.b.watched(gitDir); i >= 0 && s.b.spec.Project.There>>i&1 != 0 {
			return true
		}
	}
	for i := range s.b.spec.Tree {
		e := &s.b.spec.Tree[i]
		if !e.Brings() && e.Kind != spec.Lock || e.Source == "" || e.Source == "." {
			continue
		}
		if source, errno := host.Look(host.Here, e.Source); errno == 0 && source.Same(*f) {
			return true
		}
	}
	return false
}

// isNew reports whether something has changed since the start. Where times are whole seconds, or two of them, they are taken to be
// as late as they can be.
func (s *sweep) isNew(f *host.File) bool {
	at, began := f.Changed, s.b.names.began
	if at.Nsec == 0 {
		return at.Sec+1 >= began.Sec
	}
	return at.Sec > began.Sec || at.Sec == began.Sec && at.Nsec >= began.Nsec
}

// runs are the names in a repository by which git runs programs, or finds others of that kind.
var runs = [...]string{"config", "config.worktree", "commondir", "hooks"}

// touched reports whether something in a repository is new by which git runs programs.
func (s *sweep) touched(fd int) bool {
	found := false
	for _, name := range runs {
		if f, errno := host.Look(fd, name); errno == 0 && s.isNew(&f) {
			found = true
		}
	}
	if hooks, errno := host.OpenIn(fd, "hooks", unix.O_DIRECTORY); errno == 0 {
		var names host.Names
		names.Of(hooks)
		for name := names.Next(); name != ""; name = names.Next() {
			if f, errno := host.Look(hooks, name); errno == 0 && s.isNew(&f) && !isSample(name) {
				found = true
			}
		}
	}
	return found
}

// shape is what something in a repository may be.
type shape uint8

const (
	aFile   shape = iota
	aTree         // a directory of directories and files
	samples       // a directory of files that git doesn't run
	nothing       // an empty directory
)

// innards are the names that git init, git clone and git commit write into a repository. Others are more than that: commondir,
// config.worktree and modules lead to further configuration, rebase-merge has a list of what to run.
var innards = [...]struct {
	name  string
	shape shape
}{
	{"HEAD", aFile},
	{"config", aFile},
	{"description", aFile},
	{"index", aFile},
	{"packed-refs", aFile},
	{"shallow", aFile},
	{"COMMIT_EDITMSG", aFile},
	{"FETCH_HEAD", aFile},
	{"ORIG_HEAD", aFile},
	{"hooks", samples},
	{"branches", nothing},
	{"info", aTree},
	{"objects", aTree},
	{"refs", aTree},
	{"reftable", aTree},
	{"logs", aTree},
}

// harmless reports whether what has a name in a directory is a repository as git init and git clone make them.
func (s *sweep) harmless(dir int, name string) bool {
	fd, errno := host.OpenIn(dir, name, unix.O_DIRECTORY)
	if errno != 0 {
		return false
	}
	var names host.Names
	names.Of(fd)
	is := true
	for is {
		name, _, errno := names.Read()
		if name == "" {
			is = errno == 0
			break
		}
		is = s.usual(fd, name)
	}
	is = is && s.plainConfig(fd)
	host.Close(fd)
	return is
}

// usual reports whether something in a repository is what git writes there.
func (s *sweep) usual(fd int, name string) bool {
	for i := range innards {
		if innards[i].name != name {
			continue
		}
		f, errno := host.Look(fd, name)
		switch {
		case errno != 0:
			return false
		case innards[i].shape == aFile:
			return f.Is(unix.S_IFREG)
		}
		return s.holds(fd, name, innards[i].shape, 0)
	}
	return false
}

// maxInner is how deep the directories in a repository may be: a branch can be called a/b/c.
const maxInner = 16

// holds reports whether a directory in a repository has what its shape allows, and nothing else: no links.
func (s *sweep) holds(fd int, name string, want shape, depth int) bool {
	if s.dirs++; depth == maxInner || s.dirs > maxDirs {
		return false
	}
	dir, errno := host.OpenIn(fd, name, unix.O_DIRECTORY)
	if errno != 0 {
		return false
	}
	var names host.Names
	names.Of(dir)
	is := true
	for is {
		name, kind, errno := names.Read()
		if name == "" {
			is = errno == 0
			break
		}
		switch kind = kindIn(dir, name, kind); {
		case want == nothing:
			is = false
		case kind == unix.DT_DIR && want == aTree:
			is = s.holds(dir, name, want, depth+1)
		default:
			is = kind == unix.DT_REG && (want != samples || isSample(name))
		}
	}
	host.Close(dir)
	return is
}

// kindIn returns the type of what is at a name in a directory, where the directory doesn't say it.
func kindIn(dir int, name string, kind byte) byte {
	if kind != unix.DT_UNKNOWN {
		return kind
	}
	f, errno := host.Look(dir, name)
	switch {
	case errno != 0:
		return unix.DT_UNKNOWN
	case f.Is(unix.S_IFDIR):
		return unix.DT_DIR
	case f.Is(unix.S_IFREG):
		return unix.DT_REG
	}
	return unix.DT_UNKNOWN
}

// isSample reports whether git takes a hook with a name for an example.
func isSample(name string) bool {
	const sample = ".sample"
	return len(name) > len(sample) && name[len(name)-len(sample):] == sample
}
