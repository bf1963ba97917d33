package host

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// Dir is an open directory whose names are numbers, such as /proc/self/fd.
type Dir struct{ fd int }

// OpenDir opens a directory.
func OpenDir(name string) (Dir, unix.Errno) {
	var p path
	if !p.set(name) {
		return Dir{-1}, unix.ENAMETOOLONG
	}
	fd, errno := open(&p, unix.O_RDONLY|unix.O_DIRECTORY)
	return Dir{fd}, errno
}

// Is reports whether the descriptor is the directory's own.
func (d Dir) Is(fd int) bool { return fd == d.fd }

// Close closes the directory.
func (d Dir) Close() { Close(d.fd) }

// Offsets in a struct linux_dirent64, see getdents64(2).
const (
	entryLength = 16
	entryKind   = 18
	entryName   = 19
)

// Numbers returns how many of the next names are numbers, and writes these to numbers, which must have room for 256; 0 is the end.
func (d Dir) Numbers(numbers []int) (n int) {
	var data [4 << 10]byte // an entry takes at least 24 bytes
	for n == 0 {
		size, _, errno := unix.RawSyscall(unix.SYS_GETDENTS64, uintptr(d.fd), uintptr(unsafe.Pointer(&data)), unsafe.Sizeof(data))
		if errno != 0 || size == 0 {
			return 0
		}
		for at := 0; at+entryName < int(size) && n < len(numbers); {
			if number, ok := decimal(data[at+entryName:]); ok {
				numbers[n] = number
				n++
			}
			at += int(data[at+entryLength]) | int(data[at+entryLength+1])<<8
		}
	}
	return n
}

// decimal reads digits up to a NUL, or the end.
func decimal(text []byte) (n int, ok bool) {
	for i, c := range text {
		switch {
		case c == 0:
			return n, i > 0
		case c < '0' || c > '9':
			return 0, false
		}
		n = n*10 + int(c-'0')
	}
	return n, len(text) > 0
}

// Sysctl returns the number in the file below /proc/sys with this name, or 0.
func Sysctl(dir, name string) uint64 {
	var p path
	n := copy(p[:], "/proc/sys/")
	n += copy(p[n:], dir)
	copy(p[n:], name)
	fd, errno := open(&p, unix.O_RDONLY)
	if errno != 0 {
		return 0
	}
	var data [24]byte
	n, errno = Read(fd, data[:])
	Close(fd)
	if n > 0 && data[n-1] == '\n' {
		n--
	}
	value, ok := decimal(data[:max(n, 0)])
	if errno != 0 || !ok {
		return 0
	}
	return uint64(value)
}

// Names goes through the names in a directory, see getdents64(2). It is large, and nothing of it is on the heap.
type Names struct {
	dir      Dir
	data     [4 << 10]byte
	at, size int
}

// Open opens the directory at name, and reports whether it could.
func (n *Names) Open(name string) bool {
	dir, errno := OpenDir(name)
	n.Of(dir.fd)
	return errno == 0
}

// Close closes the directory before the end.
func (n *Names) Close() { n.dir.Close() }

// Of goes through an open directory, from its beginning if nobody has read from the descriptor. The end closes it.
func (n *Names) Of(fd int) { n.dir, n.at, n.size = Dir{fd}, 0, 0 }

// Next returns the next name, which holds until the next call, without "." and ".."; "" is the end, and closes the directory.
func (n *Names) Next() string {
	name, _, _ := n.Read()
	if name == "" {
		n.dir.Close()
	}
	return name
}

// Read is Next with the type of what has the name: DT_UNKNOWN if the file system doesn't say. It leaves the directory open, and
// reports why it could not read on.
func (n *Names) Read() (name string, kind byte, errno unix.Errno) {
	for {
		if n.at >= n.size {
			to, buffer := uintptr(unsafe.Pointer(&n.data)), unsafe.Sizeof(n.data)
			size, _, errno := unix.RawSyscall(unix.SYS_GETDENTS64, uintptr(n.dir.fd), to, buffer)
			if n.at, n.size = 0, int(size); errno != 0 || size == 0 {
				n.size = 0
				return "", 0, errno
			}
		}
		start := n.at + entryName
		kind = n.data[n.at+entryKind]
		n.at += int(n.data[n.at+entryLength]) | int(n.data[n.at+entryLength+1])<<8
		end := start
		for n.data[end] != 0 {
			end++
		}
		if name = unsafe.String(&n.data[start], end-start); name != "." && name != ".." {
			return name, kind, 0
		}
	}
}

// Empty reports whether there is nothing in a directory. One that can't be read counts as filled.
func Empty(name string) bool {
	var names Names
	if !names.Open(name) {
		return false
	}
	if names.Next() == "" {
		return true
	}
	names.Close()
	return false
}
