package host

import (
	"unsafe"

	"box/internal/early"

	"golang.org/x/sys/unix"
)

// What is found below a directory that is open: a path can lead elsewhere from one look to the next, and a descriptor can't.

// Here is the working directory in the place of a descriptor, see openat(2), AT_FDCWD.
const Here = unix.AT_FDCWD

// Look returns what is at name below the directory dir. A link is not followed. An empty name is dir itself.
func Look(dir int, name string) (File, unix.Errno) {
	return lookAt(dir, name, unix.AT_SYMLINK_NOFOLLOW)
}

// LookFor is Look, and follows links.
func LookFor(dir int, name string) (File, unix.Errno) { return lookAt(dir, name, 0) }

func lookAt(dir int, name string, flags uintptr) (File, unix.Errno) {
	var p path
	if !p.set(name) {
		return File{}, unix.ENAMETOOLONG
	}
	var st unix.Stat_t
	at, to := uintptr(unsafe.Pointer(&p)), uintptr(unsafe.Pointer(&st))
	_, _, errno := unix.RawSyscall6(sysStatat, uintptr(dir), at, to, flags|unix.AT_EMPTY_PATH, 0, 0)
	return fileOf(&st), errno
}

// Executable reports whether there is a file at name in the directory at dir that somebody may execute. Links are followed.
func Executable(dir, name string) bool {
	if dir == "" || dir[0] != '/' {
		return false
	}
	var path early.Text
	path.Add(dir)
	path.Add("/")
	path.Add(name)
	f, errno := LookFor(Here, path.String())
	return errno == 0 && f.Is(unix.S_IFREG) && f.Mode&0o111 != 0
}

// OpenAt opens what is at name below the directory dir, close-on-exec. flags are those of open(2).
func OpenAt(dir int, name string, flags int) (fd int, errno unix.Errno) {
	var p path
	if !p.set(name) {
		return -1, unix.ENAMETOOLONG
	}
	fd, errno = openat(dir, &p, uintptr(flags))
	if errno != 0 {
		return -1, errno
	}
	return fd, 0
}

// ReadlinkAt returns the target of the link at name below dir, which it writes into buffer; "" if name is not a link.
func ReadlinkAt(dir int, name string, buffer []byte) string {
	var p path
	if !p.set(name) || len(buffer) == 0 {
		return ""
	}
	link, to := uintptr(unsafe.Pointer(&p)), uintptr(unsafe.Pointer(&buffer[0]))
	n, _, errno := unix.RawSyscall6(unix.SYS_READLINKAT, uintptr(dir), link, to, uintptr(len(buffer)), 0, 0)
	if errno != 0 {
		return ""
	}
	return unsafe.String(&buffer[0], int(n))
}

// PathOf returns the path of what fd has open, without links, which it writes into buffer: what the kernel says, see proc(5). It is
// "" if there is no /proc, or nothing any more.
func PathOf(fd int, buffer []byte) string {
	var link early.Text
	link.Add("/proc/self/fd/")
	link.AddNumber(uint64(fd))
	target := Readlink(link.String(), buffer)
	if target == "" || target[0] != '/' {
		return ""
	}
	return target
}

// Holds reports whether dir is one of the directories that the one at name lies in, by device and inode. It goes up from that
// directory, as far as it may.
func Holds(dir File, name string) bool {
	fd, errno := OpenAt(Here, name, unix.O_PATH|unix.O_DIRECTORY)
	found := false
	for before := (File{}); errno == 0 && !found; {
		next, wrong := OpenAt(fd, "..", unix.O_PATH|unix.O_DIRECTORY)
		Close(fd)
		if wrong != 0 {
			return false
		}
		var f File
		if f, errno = Look(next, ""); errno == 0 && f.Same(before) {
			errno = unix.ENOENT // the root
		}
		fd, before, found = next, f, f.Same(dir)
	}
	if fd >= 0 {
		Close(fd)
	}
	return found
}

// OpenAt opens the directory at name below dir, which is no link, and reports whether it could.
func (n *Names) OpenAt(dir int, name string) bool {
	fd, errno := OpenAt(dir, name, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_NOFOLLOW)
	n.Of(fd)
	return errno == 0
}
