package launch

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"box/plan"

	"golang.org/x/sys/unix"
)

// Some tests have to run in a process of their own: in other namespaces, or behind a system call filter. They start the
// test program again, and roleVar tells it what it is then.
const roleVar = "BOXTEST_ROLE"

// inNamespaces is the role of a process that runs one test, as root of a user namespace and with mounts of its own.
const inNamespaces = "namespaces"

// roles are the other ones. Each function is the whole program; what comes after the program's name are its arguments.
var roles = map[string]func(args []string){
	"resolve":     resolveRole,
	"remount":     remountRole,
	"locked":      lockedRole,
	"descriptors": descriptorsRole,
	"children":    childrenRole,
	"start":       startRole,
	"sandbox":     sandboxRole,
	"rest":        restRole,
	"others":      othersRole,
	"walk":        walkRole,
	"clone":       cloneRole,
	"spy":         spyRole,
}

// play runs the role of this process.
func play() { roles[os.Getenv(roleVar)](os.Args[1:]) }

// selfCommand returns the command that starts the test program again. Mounts are its own where flags have CLONE_NEWUSER and
// CLONE_NEWNS.
func selfCommand(role string, flags uintptr, args ...string) *exec.Cmd {
	cmd := exec.Command("/proc/self/exe", args...)
	// A signal by which the runtime stops a thread would have a call made twice that a filter asks about.
	cmd.Env = append(os.Environ(), roleVar+"="+role, "GODEBUG=asyncpreemptoff=1")
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: flags, Pdeathsig: unix.SIGKILL}
	if flags&unix.CLONE_NEWUSER != 0 {
		must(unix.Prctl(unix.PR_SET_DUMPABLE, 1, 0, 0, 0)) // Start has changed it, and then uid_map could not be written
		cmd.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}}
		cmd.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}}
	}
	cmd.Stderr = os.Stderr
	return cmd
}

// namespaced runs the test in a child that has a user namespace and mounts of its own. It returns false there.
func namespaced(t *testing.T) bool {
	t.Helper()
	if os.Getenv(roleVar) == inNamespaces {
		return false
	}
	runtime.LockOSThread() // the child ends with the thread
	defer runtime.UnlockOSThread()
	cmd := selfCommand(inNamespaces, unix.CLONE_NEWUSER|unix.CLONE_NEWNS, "-test.run=^"+t.Name()+"$", "-test.v")
	out, err := cmd.Output()
	if err != nil || !bytes.Contains(out, []byte("--- PASS: "+t.Name())) {
		t.Errorf("%v\n%s", err, out)
	}
	return true
}

// Every call in turn: a role does the same thing again and again (trials), and this process is asked about each call that it makes
// meanwhile, see seccomp_unotify(2). The first time all calls are made. Then each of them fails once; and then all with its number.

// marker is the number of a call that begins and ends a trial, with a first argument that nobody else has.
const (
	marker      = unix.SYS_GETPRIORITY
	markerBegin = 0x626f7801
	markerEnd   = 0x626f7802
	markerTold  = 0x626f7803 // what has come of it has been written
)

// asked are the calls that can be made to fail. close(2) is not one of them: the descriptor is gone whatever it returns.
var asked = []uint32{
	marker, unix.SYS_OPENAT, unix.SYS_STATX, unix.SYS_READLINKAT, unix.SYS_FSTATFS, unix.SYS_FCNTL, unix.SYS_MOUNT, unix.SYS_READ,
	unix.SYS_MMAP, unix.SYS_PPOLL, unix.SYS_GETDENTS64, unix.SYS_CLOSE_RANGE, unix.SYS_CLONE3, unix.SYS_KILL, unix.SYS_WAIT4,
}

// trial is what a role is made to do.
type trial struct {
	at    int        // this call fails, counted from 0; -1 means no call
	all   bool       // and all later ones with its number
	errno unix.Errno // how
	nr    uint32     // the number of the call that failed
	made  int        // how many calls were made
	child bool       // the calls that count are those of children, until one of them executes a program
}

func (c trial) String() string {
	return fmt.Sprintf("call %d (number %d, all: %v) failed with %v", c.at, c.nr, c.all, c.errno)
}

// maxCalls is more than any trial makes: one that makes more never ends.
const maxCalls = 20000

// outcome is what a role has to say after a trial.
type outcome struct {
	errno unix.Errno // what was returned
	left  int        // how many descriptors more are open than before
	note  string
}

// force runs a role with each of its calls failing in turn, with each of the errnos, and calls check after each trial.
func force(t *testing.T, flags uintptr, errnos []unix.Errno, check func(c trial, got outcome), role string, args ...string) {
	t.Helper()
	forceAs(t, trial{at: -1}, flags, errnos, check, role, args...)
}

