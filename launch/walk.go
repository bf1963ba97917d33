package launch

import (
	"unsafe"

	"box/plan"

	"golang.org/x/sys/unix"
)

// machine is what walks a plan in the child. The child has one thread, no signals and a copy of a Go runtime that it
// must not use: no allocation, no lock, no growing stack. So every function that child and command lead to, in this file,
// special.go, reaper.go and those of the substitutes, is nosplit, makes raw system calls, keeps its variables in this struct,
// which lies on the heap, and stores no pointers.
// (Go's own rule for this place is in syscall/exec_linux.go: forkAndExecInChild.)
type machine struct {
	// What is used at every start lies together, for the sake of page faults: a stack from its end on.
	secondStack stack // the command's, until it executes
	firstStack  stack // pid 1's

	calls    unsafe.Pointer // of plan.Call
	n        uintptr        // how many
	regs     unsafe.Pointer // of uintptr
	pc       uintptr        // the call that comes next
	forked   uintptr        // the step by which the command's process was made
	args     [6]uintptr     // of the call that is being made
	errno    uintptr        // how the last call ended that was made
	refused  uintptr        // 1 + the first execve that was refused with EACCES
	keep     unsafe.Pointer // of plan.Reg: what pid 1 keeps open
	nkeep    uintptr        // how many
	caps     [8]uint32      // for capset(2): a header, and empty sets
	give     [3]memory      // what pid 1 gives back when the command runs
	shared   bool           // the pid namespace is the caller's: ended children have to be looked for
	starts   bool           // pid 1 tells when the command has been executed
	departs  bool           // pid 1 ends when the command has been executed
	apart    bool           // the numbers that plan.Proc has for processes are not those of this pid namespace
	lasts    bool           // pid 1 needs no parent, but the process that plan.Caller is
	patient  bool           // pid 1 waits for all that is left, and needs no parent
	serves   bool           // pid 1 makes sockets for the net process
	without  uintptr        // calls that are not made
	deferred bool           // a mount waits for its attributes until it is attached

	leader    uintptr // the command's process; 0 when it has ended
	self      uintptr // pid 1 as its child sees it, where that has to know
	clone     [11]uint64
	mask      [2]uint64 // all signals; what the thread had before
	record    plan.Record
	order     plan.Record // from the parent
	poll      [4]pollfd
	wstatus   int32
	group     int32     // a process group
	info      [128]byte // struct signalfd_siginfo
	childPath [24]byte
	child     [16]byte  // a number in it
	digits    uintptr   // of which so many have been read
	action    [4]uint64 // struct sigaction
	never     [2]uint64 // struct timespec: no time
	moment    [2]uint64 // another

	children [4096]byte // /proc/thread-self/children
	way      way        // of a path, where there is no openat2(2)
	claims   claims     // of mount points
	pass     pass       // a socket for the net process
	table    mountTable // where there is no mount_setattr(2)
	stage    stage      // where there is no open_tree(2)
}

// stack is more than what the functions need that run on it: these are few, and none calls itself.
type stack [16 << 10]byte

// top returns the upper end of a stack.
//
//go:nosplit
//go:norace
//go:nocheckptr
func top(s *stack) uintptr { return (uintptr(unsafe.Pointer(s)) + unsafe.Sizeof(*s)) &^ 15 }

type pollfd struct {
	fd      int32
	events  int16
	revents int16
}

// maxTries bounds how often an openat2(2) is tried again: somebody who renames anything anywhere keeps the kernel from
// being sure of a "..", and it says EAGAIN, or EXDEV if it finds itself outside. One try in a few succeeds even then.
const maxTries = 10000

const callSize = unsafe.Sizeof(plan.Call{})

// reg returns a register.
//
//go:nosplit
//go:norace
//go:nocheckptr
func (m *machine) reg(r plan.Reg) *uintptr {
	return (*uintptr)(unsafe.Add(m.regs, uintptr(r)*unsafe.Sizeof(uintptr(0))))
}

// at returns call i.
//
//go:nosplit
//go:norace
//go:nocheckptr
func (m *machine) at(i uintptr) *plan.Call { return (*plan.Call)(unsafe.Add(m.calls, i*callSize)) }

// start starts a child that walks the plan; the parent gets its process id.
//
//go:nosplit
//go:norace
//go:nocheckptr
func (m *machine) start() uintptr {
	const block, setmask = 0, 2
	// From here to the execve no signal may be handled: a handler of the Go runtime needs a goroutine, and the child
	// has none.
	sys(unix.SYS_RT_SIGPROCMASK, block, uintptr(unsafe.Pointer(&m.mask[0])), uintptr(unsafe.Pointer(&m.mask[1])), 8, 0, 0)
	pid := m.startChild()
	if pid == 0 {
		become(top(&m.firstStack), m)
	}
	sys(unix.SYS_RT_SIGPROCMASK, setmask, uintptr(unsafe.Pointer(&m.mask[1])), 0, 8, 0, 0)
	return pid
}

// child is the life of pid 1: the walk, the command's process, and what is left to do after that.
//
//go:nosplit
//go:norace
//go:nocheckptr
func child(m *machine) {
	m.walk() // returns at the fork, if there is one
	m.live()
	m.walk()
	m.exit(1)
}

