package tests

import (
	"fmt"
	"os"
	"runtime"
	"strings"
	"unsafe"

	"golang.org/x/sys/unix"
)

// withoutVar names system calls, with commas between them, that the kernel answers with ENOSYS to all tests, as one does that is
// older than they are.
const withoutVar = "BOXTEST_WITHOUT"

// newer are the calls that can be named, which box has another way for.
var newer = map[string]uint32{
	"clone3": unix.SYS_CLONE3, "openat2": unix.SYS_OPENAT2, "close_range": unix.SYS_CLOSE_RANGE,
	"mount_setattr": unix.SYS_MOUNT_SETATTR,
}

// doWithout loads a filter into this process, which those that it starts inherit. An ordinary user can't gain privileges then: a
// test that needs newuidmap fails.
func doWithout() error {
	names := os.Getenv(withoutVar)
	if names == "" {
		return nil
	}
	const load, jumpIf, answer = 0x20, 0x15, 0x06
	filter := []unix.SockFilter{{Code: load}}
	for name := range strings.SplitSeq(names, ",") {
		number, known := newer[name]
		if !known {
			return fmt.Errorf("%s: nothing is known of %q", withoutVar, name)
		}
		filter = append(filter, unix.SockFilter{Code: jumpIf, Jf: 1, K: number},
			unix.SockFilter{Code: answer, K: unix.SECCOMP_RET_ERRNO | uint32(unix.ENOSYS)})
	}
	filter = append(filter, unix.SockFilter{Code: answer, K: unix.SECCOMP_RET_ALLOW})
	program := unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if os.Geteuid() != 0 {
		if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
			return err
		}
	}
	_, _, errno := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, unix.SECCOMP_FILTER_FLAG_TSYNC,
		uintptr(unsafe.Pointer(&program)))
	if errno != 0 {
		return fmt.Errorf("%s: %w", withoutVar, errno)
	}
	// It does what it should; and it is loaded once.
	const none = ^uintptr(0)
	for name := range strings.SplitSeq(names, ",") {
		if _, _, errno := unix.Syscall6(uintptr(newer[name]), none, 0, none, none, 0, 0); errno != unix.ENOSYS {
			return fmt.Errorf("%s: %s is not refused", withoutVar, name)
		}
	}
	return os.Unsetenv(withoutVar)
}
