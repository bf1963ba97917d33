package shim

import (
	"strconv"
	"strings"
	"syscall"
	"unsafe"

	"box/internal/early"
	"box/internal/host"
	"box/launch"

	"golang.org/x/sys/unix"
)

// The one who waits for the start of a box, in the process that the user has started.

// started is what a shim reports.
type startedReport struct {
	Record
	id [len("0123456789ab")]byte
}

// reported has its own memory, since it is printed before there may be a heap.
var reported startedReport

// Await waits until the box of a shim has started, or until the shim has ended, which has said why. It returns how to end.
// started is told the number of the box.
func Await(report, pid int, started func(id string)) launch.Status {
	for {
		n, control, errno := host.Receive(report, unsafe.Pointer(&reported), unsafe.Sizeof(reported), 0)
		control.Close()
		if errno == unix.EINTR {
			continue
		}
		if errno == 0 && n == int(unsafe.Sizeof(Record{}))+len(reported.id) && reported.Kind == Done {
			if started != nil {
				started(early.String(reported.id[:]))
			}
			return launch.Status{}
		}
		break
	}
	var w unix.WaitStatus
	for {
		if _, errno := host.Wait(pid, &w, 0); errno != unix.EINTR {
			break
		}
	}
	if w.Signaled() {
		return launch.Status{Code: 128 + int(w.Signal())}
	}
	return launch.Status{Code: w.ExitStatus()}
}

// prefix is what argv[0] begins with of a process that is a shim from its beginning. The number of the descriptor for its report
// follows, and after colons that of a lock, or nothing, and the name of the box that is there already.
const prefix = "box-shim:"

// Anew executes this program once more, as a shim: args are those of the process, whose first is replaced, and env its environment.
// lock is a descriptor with the lock of a box that is there already, or below 0, and name its name. It returns the process id of
// the shim, and the descriptor that Await hears of the start by.
func Anew(args, env []string, lock int, name string) (pid, report int, err error) {
	early.Ordinary()
	pair, errno := host.SocketPair()
	if errno != 0 {
		return 0, -1, errno
	}
	defer host.Close(int(pair[1]))
	argv := append([]string{prefix + strconv.Itoa(int(pair[1])) + ":" + strconv.Itoa(lock) + ":" + name}, args[1:]...)
	for _, fd := range []int{int(pair[1]), lock} {
		if fd >= 0 {
			host.Fcntl(fd, unix.F_SETFD, 0)
		}
	}
	files := []uintptr{0, 1, 2}
	for i := range files {
		if _, errno := host.Fcntl(i, unix.F_GETFD, 0); errno != 0 {
			files[i] = ^uintptr(0) // it stays closed
		}
	}
	pid, err = syscall.ForkExec("/proc/self/exe", argv, &syscall.ProcAttr{Env: env, Files: files})
	if err != nil {
		host.Close(int(pair[0]))
		return 0, -1, err
	}
	return pid, int(pair[0]), nil
}

// Called reports whether argv[0] is one of Anew, and what it says.
func Called(argv0 string) (report, lock int, name string, is bool) {
	if !strings.HasPrefix(argv0, prefix) {
		return -1, -1, "", false
	}
	first, rest, _ := strings.Cut(argv0[len(prefix):], ":")
	second, name, _ := strings.Cut(rest, ":")
	report, ok := small(first)
	lock, has := small(second)
	if !has {
		lock = -1
	}
	if !ok {
		return -1, -1, "", false
	}
	for _, fd := range [...]int{report, lock} {
		if fd >= 0 {
			host.Fcntl(fd, unix.F_SETFD, unix.FD_CLOEXEC)
		}
	}
	return report, lock, name, true
}

// small returns a number of few digits.
func small(text string) (n int, ok bool) {
	for i := range len(text) {
		if text[i] < '0' || text[i] > '9' || n > 1<<20 {
			return 0, false
		}
		n = n*10 + int(text[i]-'0')
	}
	return n, text != ""
}
