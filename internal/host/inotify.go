package host

import (
	"unsafe"

	"box/internal/early"

	"golang.org/x/sys/unix"
)

// Inotify returns a descriptor from which events can be read without waiting, see inotify(7).
func Inotify() (fd int, errno unix.Errno) {
	r, _, errno := unix.RawSyscall(unix.SYS_INOTIFY_INIT1, unix.IN_NONBLOCK|unix.IN_CLOEXEC, 0, 0)
	return int(r), errno
}

// WatchDir has events of an open directory be sent to an inotify descriptor.
func WatchDir(fd, dir int, events uint32) unix.Errno {
	var link early.Text
	link.Add("/proc/self/fd/")
	link.AddNumber(uint64(dir))
	var p path
	p.set(link.String())
	_, _, errno := unix.RawSyscall(unix.SYS_INOTIFY_ADD_WATCH, uintptr(fd), uintptr(unsafe.Pointer(&p)), uintptr(events))
	return errno
}

// NotifyCreate has the kernel send SIGIO to this process, without a name, when one appears in an open directory: see fcntl(2),
// F_NOTIFY. Closing the directory ends that, and waits for nothing. EINVAL is from a kernel without it, or where
// fs.dir-notify-enable is 0.
func NotifyCreate(dir int) unix.Errno {
	const create, multishot = 0x4, 0x80000000 // DN_CREATE, also what is moved in; DN_MULTISHOT
	return notify(dir, create|multishot)
}

// NotifyNothing ends what NotifyCreate has begun.
func NotifyNothing(dir int) { notify(dir, 0) }

func notify(dir int, events uintptr) unix.Errno {
	_, _, errno := unix.RawSyscall(unix.SYS_FCNTL, uintptr(dir), unix.F_NOTIFY, events)
	return errno
}

// Events goes through what has been read from an inotify descriptor.
type Events struct {
	data     [4 << 10]byte
	at, size int
}

// Read reads events, as many as there are and have room. It returns 0 if there are none.
func (e *Events) Read(fd int) (size int) {
	n, errno := Read(fd, e.data[:])
	if e.at, e.size = 0, n; errno != 0 {
		e.size = 0
	}
	return e.size
}

// Next returns the next event and the name that it is about, which holds until the next Read.
func (e *Events) Next() (event uint32, name string, ok bool) {
	const header = unix.SizeofInotifyEvent
	if e.at+header > e.size {
		return 0, "", false
	}
	head := (*unix.InotifyEvent)(unsafe.Pointer(&e.data[e.at]))
	start := e.at + header
	e.at = min(start+int(head.Len), e.size)
	end := start
	for end < e.at && e.data[end] != 0 { // padded with zeros
		end++
	}
	return head.Mask, early.String(e.data[start:end]), true
}
