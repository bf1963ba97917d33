package inputs

import (
	"strings"

	"box/internal/early"
	"box/internal/host"
	"box/internal/inherited"
	"box/register"
	"box/spec"

	"golang.org/x/sys/unix"
)

// StateDirectory returns where box keeps what it has to know of earlier
// sandboxes, see the XDG Base Directory Specification: a relative path is
// ignored. It is "" if there is no home either. Nothing is made here. HOME
// counts before the system's own answer, as the specification says; that is
// asked where HOME is not set or relative.
func StateDirectory() string { return userDirectory("XDG_STATE_HOME", "/.local/state/box") }

// CacheDirectory returns where box keeps what only costs time if it is lost,
// by the same rules.
func CacheDirectory() string { return userDirectory("XDG_CACHE_HOME", "/.cache/box") }

// DataDirectory returns where box keeps what belongs to its user: volumes.
func DataDirectory() string { return userDirectory("XDG_DATA_HOME", "/.local/share/box") }

// OwnDirectories notes in a Spec the directories that box keeps for itself:
// those of StateDirectory and CacheDirectory, that of data, of sockets, and of
// settings.
func OwnDirectories(s *spec.Spec) {
	own := &s.Mounts.Own
	s.Mounts.State = StateDirectory()
	own[0] = spec.OwnDir{Path: s.Mounts.State, Kind: spec.Secret}
	own[1] = spec.OwnDir{Path: runtimeDirectory(), Kind: spec.Secret}
	own[2] = spec.OwnDir{Path: DataDirectory()}
	own[3] = spec.OwnDir{Path: CacheDirectory()}
	own[4] = spec.OwnDir{Path: userDirectory("XDG_CONFIG_HOME", "/.config/box"), Kind: spec.Fixed}
}

// BoxDirectories notes those of boxes with a name alone: what starts them
// again, and where they are asked. It notes none if there has never been such
// a box, which takes one system call to see.
func BoxDirectories(s *spec.Spec) {
	state := StateDirectory()
	if state == "" || !host.IsDir(early.Concat(state, "/boxes")) {
		return
	}
	s.Mounts.Own[0] = spec.OwnDir{Path: state, Kind: spec.Secret}
	s.Mounts.Own[1] = spec.OwnDir{Path: runtimeDirectory(), Kind: spec.Secret}
}

// userDirectory returns the directory box in the one that a variable names, or
// the one below the home.
func userDirectory(variable, below string) string {
	if dir := inherited.Variable(variable); strings.HasPrefix(dir, "/") {
		return early.Concat(dir, "/box")
	}
	home := inherited.Variable("HOME")
	if !strings.HasPrefix(home, "/") {
		home = host.Home(unix.Getuid())
	}
	if !strings.HasPrefix(home, "/") {
		return ""
	}
	return early.Concat(home, below)
}

// WorkingDirectory returns where the caller is, by the name that the caller has
// for it (PWD) if that is right, else as getcwd(3) has it; "" if it has none.
// It is os.Getwd. The name in PWD is right if it leads to the same inode as
// ".". It keeps the links that the user has gone through.
func WorkingDirectory() string {
	if pwd := inherited.Variable("PWD"); strings.HasPrefix(pwd, "/") && host.Same(pwd, ".") {
		return pwd
	}
	buffer := early.Buffer(unix.PathMax)
	dir := host.Getwd(buffer)
	return dir
}

// Places returns where box keeps what it knows of boxes with a name. The
// runtime directory is $XDG_RUNTIME_DIR/box if the former is the caller's own:
// under sudo -E it is somebody else's, and it can be unset, or gone after a
// logout. /run/user/UID and /tmp/box-UID come after it.
func Places() register.Places {
	return register.Places{State: StateDirectory(), Runtime: runtimeDirectory()}
}

func runtimeDirectory() string {
	if dir := inherited.Variable("XDG_RUNTIME_DIR"); strings.HasPrefix(dir, "/") && callers(dir) {
		return early.Concat(dir, "/box")
	}
	var digits [early.MaxDigits]byte
	uid := early.String(early.Digits(digits[:], uint64(unix.Getuid()), 10))
	if dir := early.Concat("/run/user/", uid); callers(dir) {
		return early.Concat(dir, "/box")
	}
	return register.LastResort(uid)
}

// callers reports whether a directory is the caller's own, and closed to others.
func callers(dir string) bool {
	f, errno := host.LookFor(host.Here, dir)
	return errno == 0 && f.Is(unix.S_IFDIR) && int(f.UID) == unix.Getuid() && f.Mode&0o022 == 0
}
