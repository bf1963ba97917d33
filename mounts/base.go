package mounts

import (
	"path"
	"path/filepath"
	"strconv"

	"box/spec"
)

// Host is what the base view depends on, besides the file system.
type Host struct {
	UID      int
	Home     string // an absolute path, or ""
	Dir      string // the working directory, or ""
	Writable bool   // -w: the working directory is writable
}

const noteBase = "base view (--base none leaves it out)"

// locked are the names that stay read-only in a writable working directory: what is written there runs or is believed
// outside, later.
var locked = [...]string{
	".git/hooks", ".git/config", ".box.toml", ".envrc", ".vscode", ".idea", ".claude", ".mcp.json",
}

// Base puts the base view in front of the tree: the system read-only, the rest empty, and the working directory. It
// returns the reason if the working directory is left out, or "".
func Base(s *spec.Spec, h Host) (left string) {
	flags := s.Tree
	s.Tree = make([]spec.Entry, 0, len(flags)+32)
	add := func(e spec.Entry) {
		e.Origin.Note = noteBase
		s.Tree = append(s.Tree, e)
	}
	for _, dir := range []string{"/usr", "/opt", "/etc", "/sys/devices/system/cpu"} {
		if IsDir(dir) {
			add(spec.Entry{Kind: spec.Bind, RO: true, Source: dir, Dest: dir})
		}
	}
	Links(s)
	add(spec.Entry{Kind: spec.Proc, Dest: "/proc"})
	add(spec.Entry{Kind: spec.Dev, Dest: "/dev"})
	for _, dir := range []string{"/tmp", "/var/tmp"} {
		add(spec.Entry{Kind: spec.Tmpfs, Dest: dir, Perms: 0o1777})
	}
	if !named(s, "/run/current-system") {
		add(spec.Entry{Kind: spec.Tmpfs, Dest: "/run", Perms: 0o755})
	}
	add(spec.Entry{Kind: spec.Dir, Dest: runtimeDir(h.UID), Perms: 0o700})
	if spec.Relative(h.Home) != "" {
		add(spec.Entry{Kind: spec.Dir, Dest: h.Home, Perms: 0o700})
	}
	left = notBound(h)
	if left == "" {
		add(spec.Entry{Kind: spec.Bind, RO: !h.Writable, Source: h.Dir, Dest: h.Dir})
		if h.Writable {
			lock(s, h.Dir)
		}
	}
	s.Tree = append(s.Tree, flags...)
	return left
}

// notBound returns why the working directory can't be brought in, or "".
func notBound(h Host) string {
	switch {
	case h.Dir == "" || !IsDir(h.Dir):
		return "the working directory does not exist"
	case spec.Relative(h.Dir) == "":
		return "the working directory is /"
	}
	for _, home := range []string{h.Home, realPath(h.Home)} {
		switch {
		case home == "":
		case spec.Relative(realPath(h.Dir)) == spec.Relative(home):
			return "the working directory is the home directory"
		case spec.Within(home, realPath(h.Dir)):
			return "the working directory holds the home directory"
		}
	}
	return ""
}

// realPath returns path without links, or path itself if there is nothing: a directory has many names.
func realPath(path string) string {
	if target, err := filepath.EvalSymlinks(path); err == nil {
		return target
	}
	return path
}

// lock binds the locked names that exist read-only onto themselves, and the directory that holds some of them writable
// onto itself: a mount point can't be renamed, so nothing can be put in the place of what is locked.
func lock(s *spec.Spec, dir string) {
	held := ""
	for _, name := range locked {
		host := path.Join(dir, name)
		if !exists(host) {
			continue
		}
		note := "locked in a writable working directory: " + name
		if parent := path.Dir(host); parent != dir && parent != held {
			held = parent
			addLast(s, spec.Entry{Kind: spec.Bind, Source: parent, Dest: parent, Origin: spec.Origin{Note: note}})
		}
		bindRO(s, host, host, note)
	}
}

// runtimeDir returns the XDG_RUNTIME_DIR of a user.
func runtimeDir(uid int) string { return "/run/user/" + strconv.Itoa(uid) }
