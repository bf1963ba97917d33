package launch

import (
	"os"
	"runtime"
	"unsafe"

	"box/internal/early"
	"box/internal/host"
	"box/plan"
	"box/spec"

	"golang.org/x/sys/unix"
)

// Sandbox is a running sandbox, seen from outside by its monitor.
type Sandbox struct {
	spec     *spec.Spec
	plan     *plan.Plan
	m        *machine  // what the child walks the plan with
	regs     []uintptr // the child's registers, by plan.Reg
	command  int       // the command's process, if a box has a name and the kernel says it
	pid      int       // of pid 1, as seen here
	conn     int       // the parent's end of the status socket
	signal   int       // where signals are read from, or -1
	caller   int       // a pidfd of the caller, or -1
	listener int       // where notices come from, or -1
	mounts   int       // the sandbox's mount table, or -1
	upper    int       // the directory for what is written to the project, or -1
	changed  changes   // what was written there
	onNotice func(Notice) unix.Errno
	parent   int   // the caller's process id
	unread   int   // what was sent to pid 1 and lies there, in bytes of the kernel's memory
	since    int64 // how long it has lain there at most: a time of host.Clock
	tty      *terminal
	undo     []func() error // of the acts, in the order in which they were done
	made     []mountPoint
	stdio    [3]int // what has taken the place of 0, 1 and 2 of the command; -1 is nothing
	had      uint32 // bit n: a record of kind n has come
	process  int    // a pidfd of pid 1, or -1
	masks    []mask
	onNews   func(*News) bool
	with     Companion // of a box with a name, else nil
	spaces   Spaces    // on their way to it
	user     int       // the command's user namespace, if what is left is looked for in it, or -1
	net      relay
	status   Status
	halted   unix.Signal // what has stopped the command, if it is
	forgot   bool        // the code of the start has been given back
	polls    int         // how often something has happened before
	ended    bool        // the command's end is known
	own      bool        // a SIGTSTP is on its way that the monitor has sent itself
	executed bool        // the command is in the place of pid 1, and conn a pidfd of it
	gone     bool        // there is nothing to kill or to wait for
	waiting  bool        // pid 1 waits for the acts
	left     bool        // what the command leaves behind was not all killed
	failed   *Failure

	// What is used at every start lies before what is large, for the sake of page faults.
	names   newNames
	news    News
	problem problem
}

// noStdio is the stdio of a Sandbox whose command has the caller's own.
var noStdio = [3]int{-1, -1, -1}

// plainSandbox is the one that a process has which begins without the Go runtime.
var plainSandbox struct {
	box  Sandbox
	m    machine
	regs [4 << 10]uintptr
}

// newSandbox returns a sandbox with n registers.
// Before the Go runtime that is plainSandbox, and there is one a process. A plan with more registers goes the
// ordinary way.
func newSandbox(n int) *Sandbox {
	if !early.Running() || n > len(plainSandbox.regs) {
		early.Ordinary()
		return &Sandbox{m: new(machine), regs: make([]uintptr, n)}
	}
	p := &plainSandbox
	p.box.m, p.box.regs = &p.m, p.regs[:n]
	return &p.box
}

// Start clones a child that walks p and returns at once. net is the plan of the net process, see CompileNet; it is nil where s
// needs none. The caller must be locked to its thread (runtime.LockOSThread) until Wait returns: pid 1 dies with the thread that
// made it, see prctl(2), PR_SET_PDEATHSIG.
//
// signals is a descriptor from which the numbers of arriving Signals can be read, a byte each; -1 if there is no such descriptor.
// An error is a *Failure, ErrOrphan, an *UnwatchedError, or an Errno of socketpair(2) or pidfd_open(2).
func Start(p, net *plan.Plan, s *spec.Spec, signals int) (*Sandbox, error) {
	b := newSandbox(p.Regs)
	b.spec, b.plan, b.signal = s, p, signals
	b.net = relay{conn: -1, inner: -1}
	b.caller, b.listener, b.mounts, b.conn, b.process, b.upper, b.user, b.stdio = -1, -1, -1, -1, -1, -1, -1, noStdio
	b.expectMasks(p)
	if err := b.watchProject(); err != nil {
		return nil, err
	}
	pair, errno := host.SocketPair()
	if errno != 0 {
		b.names.close()
		return nil, cannot("socketpair", errno)
	}
	b.conn = int(pair[0])
	if s.Joins() || s.Life.Named {
		// The kernel adds the sender to each record, by its number in the pid namespace of the reader, see unix(7):
		// that is how a pid 1 is known that was made in a namespace of others.
		host.SetOption(b.conn, unix.SO_PASSCRED, 1)
	}
	alive, errno := b.watchCaller()
	if errno != 0 || !alive {
		b.close()
		b.names.close()
		host.Close(int(pair[1]))
		if errno == 0 {
			early.Ordinary()
			return nil, ErrOrphan
		}
		return nil, cannot("pidfd_open", errno)
	}
	b.regs[plan.Status], b.regs[plan.Peer], b.regs[plan.Caller] = uintptr(pair[1]), uintptr(pair[0]), uintptr(b.caller)
	b.m.load(p, b.regs)
	b.m.forgetful(p)
	b.m.fit(s)
	switch {
	case foreign(s):
		// The kernel takes away what is cloned from here on: see disown. The child gets the default action.
		host.Ignore(unix.SIGCHLD)
	case early.Running():
		host.DefaultAction(unix.SIGCHLD) // the Go runtime catches it; ignored, there would be nothing to wait for
	}
	// From here on there is a sandbox: the program can't begin anew.
	early.Commit()
	if f := b.cloneBoth(net, int(pair[1])); f != nil {
		b.endNet()
		b.close()
		b.names.close()
		return nil, b.over(f)
	}
	b.waiting = len(p.Outside) > 0
	// The command may see this process (a pid namespace that is shared), but not trace it or read its memory.
	host.Prctl(unix.PR_SET_DUMPABLE, 0)
	return b, nil
}

