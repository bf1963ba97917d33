package mounts

import (
	"path"
	"path/filepath"

	"box/internal/early"
	"box/internal/host"
	"box/spec"

	"golang.org/x/sys/unix"
)

// Host is what the base view depends on, besides the file system.
type Host struct {
	// UID is the caller's. 0 is root, from whom more is hidden: see secrets.
	UID int
	// Home is where an empty home directory is made: an absolute path, or "" for none.
	Home string
	// Homes are all that may be the caller's home. None of them becomes the working directory, nor what lies above one.
	Homes []string
	// Dir is what the caller calls the working directory, or "". It is only the destination: the source is ".".
	Dir      string
	Writable bool   // the working directory is writable
	Name     string // the sandbox's own host name, or ""
}

// NoteBase is the note of what the base view consists of.
const NoteBase = "base view"

// LinkError is returned for a locked name that is a symbolic link: what it leads to could be locked, but not the link.
// Path is the link's, in the sandbox.
type LinkError struct{ Path string }

func (e *LinkError) Error() string { return e.Path + " is a link, and a link can't be locked" }

// Base puts the base view in front of the tree: the system read-only, the rest empty, and the working directory. It
// returns the reason if the working directory is left out, or "". An error is a *LinkError.
//
// The entries are in front of all others, so every flag can cover them, and among them the order counts: secrets and
// the file of host names lie below /etc, and the working directory may lie in any of the others.
func Base(s *spec.Spec, h Host) (left string, err error) {
	at := 0
	add := func(e spec.Entry) {
		if e.Origin.Note == "" {
			e.Origin.Note = NoteBase
		}
		insert(s, at, &e)
		at++
	}
	l := looker{top: "/"}
	// The C library counts processors in /sys/devices/system/cpu, see sysconf(3). The rest of /sys describes the
	// machine.
	for _, dir := range [...]string{"/usr", "/opt", "/etc", "/sys/devices/system/cpu"} {
		if e, is := l.find(dir); is {
			e.Dest = dir
			add(e)
		}
	}
	if h.UID == 0 {
		secrets(add)
	}
	// The entries of flags follow these, so only those so far are asked.
	at += Links(s, at, false)
	if hosts(s, h.Name) {
		add(hostsFile(h.Name))
	}
	add(spec.Entry{Kind: spec.Proc, Dest: "/proc"})
	add(spec.Entry{Kind: spec.Dev, Dest: "/dev"})
	for _, dir := range [...]string{"/tmp", "/var/tmp"} {
		add(spec.Entry{Kind: spec.Tmpfs, Dest: dir, Perms: 0o1777})
	}
	// A tmpfs on /run would cover what Links has put there.
	if !named(s.Tree[:at], "/run/current-system") {
		add(spec.Entry{Kind: spec.Tmpfs, Dest: "/run", Perms: 0o755})
	}
	add(spec.Entry{Kind: spec.Dir, Dest: runtimeDir(h.UID), Perms: 0o700})
	if spec.Relative(h.Home) != "" {
		add(spec.Entry{Kind: spec.Dir, Dest: h.Home, Perms: 0o700})
	}
	left = notBound(h)
	if left == "" {
		add(spec.Entry{Kind: spec.Bind, RO: !h.Writable, Here: true, Source: ".", Dest: h.Dir})
		if h.Writable {
			err = lock(s, at, h.Dir)
		}
	}
	return left, err
}

// notBound returns why the working directory can't be brought in, or "". It is judged as what it is, by device and inode, and not
// by its path: another may lead to the same directory, and a program can change where a path leads.
func notBound(h Host) string {
	var buffer [unix.PathMax]byte
	dir := host.Getwd(buffer[:])
	switch {
	case h.Dir == "" || dir == "":
		return "the working directory does not exist"
	case host.Same("/", "."):
		return "the working directory is /"
	}
	for i := range systems {
		if spec.Within(dir, systems[i].dir) {
			return systems[i].why
		}
	}
	// Whoever can write to a home can have a program run outside later, by the files that a shell reads.
	if len(h.Homes) == 0 && h.Writable {
		return "the home directory is not known, and must not become writable"
	}
	for _, home := range h.Homes {
		switch {
		case host.Same(home, "."):
			return "the working directory is the home directory"
		case host.Above(home) || spec.Within(home, dir):
			return "the working directory holds the home directory"
		}
	}
	if isPublic(".", h.UID) {
		return "the working directory is one that others write in, too"
	}
	return ""
}

// systems are where no working directory is brought in from.
// Links in /proc lead to descriptors, /dev and /sys are the machine's, and in /run are the sockets of its services.
var systems = [...]struct{ dir, why string }{
	{"/proc", "the working directory is in /proc"},
	{"/sys", "the working directory is in /sys"},
	{"/dev", "the working directory is in /dev"},
	{"/run", "the working directory is in /run"},
}

// RealPath returns path without links, or path itself if there is nothing: a directory has many names.
// The kernel is asked (/proc/self/fd) and not the path: a name that is looked up part by part can change in between.
func RealPath(path string) string {
	var buffer [unix.PathMax]byte
	if target := host.RealPath(path, buffer[:]); target != "" {
		return early.Concat(target)
	}
	if _, errno := host.Stat(path, 0); errno != 0 {
		return path
	}
	return walked(path)
}

// walked is RealPath where there is no /proc to ask.
// The parts are looked up one by one, so the answer may be old when it comes. It allocates.
//
//go:noinline
func walked(path string) string {
	early.Ordinary()
	if target, err := filepath.EvalSymlinks(path); err == nil {
		return target
	}
	return path
}

// lock binds the names of the project that exist read-only onto themselves. A mount point can't be renamed or removed, so nothing
// can be put in its place.
//
//go:noinline
func lock(s *spec.Spec, at int, dir string) error {
	early.Ordinary()
	for i, name := range s.Project.Names {
		var st unix.Stat_t
		// Relative to the working directory itself: its path may lead elsewhere by now.
		if unix.Lstat(name, &st) != nil {
			continue
		}
		s.Project.There |= 1 << i
		if st.Mode&unix.S_IFMT == unix.S_IFLNK {
			return &LinkError{path.Join(dir, name)}
		}
		insert(s, at, &spec.Entry{
			// NoLinks: somebody may put a link there between this look and the walk of the plan.
			Kind: spec.Bind, RO: true, Lock: true, Here: true, NoLinks: true, Source: name, Dest: path.Join(dir, name),
			Origin: spec.Origin{Note: "locked in a writable working directory: " + name},
		})
		at++
	}
	return nil
}

// runtimeDir returns the XDG_RUNTIME_DIR of a user.
func runtimeDir(uid int) string {
	var dir early.Text
	dir.Add("/run/user/")
	dir.AddNumber(uint64(uid))
	return early.Concat(dir.String())
}
