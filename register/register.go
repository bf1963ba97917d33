// Package register keeps what box knows of boxes with a name: a directory for each, with files that say how it is started and
// how it has ended, and a lock that shows whether it is up.
//
//	STATE/boxes/NAME/  box                  how it is started: written once, before anything runs
//	                   lock                 an OFD lock, see fcntl(2): who holds it is the monitor of the box
//	                   live exit log log.1  written by the monitor: its processes, how it ended, what it said
//	RUNTIME/ID.sock                         where the monitor listens
//	RUNTIME/running                         unnamed runs in the foreground: the byte of its process id is locked by each
//
// STATE is $XDG_STATE_HOME/box and RUNTIME $XDG_RUNTIME_DIR/box. Both are the user's own and closed to others; no path is used
// twice, but each directory is opened once. Nobody is signalled by what stands in these files.
//
// Open, Create, and what a monitor calls, may run before the Go runtime. What they fail with is then found again in the ordinary
// way: see package early.
package register

import (
	"box/internal/early"
	"box/internal/host"
	"box/internal/pathname"

	"golang.org/x/sys/unix"
)

// Places says where the directories are: paths.
type Places struct{ State, Runtime string }

// Register is the two directories, open. Its zero value has to be opened.
type Register struct {
	Places
	// Unread is what List has left out: boxes whose directory can't be opened, or is not the user's own.
	Unread  []error
	boxes   int // STATE/boxes
	runtime int // RUNTIME
}

// Open opens the directories, and makes what is missing, for the user alone. An error is a *Error.
func Open(p Places) (*Register, error) {
	early.Ordinary()
	r := new(Register)
	return r, r.Open(p)
}

// Open is the function Open for memory that is there already.
func (r *Register) Open(p Places) error {
	r.Places, r.boxes, r.runtime = p, -1, -1
	state, errno := own(p.State)
	if errno != 0 {
		return problem("open", p.State, errno)
	}
	r.boxes, errno = ownIn(state, "boxes")
	host.Close(state)
	if errno != 0 {
		return problem("open", early.Concat(p.State, "/boxes"), errno)
	}
	if r.runtime, errno = own(p.Runtime); errno != 0 {
		host.Close(r.boxes)
		return problem("open", p.Runtime, errno)
	}
	host.ShareLock(r.runtime) // systemd-tmpfiles(8) leaves a directory that somebody has locked
	return nil
}

// Close closes the directories.
func (r *Register) Close() {
	host.Close(r.boxes)
	host.Close(r.runtime)
}

// Runtime returns the descriptor of the directory of sockets.
func (r *Register) Runtime() int { return r.runtime }

// Renew opens the directory of sockets once more, by its name, and makes it if it is missing. Where that can't be, it is LastResort
// from now on. It makes no *Error: it is for a monitor, whose sandbox runs.
func (r *Register) Renew() unix.Errno {
	fd, errno := own(r.Places.Runtime)
	if errno != 0 {
		r.Places.Runtime = LastResort(number(uint64(unix.Getuid())))
		if fd, errno = own(r.Places.Runtime); errno != 0 {
			return errno
		}
	}
	host.Close(r.runtime)
	r.runtime = fd
	host.ShareLock(fd)
	return 0
}

// LastResort is RUNTIME for a user who has no runtime directory. uid is the user's id, in decimal.
func LastResort(uid string) string { return early.Concat("/tmp/box-", uid) }

// Has reports whether the directory of sockets that is at its place now has a file by that name.
func (r *Register) Has(name string, file host.File) bool {
	var path early.Text
	path.Add(r.Places.Runtime)
	path.Add("/")
	path.Add(name)
	found, errno := host.Look(host.Here, path.String())
	return errno == 0 && found.Same(file)
}

// own opens a directory of the user's own, and makes it and those above it where they are missing. The last part of its path is no
// link. ENOTDIR, ELOOP: it is something else. EACCES: it is somebody else's, or others may write there.
func own(path string) (fd int, errno unix.Errno) {
	if path == "" || path[0] != '/' {
		return -1, unix.ENOENT
	}
	above, name := pathname.Cut(path)
	if above == "" {
		above = "/"
	}
	dir, errno := host.OpenAt(host.Here, above, unix.O_PATH|unix.O_DIRECTORY)
	if errno == unix.ENOENT && above != "/" {
		dir, errno = made(above)
	}
	if errno != 0 {
		return -1, errno
	}
	fd, errno = ownIn(dir, name)
	host.Close(dir)
	return fd, errno
}

// made makes a directory and those above it, and opens it.
func made(path string) (fd int, errno unix.Errno) {
	for end := 1; end <= len(path); end++ {
		if end == len(path) || path[end] == '/' {
			if errno := host.MakeDir(host.Here, path[:end], 0o700); errno != 0 && errno != unix.EEXIST && end == len(path) {
				return -1, errno
			}
		}
	}
	return host.OpenAt(host.Here, path, unix.O_PATH|unix.O_DIRECTORY)
}

// Make makes a directory and those above it, so that it can be covered in a sandbox. ENOTDIR and ELOOP: there is something
// else. Where the user may make nothing at all, no sandbox of the user's can, and that is no error.
func Make(path string) unix.Errno {
	if path == "" || path[0] != '/' {
		return unix.ENOENT
	}
	f, errno := host.Look(host.Here, path)
	if errno == unix.ENOENT {
		var fd int
		if fd, errno = made(path); errno == 0 {
			host.Close(fd)
		}
		switch errno {
		case unix.EACCES, unix.EPERM, unix.EROFS, unix.ENOENT, unix.ENOTDIR:
			return 0
		case 0:
			f, errno = host.Look(host.Here, path)
		}
	}
	switch {
	case errno == unix.EACCES || errno == unix.ENOTDIR: // there is nothing, and nothing can be made
		return 0
	case errno != 0:
		return errno
	case f.Is(unix.S_IFLNK):
		return unix.ELOOP
	case !f.Is(unix.S_IFDIR):
		return unix.ENOTDIR
	}
	return 0
}

// ownIn is own for a name in an open directory.
func ownIn(dir int, name string) (fd int, errno unix.Errno) {
	const flags = unix.O_RDONLY | unix.O_DIRECTORY | unix.O_NOFOLLOW
	fd, errno = host.OpenAt(dir, name, flags)
	if errno == unix.ENOENT {
		if errno = host.MakeDir(dir, name, 0o700); errno == 0 || errno == unix.EEXIST {
			fd, errno = host.OpenAt(dir, name, flags)
		}
	}
	if errno != 0 {
		return -1, errno
	}
	f, errno := host.Look(fd, "")
	if errno == 0 && !ours(f) {
		errno = unix.EACCES
	}
	if errno != 0 {
		host.Close(fd)
		return -1, errno
	}
	return fd, 0
}

// ours reports whether a directory is the user's own, and others may not write there.
func ours(f host.File) bool { return int(f.UID) == unix.Getuid() && f.Mode&0o022 == 0 }

// NameMax is how long a name may be.
const NameMax = 64

// IsName reports whether a box may have that name: letters that are small, digits, and after the first of these dots, underscores
// and dashes. So none is a flag, a path or two lines.
func IsName(name string) bool {
	if name == "" || len(name) > NameMax {
		return false
	}
	for i := range len(name) {
		c := name[i]
		small := c >= 'a' && c <= 'z' || c >= '0' && c <= '9'
		if !small && (i == 0 || c != '.' && c != '_' && c != '-') {
			return false
		}
	}
	return true
}