// cloneBoth starts the net process, if net is its plan, and pid 1, which has the other end of the status socket. The net process
// comes first: it begins while the sandbox is made.
func (b *Sandbox) cloneBoth(net *plan.Plan, status int) *Failure {
	if net != nil {
		if errno := b.startNet(net); errno != 0 {
			host.Close(status)
			return b.problem.notStarted(&plan.Call{Nr: unix.SYS_CLONE3, For: spec.Networked, Why: plan.WhyRelay}, -1, errno)
		}
		b.regs[plan.Net] = uintptr(b.net.inner)
	}
	if fd := b.spec.Life.Stderr; fd > 2 {
		host.Place(fd, 2)
	}
	r := b.m.start()
	runtime.KeepAlive(b.plan)
	host.Close(status)
	if errno, is := failed(r); is {
		return b.problem.notStarted(&plan.Call{Nr: unix.SYS_CLONE3, Why: plan.WhyNamespaces}, -1, unix.Errno(errno))
	}
	b.pid = int(r)
	b.net.given()
	return nil
}

// cannot returns the error of a call of Start's own. It allocates.
//
//go:noinline
func cannot(call string, errno unix.Errno) error {
	early.Ordinary()
	return os.NewSyscallError(call, errno)
}

// load makes m ready to walk p with regs as registers.
func (m *machine) load(p *plan.Plan, regs []uintptr) {
	m.calls, m.n = unsafe.Pointer(unsafe.SliceData(p.Inside)), uintptr(len(p.Inside))
	m.regs = unsafe.Pointer(unsafe.SliceData(regs))
	m.keep, m.nkeep = unsafe.Pointer(unsafe.SliceData(p.Keep)), uintptr(len(p.Keep))
	m.starts = p.Sends>>plan.Started&1 != 0
	m.mask[0] = ^uint64(0)
	m.clone[0], m.clone[4] = p.Flags, uint64(unix.SIGCHLD)
	copy(m.childPath[:], "thread-self/children\x00")
}

// fit makes m ready for what s wants of pid 1.
func (m *machine) fit(s *spec.Spec) {
	m.serves = len(s.Network.Publish) != 0 && !s.Life.Direct
	m.shared, m.patient = !s.OwnsPID(), s.Life.LeaveDescendants
	m.apart, m.lasts = s.Join.Box || s.Join.Of.Has(spec.PID), s.Life.Lasts != 0
	m.departs = s.Life.Depart && !m.lasts
	m.without = 0
	if s.Mounts.WithoutOpenat2 {
		m.without = withoutOpenat2
	}
	if s.Mounts.WithoutSetattr {
		m.without |= withoutSetattr
	}
}

// watchCaller opens a pidfd, which shows the end of the caller. It returns false if the caller has ended: its process
// id is another's, or nobody's.
func (b *Sandbox) watchCaller() (alive bool, errno unix.Errno) {
	if b.spec.Life.Lasts != 0 {
		b.caller = b.spec.Life.Lasts
		return true, 0
	}
	if b.parent = b.spec.Life.Caller; b.parent == 0 {
		b.parent = host.Parent()
	}
	if b.spec.Life.OutliveParent || b.parent <= 0 {
		return true, 0 // no caller, or one that this pid namespace can't see
	}
	fd, errno := host.OpenProcess(b.parent)
	switch {
	case errno == unix.ESRCH:
		return false, 0
	case errno != 0:
		return true, errno
	}
	b.caller = fd
	if b.alone() { // before there is a sandbox: somebody may stop this process at any time
		host.Prctl(unix.PR_SET_PDEATHSIG, uintptr(unix.SIGCONT))
	}
	// The number may have become another process's before it was opened. If the parent still is that number, it has
	// not.
	return host.Parent() == b.parent, 0
}

// close closes all descriptors of b.
func (b *Sandbox) close() {
	for _, fd := range [...]int{b.conn, b.caller, b.listener, b.process, b.mounts, b.user} {
		if fd >= 0 {
			host.Close(fd)
		}
	}
}
