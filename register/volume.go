package register

import (
	"box/internal/early"
	"box/internal/host"

	"golang.org/x/sys/unix"
)

// Volumes is the directory of volumes, DATA/volumes, open: each directory in it is one, by a name as boxes have them. DATA is
// $XDG_DATA_HOME/box. Who uses a volume holds a shared lock on it, see flock(2), as long as that takes.
type Volumes struct {
	Path string
	dir  int
}

// VolumePath returns where the volume of a name lies, in a directory DATA.
func VolumePath(data, name string) string { return early.Concat(data, "/volumes/", name) }

// Open opens the directory, and makes what is missing, for the user alone. An error is a *Error.
func (v *Volumes) Open(data string) error {
	v.dir, v.Path = -1, early.Concat(data, "/volumes")
	above, errno := own(data)
	if errno != 0 {
		return problem("open", data, errno)
	}
	v.dir, errno = ownIn(above, "volumes")
	host.Close(above)
	if errno != 0 {
		return problem("open", v.Path, errno)
	}
	return nil
}

// Close closes the directory, and no volume.
func (v *Volumes) Close() { host.Close(v.dir) }

// How long Hold waits for who removes a volume at that moment: so often so many nanoseconds.
const (
	holdTries = 200
	holdPause = 10_000_000
)

// Hold takes a shared lock on a volume, which is made if there is none. The lock goes when fd is closed, and all copies of it.
// fd is below 0 without an error if the volume belongs to one of the user's subordinate ids: who may not open it can't remove it.
func (v *Volumes) Hold(name string) (fd int, made bool, errno unix.Errno) {
	for range holdTries {
		fd, errno = v.open(name)
		switch errno {
		case 0:
			if errno = host.ShareLock(fd); errno == 0 && v.is(fd, name) {
				return fd, made, 0
			}
			host.Close(fd)
			if errno != 0 && errno != unix.EAGAIN {
				if made {
					host.RemoveAt(v.dir, name, unix.AT_REMOVEDIR)
				}
				return -1, false, errno
			}
			host.PollFor(nil, holdPause)
		case unix.ENOENT:
			if errno = host.MakeDir(v.dir, name, 0o700); errno != 0 && errno != unix.EEXIST {
				return -1, false, errno
			}
			made = made || errno == 0
		case unix.EACCES:
			if f, wrong := host.Look(v.dir, name); wrong == 0 && f.Is(unix.S_IFDIR) {
				return -1, false, 0
			}
			return -1, false, errno
		default:
			return -1, false, errno
		}
	}
	return -1, made, unix.EBUSY
}

// open opens a volume. What is in it decides on its mode: one that is closed to its owner is opened, so that it can be locked.
func (v *Volumes) open(name string) (fd int, errno unix.Errno) {
	const flags = unix.O_RDONLY | unix.O_DIRECTORY | unix.O_NOFOLLOW
	fd, errno = host.OpenAt(v.dir, name, flags)
	if errno != unix.EACCES {
		return fd, errno
	}
	place, wrong := host.OpenAt(v.dir, name, unix.O_PATH|unix.O_DIRECTORY|unix.O_NOFOLLOW)
	if wrong != 0 {
		return -1, errno
	}
	f, wrong := host.Look(place, "")
	if wrong == 0 && int(f.UID) == unix.Getuid() && host.ChangeMode(place, f.Mode&0o7777|unix.S_IRUSR) == 0 {
		fd, errno = host.OpenAt(v.dir, name, flags)
	}
	host.Close(place)
	return fd, errno
}

// is reports whether the volume of a name is what fd has open.
func (v *Volumes) is(fd int, name string) bool {
	there, errno := host.Look(v.dir, name)
	here, wrong := host.Look(fd, "")
	return errno == 0 && wrong == 0 && there.Same(here)
}

// Drop removes a volume that Hold has made, if it is empty and nobody else has it, and lets go of it.
func (v *Volumes) Drop(fd int, name string) {
	if host.OnlyLock(fd) == 0 {
		host.RemoveAt(v.dir, name, unix.AT_REMOVEDIR)
	}
	host.Close(fd)
}
