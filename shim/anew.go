package shim

import (
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

// Killed is what there is to say of a shim that SIGKILL has ended before its box has started.
const Killed = "the box was not started: its monitor got SIGKILL, from outside or for want of memory"

// Await waits until the box of a shim has started, or until the shim has ended, which has said why if it was not killed. It returns
// how to end. started is told the number of the box.
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
		return launch.Status{Signal: w.Signal()}
	}
	return launch.Status{Code: w.ExitStatus()}
}

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
	h := Handover{Report: int(pair[1]), Lock: lock, Listener: -1, Name: name}
	h.Keep()
	argv := append([]string{h.String()}, args[1:]...)
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
