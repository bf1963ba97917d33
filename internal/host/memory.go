package host

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// Memfd returns an empty file in memory that can be sealed, close-on-exec, see memfd_create(2).
func Memfd(name string) (fd int, errno unix.Errno) {
	const noExec = 8 // MFD_NOEXEC_SEAL, since Linux 6.3
	var p path
	if !p.set(name) {
		return -1, unix.EINVAL
	}
	const sealed = unix.MFD_CLOEXEC | unix.MFD_ALLOW_SEALING
	for _, flags := range [...]uintptr{sealed | noExec, sealed} {
		r, _, e := unix.RawSyscall(unix.SYS_MEMFD_CREATE, uintptr(unsafe.Pointer(&p)), flags, 0)
		if errno = e; errno == 0 {
			return int(r), 0
		}
		if errno != unix.EINVAL {
			break
		}
	}
	return -1, errno
}

// ReadSealed maps what Memfd has returned and somebody has sealed: it can't change, and can't become shorter. The bytes are there
// as long as the process lives. EINVAL is for what is not sealed, or not such a file.
func ReadSealed(fd int) (data []byte, errno unix.Errno) {
	const want = unix.F_SEAL_SHRINK | unix.F_SEAL_WRITE
	seals, errno := Fcntl(fd, unix.F_GET_SEALS, 0)
	if errno != 0 {
		return nil, errno
	}
	file, errno := Look(fd, "")
	if errno != 0 || seals&want != want || file.Size <= 0 || file.Size > 1<<26 {
		return nil, max(errno, unix.EINVAL)
	}
	r, _, errno := unix.RawSyscall6(unix.SYS_MMAP, 0, uintptr(file.Size), unix.PROT_READ, unix.MAP_PRIVATE, uintptr(fd), 0)
	if errno != 0 {
		return nil, errno
	}
	return unsafe.Slice((*byte)(*(*unsafe.Pointer)(unsafe.Pointer(&r))), int(file.Size)), 0
}
