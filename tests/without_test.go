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

// withoutVar names system calls, with commas between them, that the kernel doesn't have for all tests: it answers them with
// ENOSYS, as one does that is older than they are, or with the errno that follows a name: clone3=EPERM, as a filter does.
const withoutVar = "BOXTEST_WITHOUT"

// newer are the calls that can be named, which box can do without.
var newer = map[string]uint32{
	"clone3": unix.SYS_CLONE3, "openat2": unix.SYS_OPENAT2, "close_range": unix.SYS_CLOSE_RANGE,
	"mount_setattr": unix.SYS_MOUNT_SETATTR, "open_tree": unix.SYS_OPEN_TREE, "move_mount": unix.SYS_MOVE_MOUNT,
	"fsopen": unix.SYS_FSOPEN, "fsconfig": unix.SYS_FSCONFIG, "fsmount": unix.SYS_FSMOUNT,
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

// without CALL[=ERRNO][,CALL[=ERRNO]…]: the rest of the script has a kernel that lacks these calls.
func without(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: without call[=errno],...")
	}
	ts.Check(refuse(args[0]))
}

// refusal is a call, and how it ends.
type refusal struct {
	number uint32
	errno  unix.Errno
}

// refusals reads a list of calls.
func refusals(names string) (list []refusal, err error) {
	errnos := map[string]unix.Errno{"": unix.ENOSYS, "ENOSYS": unix.ENOSYS, "EPERM": unix.EPERM}
	for each := range strings.SplitSeq(names, ",") {
		name, how, _ := strings.Cut(each, "=")
		number, known := newer[name]
		errno, is := errnos[how]
		if !known || !is {
			return nil, fmt.Errorf("nothing is known of a call %q", each)
		}
		list = append(list, refusal{number, errno})
	}
	return list, nil
}

// refuse loads a filter into this process, which those that it starts inherit. An ordinary user can't gain privileges then: what
// needs newuidmap fails.
func refuse(names string) error {
	const load, jumpIf, answer = 0x20, 0x15, 0x06
	list, err := refusals(names)
	if err != nil {
		return err
	}
	filter := []unix.SockFilter{{Code: load}}
	for _, r := range list {
		filter = append(filter, unix.SockFilter{Code: jumpIf, Jf: 1, K: r.number},
			unix.SockFilter{Code: answer, K: unix.SECCOMP_RET_ERRNO | uint32(r.errno)})
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
	for _, r := range list {
		if _, _, errno := unix.Syscall6(uintptr(r.number), none, 0, none, none, 0, 0); errno != r.errno {
			return fmt.Errorf("call %d is not refused as it should be: %w", r.number, errno)
		}
	}
	return nil
}
