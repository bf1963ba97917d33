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
	// Account is what the system says of the caller, and User what the environment calls the caller.
	Account host.Account
	User    string
	// Home is where an empty home directory is made: an absolute path, or "" for none.
	Home string
	Name string // the sandbox's own host name, or ""
	// Hosts are lines of hosts(5) that flags ask for, and HostsFrom the words of the first of these.
	Hosts     string
	HostsFrom []string
}

// NoteBase is the note of what the base view consists of.
const NoteBase = "base view"

// Base puts the base view in front of the tree: the system read-only, and the rest empty. It returns how many entries it has
// added: the project's follow these.
//
// The entries are in front of all others, so every flag can cover them, and among them the order counts: files that replace those
// of the host lie below /etc, and the project may lie in any of the others. The root is sealed when all is in it.
func Base(s *spec.Spec, h Host) (at int) {
	v := view{s: s, h: h}
	v.system()
	v.etc()
	v.memory()
	v.states()
	v.home()
	v.resolver()
	s.Mounts.FixedParents = true
	seal(s)
	return v.at
}

// system brings the programs of the system and their configuration, read-only. The C library counts processors in
// /sys/devices/system/cpu, see sysconf(3). The rest of /sys describes the machine.
func (v *view) system() {
	l := looker{top: "/"}
	for _, dir := range [...]string{"/usr", "/opt", "/etc", "/sys/devices/system/cpu"} {
		if e, is := l.find(dir); is {
			e.Dest = dir
			v.add(e)
		}
	}
	if v.h.UID == root {
		v.secrets()
	}
	// The entries of flags follow these, so only those so far are asked.
	v.at += Links(v.s, v.at, false)
}

// etc puts files of the sandbox's own in the place of those that say too much, or what isn't so in the sandbox.
func (v *view) etc() {
	v.withhold()
	v.registries()
	v.sshConfig()
	v.accounts()
	v.machineID()
	v.hosts()
}

// memory adds what is empty, or the kernel's.
func (v *view) memory() {
	v.add(spec.Entry{Kind: spec.Proc, Dest: "/proc"})
	v.add(spec.Entry{Kind: spec.Dev, Dest: "/dev"})
	for _, dir := range [...]string{"/tmp", "/var/tmp"} {
		v.add(spec.Entry{Kind: spec.Tmpfs, Dest: dir, Perms: 0o1777})
	}
	v.add(spec.Entry{Kind: spec.Symlink, Dest: "/var/run", Source: "/run", Try: true})
	// A tmpfs on /run would cover what Links has put there.
	if !named(v.s.Tree[:v.at], "/run/current-system") {
		v.add(spec.Entry{Kind: spec.Tmpfs, Dest: "/run", Perms: 0o755})
	}
	v.add(spec.Entry{Kind: spec.Dir, Dest: runtimeDir(v.h.UID), Perms: 0o700})
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
