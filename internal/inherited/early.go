package inherited

import (
	"os"
	"unsafe"

	"box/internal/early"

	"golang.org/x/sys/unix"
)

// What Process has found, before the Go runtime has begun: nothing has changed yet, so it can be asked for.

// first is what was found then. A command line that is compiled again for its message alone needs it: the early run
// has changed signals since.
var first struct {
	ignored, blocked uint64
	asked, masked    bool // they have been asked for
	caller           int
}

// Begin notes the caller: if its process id is another's later, it has ended.
func Begin() { first.caller = parent() }

// Caller returns the process id that the caller had when the process began, see getppid(2); 0 if it can't be seen.
func Caller() int {
	if first.caller != 0 || early.Running() {
		return first.caller
	}
	return caller()
}

func parent() int {
	pid, _, _ := unix.RawSyscall(unix.SYS_GETPPID, 0, 0, 0)
	return int(pid)
}

// ignoredNow returns the signals whose disposition is SIG_IGN, see rt_sigaction(2).
func ignoredNow() (set uint64) {
	const ignore = 1 // SIG_IGN
	for s := uintptr(1); s <= 64; s++ {
		var action [4]uintptr
		_, _, errno := unix.RawSyscall6(unix.SYS_RT_SIGACTION, s, 0, uintptr(unsafe.Pointer(&action)), 8, 0, 0)
		if errno == 0 && action[0] == ignore {
			set |= 1 << (s - 1)
		}
	}
	return set
}

// blockedNow returns the signal mask, see rt_sigprocmask(2).
func blockedNow() (set uint64) {
	_, _, _ = unix.RawSyscall6(unix.SYS_RT_SIGPROCMASK, unix.SIG_BLOCK, 0, uintptr(unsafe.Pointer(&set)), 8, 0, 0)
	return set
}

// filesNow returns the limits for descriptors, see getrlimit(2).
func filesNow() (soft, hard uint64) {
	var limit unix.Rlimit
	_, _, _ = unix.RawSyscall6(unix.SYS_PRLIMIT64, 0, unix.RLIMIT_NOFILE, 0, uintptr(unsafe.Pointer(&limit)), 0, 0)
	return limit.Cur, limit.Max
}

// Variable returns a variable of the caller's environment, or "".
func Variable(name string) string {
	if early.Running() {
		return early.Variable(name)
	}
	return variable(name)
}

// Restore gives the thread back what the Go runtime and this package have changed, for a program that is executed next: the CPUs,
// and the dispositions of signals. The limit for descriptors the runtime gives back by itself.
func Restore() {
	early.Ordinary()
	if mask := CPUs(); len(mask) > 0 {
		_, _, _ = unix.RawSyscall(unix.SYS_SCHED_SETAFFINITY, 0, uintptr(len(mask)), uintptr(unsafe.Pointer(&mask[0])))
	}
	Default()
}

// Args returns the arguments of the process as they were handed over.
func Args() []string {
	if early.Running() {
		return early.Args()
	}
	return args()
}

//go:noinline
func args() []string {
	early.Ordinary()
	return os.Args
}
