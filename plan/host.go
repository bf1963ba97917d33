package plan

import (
	"unsafe"

	"box/internal/early"

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

// Missing returns a *HostError.
//
//go:noinline
func Missing(whom uint32, path string, errno unix.Errno) error {
	early.Ordinary()
	return &HostError{For: whom, Path: path, Err: errno}
}

// A File is what can be known of a file without opening it.
type File struct {
	Mode     uint32 // as in stat(2)
	Dev, Ino uint64 // the same for no other
	Linked   bool   // a link has led there: the last part of the path
}

// Identify looks at what is at path on the host, links followed, see stat(2).
func Identify(path Ptr) (File, unix.Errno) {
	f, errno := look(path, unix.AT_SYMLINK_NOFOLLOW)
	if errno == 0 && f.Mode&unix.S_IFMT == unix.S_IFLNK {
		f, errno = look(path, 0)
		f.Linked = true
	}
	return f, errno
}

func look(path Ptr, flags uintptr) (File, unix.Errno) {
	var st unix.Stat_t
	at := atFDCWD
	_, _, errno := unix.RawSyscall6(sysStatat, at, uintptr(path), uintptr(unsafe.Pointer(&st)), flags, 0, 0)
	return File{Mode: st.Mode, Dev: st.Dev, Ino: st.Ino}, errno
}

// Limits returns a resource limit of the process, see getrlimit(2).
func Limits(resource int) (soft, hard uint64, errno unix.Errno) {
	var limit unix.Rlimit
	_, _, errno = unix.RawSyscall6(unix.SYS_PRLIMIT64, 0, uintptr(resource), 0, uintptr(unsafe.Pointer(&limit)), 0, 0)
	return limit.Cur, limit.Max, errno
}

// Memory returns how much memory the machine has, in bytes, see sysinfo(2); 0 if it doesn't say.
func Memory() uint64 {
	var info unix.Sysinfo_t
	if _, _, errno := unix.RawSyscall(unix.SYS_SYSINFO, uintptr(unsafe.Pointer(&info)), 0, 0); errno != 0 {
		return 0
	}
	return info.Totalram * uint64(info.Unit)
}

// Allowed reports whether the file at path on the host is there and may be used so, see access(2).
func Allowed(path Ptr, mode uint32) bool {
	at := atFDCWD
	_, _, errno := unix.RawSyscall(unix.SYS_FACCESSAT, at, uintptr(path), uintptr(mode))
	return errno == 0
}
