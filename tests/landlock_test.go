package tests

import (
	"runtime"
	"strconv"
	"unsafe"

	"github.com/rogpeppe/go-internal/testscript"
	"golang.org/x/sys/unix"
)

// The structures seccomp_notif and seccomp_notif_resp of linux/seccomp.h, and the requests for them.
type (
	notice struct {
		id         uint64
		pid, flags uint32
		call       [64]byte // struct seccomp_data
	}
	answer struct {
		id    uint64
		value int64
		errno int32
		flags uint32
	}
)

const (
	receive = 3<<30 | unsafe.Sizeof(notice{})<<16 | '!'<<8
	respond = 3<<30 | unsafe.Sizeof(answer{})<<16 | '!'<<8 | 1
)

// landlockABI returns the kernel's version of Landlock; -1 if it has none.
func landlockABI() int {
	abi, _, _ := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, 0, 0, unix.LANDLOCK_CREATE_RULESET_VERSION)
	return int(abi)
}

// olderLandlock ABI: the rest of the script has a kernel that says so when it is asked for its version of Landlock, see
// landlock_create_ruleset(2). 0 is a kernel in which it is not turned on (EOPNOTSUPP).
func olderLandlock(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: landlock abi")
	}
	abi, err := strconv.Atoi(args[0])
	ts.Check(err)
	const load, jumpIf, ret, nr, flags = 0x20, 0x15, 0x06, 0, 32
	filter := []unix.SockFilter{
		{Code: load, K: nr},
		{Code: jumpIf, Jf: 3, K: unix.SYS_LANDLOCK_CREATE_RULESET},
		{Code: load, K: flags}, // the low half of the third argument
		{Code: jumpIf, Jf: 1, K: unix.LANDLOCK_CREATE_RULESET_VERSION},
		{Code: ret, K: unix.SECCOMP_RET_USER_NOTIF},
		{Code: ret, K: unix.SECCOMP_RET_ALLOW},
	}
	program := unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	ts.Check(unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
	const how = unix.SECCOMP_FILTER_FLAG_TSYNC | unix.SECCOMP_FILTER_FLAG_NEW_LISTENER | unix.SECCOMP_FILTER_FLAG_TSYNC_ESRCH
	listener, _, errno := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, how, uintptr(unsafe.Pointer(&program)))
	if errno != 0 {
		ts.Fatalf("seccomp: %v", errno)
	}
	go answerVersions(listener, abi)
	got, _, errno := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, 0, 0, unix.LANDLOCK_CREATE_RULESET_VERSION)
	if abi == 0 && errno != unix.EOPNOTSUPP || abi != 0 && int(got) != abi {
		ts.Fatalf("the version is %d, %v", got, errno)
	}
}

// answerVersions answers as long as the process lives.
func answerVersions(listener uintptr, abi int) {
	for {
		var n notice
		if _, _, errno := unix.Syscall(unix.SYS_IOCTL, listener, receive, uintptr(unsafe.Pointer(&n))); errno != 0 {
			continue // who asked has been killed
		}
		a := answer{id: n.id, value: int64(abi)}
		if abi == 0 {
			a.errno = -int32(unix.EOPNOTSUPP)
		}
		_, _, _ = unix.Syscall(unix.SYS_IOCTL, listener, respond, uintptr(unsafe.Pointer(&a)))
	}
}