// live is the life of pid 1 from the fork on. It returns in the command's process, if that is a copy of pid 1. It is no part of
// child, whose frame lies below all that walk calls: a chain of functions may have 792 bytes of stack here, and on arm64 nearly
// all are used.
//
//go:nosplit
//go:norace
//go:nocheckptr
//go:noinline
func (m *machine) live() {
	m.forked = m.pc - 1
	if own := m.at(m.forked).Args[0]; own != 0 {
		m.guarded(own)
		return
	}
	// Without CLONE_VM here it would be a copy of a copy; the command's process only borrows the memory.
	const flags = unix.CLONE_VM | unix.CLONE_VFORK | uintptr(unix.SIGCHLD)
	pid := spawn(flags, top(&m.secondStack), m)
	if errno, is := failed(pid); is {
		m.fail(m.forked, errno)
	}
	m.leader = pid
	m.started()
	if !m.shared || m.patient { // else it may have to kill what has other ids
		m.shed()
	}
	m.reap()
}

// started tells the parent that the command has been executed, if it wants to know. It is no part of live for the sake of its
// frame.
//
//go:nosplit
//go:norace
//go:nocheckptr
//go:noinline
func (m *machine) started() {
	if m.starts {
		m.send(plan.Started, 0, 0)
	}
	if m.departs {
		m.exit(0)
	}
}

// command is the command's process, from the fork to its execve.
//
//go:nosplit
//go:norace
//go:nocheckptr
func command(m *machine) {
	m.walk()
	m.exit(1)
}

// walk makes the calls that come next, until the fork. It does not return from an error or an execve.
//
//go:nosplit
//go:norace
//go:nocheckptr
func (m *machine) walk() {
	for m.pc < m.n {
		c := m.at(m.pc)
		m.pc++
		if c.When != 0 && uintptr(c.When) != m.errno && (c.When != plan.Done || m.errno != 0) {
			continue
		}
		if c.Nr >= plan.Fork {
			if c.Nr == plan.Fork {
				return
			}
			m.special(c)
			continue
		}
		r := m.call(c)
		if _, is := failed(r); is {
			r = m.substitute(c, r)
		}
		m.settle(c, r)
		if (m.deferred || m.stage.up) && m.errno == 0 {
			m.afterwards(c)
		}
	}
}

// What a machine does without, as if the kernel lacked it: see spec.Mounts.
const (
	withoutOpenat2 = 1 << iota
	withoutSetattr
)

// call makes one system call and returns what the kernel returned.
//
//go:nosplit
//go:norace
//go:nocheckptr
func (m *machine) call(c *plan.Call) uintptr {
	a := &m.args
	*a = c.Args
	for i := range c.In {
		if c.In[i] != plan.None {
			a[i] = *m.reg(c.In[i])
		}
	}
	if m.without != 0 && (m.without&withoutOpenat2 != 0 && c.Nr == unix.SYS_OPENAT2 ||
		m.without&withoutSetattr != 0 && c.Nr == unix.SYS_MOUNT_SETATTR) {
		return minus(unix.ENOSYS)
	}
	r := sys(uintptr(c.Nr), a[0], a[1], a[2], a[3], a[4], a[5])
	for tries := 0; (r == minus(unix.EAGAIN) || r == minus(unix.EXDEV)) && c.Nr == unix.SYS_OPENAT2 && tries < maxTries; tries++ {
		r = sys(uintptr(c.Nr), a[0], a[1], a[2], a[3], a[4], a[5])
	}
	return r
}

// settle takes what a call has returned: a result to be kept, or an error that counts as done or is the end.
//
//go:nosplit
//go:norace
//go:nocheckptr
func (m *machine) settle(c *plan.Call, r uintptr) {
	errno, is := failed(r)
	if !is && r < m.args[2] && whole(c) {
		errno, is = uintptr(unix.ENOSPC), true
	}
	m.errno = errno
	if !is {
		if c.Out != plan.None {
			*m.reg(c.Out) = r
		}
		return
	}
	for _, e := range c.Ignore {
		if e != 0 && uintptr(e) == errno {
			if c.Nr == unix.SYS_EXECVE && errno == uintptr(unix.EACCES) && m.refused == 0 {
				m.refused = m.pc
			}
			return
		}
	}
	m.fail(m.pc-1, errno)
}

// whole reports whether a call has failed that has done less than it was to do.
//
//go:nosplit
//go:norace
//go:nocheckptr
func whole(c *plan.Call) bool { return c.Nr == unix.SYS_WRITE || c.Nr == unix.SYS_RECVFROM }

// fail tells the parent which call failed, and ends.
//
//go:nosplit
//go:norace
func (m *machine) fail(step, errno uintptr) {
	m.send(plan.Failed, uint32(step), uint32(errno))
	m.exit(1)
}

// send sends a record to the parent.
//
//go:nosplit
//go:norace
//go:nocheckptr
func (m *machine) send(kind, step, value uint32) {
	m.record.Kind, m.record.Step, m.record.Value = kind, step, value
	sys(unix.SYS_SENDTO, *m.reg(plan.Status), uintptr(unsafe.Pointer(&m.record)), unsafe.Sizeof(m.record), unix.MSG_NOSIGNAL, 0, 0)
}

// exit ends the process.
//
//go:nosplit
//go:norace
func (m *machine) exit(status uintptr) {
	// A filter of the caller's may answer exit_group(2) with an errno. There is nothing to return to.
	for {
		sys(unix.SYS_EXIT_GROUP, status, 0, 0, 0, 0, 0)
	}
}