// forceAs does so for the calls that count in the first trial.
func forceAs(t *testing.T, undisturbed trial, flags uintptr, errnos []unix.Errno, check func(c trial, got outcome), role string,
	args ...string,
) {
	t.Helper()
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	ours, theirs := os.NewFile(uintptr(pair[0]), "ours"), os.NewFile(uintptr(pair[1]), "theirs")
	defer ours.Close()
	cmd := selfCommand(role, flags, args...)
	cmd.ExtraFiles = []*os.File{theirs}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	_ = theirs.Close()
	defer func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	}()
	listener := receiveDescriptor(t, int(ours.Fd()))
	defer unix.Close(listener)
	lines := bufio.NewReader(stdout)
	first := supervise(t, listener, lines, undisturbed, check)
	if first == nil {
		t.Fatal("no call was made")
	}
	for _, c := range trials(first, errnos) {
		c.child = undisturbed.child
		if supervise(t, listener, lines, c, check); t.Failed() {
			return
		}
	}
}

// trials returns those that the calls of the first one ask for: each fails once, and for each number all do from the first on.
func trials(calls []uint32, errnos []unix.Errno) (list []trial) {
	for _, errno := range errnos {
		for i, nr := range calls {
			list = append(list, trial{at: i, errno: errno, nr: nr})
			if slices.Index(calls, nr) == i {
				list = append(list, trial{at: i, errno: errno, nr: nr, all: true})
			}
		}
	}
	return list
}

// supervise answers what the filter asks until the trial has ended. It returns the numbers of the calls that were made.
func supervise(t *testing.T, listener int, lines *bufio.Reader, c trial, check func(trial, outcome)) (calls []uint32) {
	t.Helper()
	begun, owner := false, uint32(0)
	for {
		n, err := receiveNotice(listener)
		if err != nil {
			t.Fatalf("%v: %v", c, err)
		}
		reply := noticeAnswer{id: n.id, flags: unix.SECCOMP_USER_NOTIF_FLAG_CONTINUE}
		switch {
		case n.number == marker && n.args[0] == markerBegin:
			begun, owner, reply.flags = true, n.pid, 0
		case n.number == marker && n.args[0] == markerEnd:
			begun, reply.flags = false, 0
		case n.number == marker && n.args[0] == markerTold:
			reply.flags = 0
			reply.send(t, listener)
			var got outcome
			line, err := lines.ReadString('\n')
			if err != nil {
				t.Fatalf("%v: %v", c, err)
			}
			if _, err := fmt.Sscanf(line, "%d %d %s\n", &got.errno, &got.left, &got.note); err != nil {
				t.Fatalf("%v: %q: %v", c, line, err)
			}
			c.made = len(calls)
			check(c, got)
			return calls
		case begun && c.child == (n.pid != owner):
			if c.at >= 0 && (len(calls) == c.at || c.all && len(calls) > c.at && uint32(n.number) == c.nr) {
				reply.flags, reply.error = 0, -int32(c.errno)
			}
			if calls = append(calls, uint32(n.number)); len(calls) > maxCalls {
				t.Fatalf("%v: it makes calls without an end", c)
			}
			if c.child && n.number == unix.SYS_EXECVE && reply.error == 0 {
				begun = false
			}
		}
		reply.send(t, listener)
	}
}

// noticeData and noticeAnswer are the structures seccomp_notif and seccomp_notif_resp of linux/seccomp.h.
type noticeData struct {
	id     uint64
	pid    uint32
	flags  uint32
	number int32
	arch   uint32
	ip     uint64
	args   [6]uint64
}

type noticeAnswer struct {
	id    uint64
	value int64
	error int32
	flags uint32
}

// send answers one notice. Who asked may have been killed meanwhile.
func (a *noticeAnswer) send(t *testing.T, listener int) {
	t.Helper()
	const request = 3<<30 | unsafe.Sizeof(*a)<<16 | '!'<<8 | 1 // SECCOMP_IOCTL_NOTIF_SEND
	_, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(listener), request, uintptr(unsafe.Pointer(a)))
	if errno != 0 && errno != unix.ENOENT {
		t.Fatal("answering a notice: ", errno)
	}
}

var errNoMore = errors.New("the process has ended")

