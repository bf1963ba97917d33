package tests

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// tracer runs a program, and kills one of the processes that come of it after a certain system call of one of them, see ptrace(2).
// It is for one thread.
type tracer struct {
	clock, victim string // names of processes, see named
	at            int    // the system call of clock after which victim is killed, counted from 1
	root          int
	processes     map[int]*traced // by process id
	threads       map[int]*traced // by thread id: the process
	fresh         map[int]bool    // threads whose first stop is still to come, or has come before it was told that there is one
	status        unix.WaitStatus // of the program, when it has ended
	count         int             // of calls of clock
	call          uint64          // the last one's number
	killed        bool
	since         time.Time    // when it was killed
	executed      func(string) // is told the name of a process that executes a program
}

// traced is a process.
type traced struct {
	name     string
	pid      int
	children int
}

// named returns the name of the n-th child of a process: that of the root is "", and its second child's is "2", whose first one's
// is "2.1".
func named(parent string, n int) string { return strings.TrimPrefix(parent+"."+strconv.Itoa(n), ".") }

// begin starts a program. It stops at its execve.
func (t *tracer) begin(path string, argv []string, attr *os.ProcAttr) error {
	t.processes, t.threads, t.fresh = map[int]*traced{}, map[int]*traced{}, map[int]bool{}
	attr.Sys = &unix.SysProcAttr{Ptrace: true}
	p, err := os.StartProcess(path, argv, attr)
	if err != nil {
		return err
	}
	t.root = p.Pid
	_ = p.Release()
	var w unix.WaitStatus
	if _, err := unix.Wait4(t.root, &w, unix.WALL, nil); err != nil {
		return err
	}
	t.add("", t.root)
	const options = unix.PTRACE_O_EXITKILL | unix.PTRACE_O_TRACESYSGOOD | unix.PTRACE_O_TRACEFORK | unix.PTRACE_O_TRACEVFORK |
		unix.PTRACE_O_TRACECLONE | unix.PTRACE_O_TRACEEXEC
	if err := unix.PtraceSetOptions(t.root, options); err != nil {
		return err
	}
	return t.resume(t.root, 0)
}

func (t *tracer) add(name string, pid int) {
	p := &traced{name: name, pid: pid}
	t.processes[pid], t.threads[pid] = p, p
}

// resume lets a thread go on, with a signal: to its next system call if these are counted.
func (t *tracer) resume(tid, signal int) error {
	if p := t.threads[tid]; p != nil && p.name == t.clock && !t.killed {
		return unix.PtraceSyscall(tid, signal)
	}
	return unix.PtraceCont(tid, signal)
}

// errOver is what step returns when no process is left.
var errOver = errors.New("all have ended")

// step waits for the next event until a time, and acts on it. idle is true if there was none.
func (t *tracer) step(end time.Time) (idle bool, err error) {
	var w unix.WaitStatus
	const soon = 200 // most events come after some microseconds
	for tries := 0; ; tries++ {
		tid, err := unix.Wait4(-1, &w, unix.WALL|unix.WNOHANG|unix.WNOTHREAD, nil)
		switch {
		case err == unix.EINTR:
		case err == unix.ECHILD:
			return false, errOver
		case err != nil:
			return false, err
		case tid > 0:
			t.event(tid, w)
			return false, nil
		case time.Now().After(end):
			return true, nil
		case tries < soon:
			_, _, _ = unix.RawSyscall(unix.SYS_SCHED_YIELD, 0, 0, 0)
		default:
			time.Sleep(20 * time.Microsecond)
		}
	}
}

// event acts on what has happened to a thread. That it has ended meanwhile is no error.
func (t *tracer) event(tid int, w unix.WaitStatus) {
	if !w.Stopped() {
		if tid == t.root {
			t.status = w
		}
		delete(t.threads, tid)
		delete(t.processes, tid)
		delete(t.fresh, tid)
		t.release()
		return
	}
	if t.threads[tid] == nil {
		t.fresh[tid] = true
		t.release()
		return
	}
	signal := 0
	switch {
	case w.StopSignal() == unix.SIGTRAP|0x80:
		t.called(tid)
	case w.StopSignal() == unix.SIGTRAP && w.TrapCause() > 0:
		if w.TrapCause() == unix.PTRACE_EVENT_EXEC {
			t.executed(t.threads[tid].name)
		} else if made, err := unix.PtraceGetEventMsg(tid); err == nil {
			t.born(tid, int(made))
		}
	case w.StopSignal() == unix.SIGSTOP && t.fresh[tid]: // no signal, but its first stop
		delete(t.fresh, tid)
	default:
		signal = int(w.StopSignal())
	}
	_ = t.resume(tid, signal)
}

// born notes a thread that another one has made.
func (t *tracer) born(parent, tid int) {
	group := fact(tid, "Tgid:")
	if p := t.threads[parent]; group == p.pid {
		t.threads[tid] = p
	} else {
		p.children++
		t.add(named(p.name, p.children), tid)
	}
	if t.fresh[tid] {
		delete(t.fresh, tid)
		_ = t.resume(tid, 0)
		return
	}
	t.fresh[tid] = true
}

// called counts a system call that has ended, and kills when it is time.
func (t *tracer) called(tid int) {
	const get, entry, exit = 0x420e, 1, 2 // PTRACE_GET_SYSCALL_INFO
	var info struct {
		op           uint8
		arch         uint32
		ip, sp, call uint64
		rest         [10]uint64
	}
	_, _, errno := unix.Syscall6(unix.SYS_PTRACE, get, uintptr(tid), unsafe.Sizeof(info), uintptr(unsafe.Pointer(&info)), 0, 0)
	switch {
	case errno != 0 || t.killed:
	case info.op == entry:
		t.call = info.call
	case info.op == exit:
		if t.count++; t.count == t.at {
			t.kill(t.victim)
		}
	}
}

// kill kills the process of a name, if it is there.
func (t *tracer) kill(name string) {
	t.killed, t.since = true, time.Now()
	for _, p := range t.processes {
		if p.name == name {
			_ = unix.Kill(p.pid, unix.SIGKILL)
		}
	}
}

// release lets threads go on that have nobody any more who could tell of their beginning.
func (t *tracer) release() {
	for tid := range t.fresh {
		if t.threads[tid] == nil && t.processes[fact(tid, "Tgid:")] == nil && t.processes[fact(tid, "PPid:")] == nil {
			delete(t.fresh, tid)
			_ = t.resume(tid, 0)
		}
	}
}

// clear ends what is left, and names it.
func (t *tracer) clear() (names []string) {
	for _, p := range t.processes {
		state, _ := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.pid))
		_, state, _ = bytes.Cut(state, []byte(") "))
		names = append(names, fmt.Sprintf("%q (%d, %.1s)", p.name, p.pid, state))
		_ = unix.Kill(p.pid, unix.SIGKILL)
	}
	for tid := range t.fresh {
		names = append(names, fmt.Sprintf("a thread (%d)", tid))
		_ = unix.Kill(tid, unix.SIGKILL)
	}
	for end := time.Now().Add(patience); ; {
		if idle, err := t.step(end); idle || err != nil {
			return names
		}
	}
}

// fact returns a number of the status of a thread, see proc_pid_status(5).
func fact(tid int, name string) (n int) {
	data, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", tid))
	for line := range strings.Lines(string(data)) {
		if value, is := strings.CutPrefix(line, name); is {
			n, _ = strconv.Atoi(strings.TrimSpace(value))
		}
	}
	return n
}
