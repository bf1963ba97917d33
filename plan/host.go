package plan

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// HostError is what a facility returns when something of the host is not as it must be.
type HostError struct {
	For  uint32 // whose wish it was, see Builder.For
	Path string // on the host
	Err  error
}

func (e *HostError) Error() string { return e.Path + ": " + e.Err.Error() }

// Unwrap returns the reason, nearly always an errno.
func (e *HostError) Unwrap() error { return e.Err }

// Stat looks at what is at path on the host, links followed, and returns its mode as in stat(2). It is unix.Stat
// without a copy of the path.
func Stat(path Ptr) (mode uint32, errno unix.Errno) {
	var st unix.Stat_t
	at := atFDCWD
	_, _, errno = unix.RawSyscall6(sysStatat, at, uintptr(path), uintptr(unsafe.Pointer(&st)), 0, 0, 0)
	return st.Mode, errno
}