// receiveNotice takes the next notice.
func receiveNotice(listener int) (n noticeData, err error) {
	const request = 3<<30 | unsafe.Sizeof(n)<<16 | '!'<<8 // SECCOMP_IOCTL_NOTIF_RECV
	for {
		set := []unix.PollFd{{Fd: int32(listener), Events: unix.POLLIN}}
		if _, err := unix.Poll(set, -1); err != nil && err != unix.EINTR {
			return n, err
		}
		if set[0].Revents&unix.POLLIN == 0 {
			if set[0].Revents&unix.POLLHUP != 0 {
				return n, errNoMore
			}
			continue
		}
		n = noticeData{}
		_, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(listener), request, uintptr(unsafe.Pointer(&n)))
		if errno == 0 {
			return n, nil
		}
		if errno != unix.EINTR && errno != unix.ENOENT {
			return n, errno
		}
	}
}

// receiveDescriptor takes the descriptor that a role sends.
func receiveDescriptor(t *testing.T, socket int) int {
	t.Helper()
	data, control := make([]byte, 1), make([]byte, 64)
	_, n, _, _, err := unix.Recvmsg(socket, data, control, unix.MSG_CMSG_CLOEXEC)
	if err != nil {
		t.Fatal(err)
	}
	messages, err := unix.ParseSocketControlMessage(control[:n])
	if err != nil || len(messages) != 1 {
		t.Fatal("the role sends no descriptor: ", err)
	}
	fds, err := unix.ParseUnixRights(&messages[0])
	if err != nil || len(fds) != 1 {
		t.Fatal(err)
	}
	return fds[0]
}

// What follows runs in a role.

// each does what prepare returns, again and again until it is killed, and tells how it ended: do returns an errno, and after says a
// word about what it has left behind.
func each(numbers []uint32, prepare func() (do func() uintptr, after func() string)) {
	runtime.LockOSThread()
	descriptors()
	time.Sleep(time.Nanosecond) // the runtime opens what it needs for timers
	const socket = 3
	must(unix.Sendmsg(socket, []byte{0}, unix.UnixRights(ask(numbers)), nil, 0))
	for {
		do, after := prepare()
		before := descriptors()
		mark(markerBegin)
		errno := do()
		mark(markerEnd)
		left := descriptors() - before
		fmt.Println(int(errno), left, after())
		mark(markerTold)
	}
}

// ask loads a filter into this thread that asks about calls with these numbers, and returns who answers.
func ask(numbers []uint32) (listener int) {
	const load, jumpIf, answer = 0x20, 0x15, 0x06
	filter := []unix.SockFilter{{Code: load}}
	for _, nr := range numbers {
		filter = append(filter, unix.SockFilter{Code: jumpIf, Jf: 1, K: nr}, unix.SockFilter{
			Code: answer,
			K:    unix.SECCOMP_RET_USER_NOTIF,
		})
	}
	return loadFilter(append(filter, unix.SockFilter{Code: answer, K: unix.SECCOMP_RET_ALLOW}),
		unix.SECCOMP_FILTER_FLAG_NEW_LISTENER)
}

// refuseCalls lets calls of this thread fail with an errno.
func refuseCalls(errno unix.Errno, numbers ...uint32) {
	const load, jumpIf, answer = 0x20, 0x15, 0x06
	filter := []unix.SockFilter{{Code: load}}
	for _, nr := range numbers {
		filter = append(filter, unix.SockFilter{Code: jumpIf, Jf: 1, K: nr},
			unix.SockFilter{Code: answer, K: unix.SECCOMP_RET_ERRNO | uint32(errno)})
	}
	loadFilter(append(filter, unix.SockFilter{Code: answer, K: unix.SECCOMP_RET_ALLOW}), 0)
}

func loadFilter(filter []unix.SockFilter, flags uintptr) int {
	must(unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
	program := unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}
	r, _, errno := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, flags, uintptr(unsafe.Pointer(&program)))
	if errno != 0 {
		must(fmt.Errorf("seccomp: %w", errno))
	}
	return int(r)
}

func mark(which uintptr) { _, _, _ = unix.RawSyscall(marker, which, 0, 0) }

// descriptors returns how many are open.
func descriptors() int {
	list, err := os.ReadDir("/proc/self/fd")
	must(err)
	return len(list)
}

// must ends the process where the test can't go on.
func must(err error) {
	if err != nil {
		panic(err)
	}
}

// newMachine returns one with the registers that calls outside a plan need.
func newMachine() *machine {
	m, regs := new(machine), make([]uintptr, 16)
	m.regs = unsafe.Pointer(&regs[0])
	machines = append(machines, regs)
	proc, err := unix.Open("/proc", unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	must(err)
	regs[plan.Proc] = uintptr(proc)
	regs[plan.Status] = ^uintptr(0)
	return m
}

// drop closes what newMachine has opened.
func (m *machine) drop() { unix.Close(int(*m.reg(plan.Proc))) }

// machines keeps registers alive: the machines have their addresses only.
var machines [][]uintptr
