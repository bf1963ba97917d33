package launch

import (
	"os"
	"runtime"
	"time"
	"unsafe"

	"box/plan"
	"box/spec"

	"golang.org/x/sys/unix"
)

// Sandbox is a running sandbox, seen from outside by its monitor.
type Sandbox struct {
	spec     *spec.Spec
	plan     *plan.Plan
	m        *machine
	regs     []uintptr
	pid      int // of pid 1, as seen here
	conn     int // the parent's end of the status socket
	signal   int // where signals are read from, or -1
	caller   int // a pidfd of the caller, or -1
	listener int // where notices come from, or -1
	onNotice func(Notice) unix.Errno
	parent   int       // the caller's process id
	heard    time.Time // when pid 1 had last taken all that was sent to it, as far as is known
	tty      *terminal
	undo     []func() error // of the acts, in the order in which they were done
	made     []mountPoint
	status   Status
	ended    bool   // the command's end is known
	own      bool   // a SIGTSTP is on its way that the monitor has sent itself
	executed bool   // the command is in the place of pid 1, and conn a pidfd of it
	gone     bool   // there is nothing to kill or to wait for
	waiting  bool   // pid 1 waits for the acts
	running  bool   // the command was about to be executed
	text     []byte // of the failure to come
	failed   *Failure
}

// Failure is a step of the plan that could not be done.
type Failure struct {
	Call  plan.Call
	Step  int
	Errno unix.Errno
	Text  string // what was found where something else should be
}

// Start clones a child that walks p and returns at once. The caller must be locked to its thread (runtime.LockOSThread)
// until Wait returns: pid 1 dies with the thread that made it, see prctl(2), PR_SET_PDEATHSIG.
//
// signals is a descriptor from which the numbers of arriving Signals can be read, a byte each; -1 is none.
// An error is a *Failure, or an Errno of socketpair(2) or pidfd_open(2).
func Start(p *plan.Plan, s *spec.Spec, signals int) (*Sandbox, error) {
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, os.NewSyscallError("socketpair", err)
	}
	b := &Sandbox{spec: s, plan: p, m: new(machine), regs: make([]uintptr, p.Regs), conn: pair[0]}
	b.signal, b.caller, b.listener = signals, -1, -1
	if s.Joins() {
		_ = unix.SetsockoptInt(pair[0], unix.SOL_SOCKET, unix.SO_PASSCRED, 1)
	}
	if err := b.watchCaller(); err != nil {
		b.close()
		unix.Close(pair[1])
		return nil, err
	}
	b.regs[plan.Status], b.regs[plan.Peer] = uintptr(pair[1]), uintptr(pair[0])
	b.m.load(p, b.regs)
	b.m.shared, b.m.patient = !s.OwnsPID(), s.Life.Detached
	r := b.m.clone3()
	runtime.KeepAlive(p)
	unix.Close(pair[1])
	if errno, is := failed(r); is {
		b.close()
		return nil, &Failure{Call: plan.Call{Nr: unix.SYS_CLONE3}, Step: -1, Errno: unix.Errno(errno)}
	}
	b.pid, b.waiting = int(r), len(p.Outside) > 0
	// The command may see this process (--share-pid), but not trace it or read its memory.
	_ = unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0)
	return b, nil
}

// Error says which system call could not be made; Explain says it in the user's words.
func (f *Failure) Error() string {
	return f.Call.Name() + ": " + f.Errno.Error()
}

// Unwrap returns the errno.
func (f *Failure) Unwrap() error { return f.Errno }

// load makes m ready to walk p with regs as registers.
func (m *machine) load(p *plan.Plan, regs []uintptr) {
	m.calls, m.n = unsafe.Pointer(unsafe.SliceData(p.Inside)), uintptr(len(p.Inside))
	m.regs = unsafe.Pointer(unsafe.SliceData(regs))
	m.keep, m.nkeep = unsafe.Pointer(unsafe.SliceData(p.Keep)), uintptr(len(p.Keep))
	m.mask[0] = ^uint64(0)
	m.clone[0], m.clone[4] = p.Flags, uint64(unix.SIGCHLD)
	copy(m.childPath[:], "thread-self/children\x00")
}

// watchCaller opens what tells of the end of the caller.
func (b *Sandbox) watchCaller() (err error) {
	if b.parent = os.Getppid(); b.spec.Life.OutliveParent || b.parent <= 0 {
		return nil // no caller, or one that this pid namespace can't see
	}
	b.caller, err = unix.PidfdOpen(b.parent, 0)
	if err == unix.ENOSYS || err == unix.ESRCH {
		err = nil // before Linux 5.3 it can't be watched; ESRCH: it has just ended, Wait sees that
	}
	return os.NewSyscallError("pidfd_open", err)
}

// close closes all descriptors of b.
func (b *Sandbox) close() {
	for _, fd := range []int{b.conn, b.caller, b.listener} {
		if fd >= 0 {
			unix.Close(fd)
		}
	}
}
