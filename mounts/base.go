package mounts

import (
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
	Name string // the sandbox's own host name, or ""
}

// NoteBase is the note of what the base view consists of.
const NoteBase = "base view"

// Base puts the base view in front of the tree: the system read-only, and the rest empty. It returns how many entries it has
// added: the project's follow these.
//
// The entries are in front of all others, so every flag can cover them, and among them the order counts: secrets and
// the file of host names lie below /etc, and the project may lie in any of the others.
func Base(s *spec.Spec, h Host) (at int) {
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
	return at
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

// runtimeDir returns the XDG_RUNTIME_DIR of a user.
func runtimeDir(uid int) string {
	var dir early.Text
	dir.Add("/run/user/")
	dir.AddNumber(uint64(uid))
	return early.Concat(dir.String())
}
