package tests

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"
	"unsafe"

	"github.com/rogpeppe/go-internal/testscript"
	"golang.org/x/sys/unix"
)

// withoutVar names system calls, with commas between them, that the kernel answers with ENOSYS to all tests, as one does that is
// older than they are.
const withoutVar = "BOXTEST_WITHOUT"

// newer are the calls that can be named, which box can do without.
var newer = map[string]uint32{
	"clone3": unix.SYS_CLONE3, "openat2": unix.SYS_OPENAT2, "close_range": unix.SYS_CLOSE_RANGE,
	"mount_setattr":           unix.SYS_MOUNT_SETATTR,
	"landlock_create_ruleset": unix.SYS_LANDLOCK_CREATE_RULESET,
}

// doWithout lets this process, and those that it starts, do without the calls of withoutVar. It is done once.
func doWithout() error {
	names := os.Getenv(withoutVar)
	if names == "" {
		return nil
	}
	return errors.Join(refuse(names), os.Unsetenv(withoutVar))
}

// without CALL[,CALL…]: the rest of the script has a kernel that lacks these calls.
func without(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: without call,call...")
	}
	ts.Check(refuse(args[0]))
}

// refuse loads a filter into this process, which those that it starts inherit. An ordinary user can't gain privileges then: what
// needs newuidmap fails.
func refuse(names string) error {
	const load, jumpIf, answer = 0x20, 0x15, 0x06
	filter := []unix.SockFilter{{Code: load}}
	for name := range strings.SplitSeq(names, ",") {
		number, known := newer[name]
		if !known {
			return fmt.Errorf("nothing is known of a call %q", name)
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
		return fmt.Errorf("seccomp: %w", errno)
	}
	// It does what it should.
	const none = ^uintptr(0)
	for name := range strings.SplitSeq(names, ",") {
		if _, _, errno := unix.Syscall6(uintptr(newer[name]), none, 0, none, none, 0, 0); errno != unix.ENOSYS {
			return fmt.Errorf("%s is not refused", name)
		}
	}
	return nil
}
