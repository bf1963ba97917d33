package launch

import (
	"runtime"
	"unsafe"

	"box/internal/host"
	"box/landlock"
	"box/netns"
	"box/plan"
	"box/seccompprofile"
	"box/spec"
	"box/userns"

	"golang.org/x/sys/unix"
)

// The net process carries the connections of a sandbox: box itself, executed once more, with the caller's network. It is started
// before the sandbox, so that its runtime begins meanwhile, and dies with the monitor. It has a socket to pid 1, from which it
// gets the sandbox's listeners, and one to the monitor, by which it reports why it can't begin, and is told when to report what
// was refused.

const (
	clearSighand = 0x100000000 // CLONE_CLEAR_SIGHAND, as in package userns
	firstHigh    = 16          // descriptors are copied to numbers from here on, before the low ones get their meaning
)

// CompileNet writes the plan of the net process of s. Of its registers plan.Status is its socket to the monitor, and plan.Net
// that to pid 1. It looks at the host, as Compile does.
func CompileNet(b *plan.Builder, s *spec.Spec) error {
	b.Reset()
	b.Flags = clearSighand
	was := b.For(spec.Networked)
	b.Prctl(plan.WhyTie, unix.PR_SET_PDEATHSIG, uintptr(unix.SIGKILL), 0)
	b.ParentAlive()
	b.Prctl(plan.WhyTie, unix.PR_SET_DUMPABLE, 0, 0)
	b.Setsid() // keys that end or stop the command are not for it
	if len(s.Life.CPUs) > 0 {
		b.SetCPUs(s.Life.CPUs)
	}
	if _, hard, errno := plan.Limits(unix.RLIMIT_NOFILE); errno == 0 {
		b.Limit(unix.RLIMIT_NOFILE, hard, hard)
	}
	b.Limit(unix.RLIMIT_CORE, 0, 0)
	file := netLog(b, s)
	keep := netDescriptors(b, s, file)
	b.Prctl(plan.WhyPrivilege, unix.PR_SET_NO_NEW_PRIVS, 1, 0)
	userns.Bare(b)
	ruleset := landlock.Relay(b, s, netns.DNSPort)
	b.CloseRest(keep, ruleset) // before: without close_range(2) it looks into /proc
	landlock.RelayEnter(b, ruleset)
	b.SetMask(0)
	argv, env := netns.Argv(b, s), b.Pointers(1)
	b.Store(env, 0, b.String("GODEBUG=multipathtcp=0")) // Landlock's rules about ports don't see MPTCP
	program := b.String("/proc/self/exe")
	seccompprofile.Net(b)
	b.Execve(plan.WhyRelay, program, argv, env)
	b.For(was)
	return nil
}

// netLog opens the file of --net-log, with the caller's rights and before there is a domain. What is no regular file makes nobody
// wait: of a FIFO somebody has to be reading.
func netLog(b *plan.Builder, s *spec.Spec) plan.Reg {
	path := s.Network.Log
	if path == "" || path == "-" {
		return plan.None
	}
	was := b.For(spec.NetLogged)
	const flags = unix.O_WRONLY | unix.O_APPEND | unix.O_CREAT | unix.O_NOFOLLOW | unix.O_NONBLOCK | unix.O_NOCTTY
	r := b.Openat(plan.WhyNetLog, plan.Cwd, b.String(path), flags, 0o600)
	b.For(was)
	return r
}

// netDescriptors gives the descriptors of the process their numbers, and returns those that are kept besides 0, 1 and 2. They are
// copied to high numbers first, since each could have the number that another one gets: dup3(2) would close it, and refuses a
// copy of a number to itself.
func netDescriptors(b *plan.Builder, s *spec.Spec, file plan.Reg) (keep []int) {
	null := b.Openat(plan.WhyInheritance, plan.Cwd, b.String("/dev/null"), unix.O_RDWR, 0)
	b.OpenatTo(plan.WhyProc, plan.Proc, plan.Cwd, b.String("/proc"), unix.O_PATH|unix.O_DIRECTORY, 0)
	for _, r := range [...]plan.Reg{plan.Proc, null, plan.Net, plan.Status} {
		b.HighCopy(r, r, 0, firstHigh)
	}
	if file != plan.None {
		b.HighCopy(file, file, 0, firstHigh)
	}
	b.Dup(null, 0)
	b.Dup(null, 1)
	if s.Life.Stdio[2].Kind == spec.NoFile { // what has this number now is a socket
		b.Dup(null, 2)
	}
	b.Dup(plan.Net, netns.FromPID1)
	b.Dup(plan.Status, netns.FromBox)
	if file != plan.None {
		b.Dup(file, netns.LogFile)
		return netKeep[:]
	}
	return netKeep[:2]
}

var netKeep = [...]int{netns.FromPID1, netns.FromBox, netns.LogFile}

// relay is the net process, seen by the monitor.
type relay struct {
	plan  *plan.Plan // nil if there is none
	conn  int        // the socket to it, or -1
	pid   int        // 0 if it is not there
	inner int        // pid 1's end of the socket between the two, until pid 1 has it; or -1
	said  bool       // it has said why it can't begin: by a text, or errno and the call of its plan
	call  plan.Call
	errno unix.Errno
}

// plainRelay is what the net process's plan is walked with: there is one a process. Rules take no registers, so that their number
// is bounded.
var plainRelay struct {
	m    machine
	regs [256]uintptr
}

// startNet starts the net process and returns pid 1's end of the socket between the two. It is for Start, after Commit.
func (b *Sandbox) startNet(p *plan.Plan) unix.Errno {
	n := &b.net
	n.plan = p
	pid1, errno := host.SocketPair()
	if errno != 0 {
		return errno
	}
	box, errno := host.SocketPair()
	if errno != 0 {
		host.Close(int(pid1[0]))
		host.Close(int(pid1[1]))
		return errno
	}
	m, regs := &plainRelay.m, plainRelay.regs[:]
	clear(regs)
	regs[plan.Net], regs[plan.Status], regs[plan.Peer] = uintptr(pid1[1]), uintptr(box[1]), uintptr(box[0])
	m.load(p, regs)
	r := m.start()
	runtime.KeepAlive(p)
	host.Close(int(pid1[1]))
	host.Close(int(box[1]))
	n.conn, n.inner = int(box[0]), int(pid1[0])
	if errno, is := failed(r); is {
		n.pid = 0
		b.endNet()
		return unix.Errno(errno)
	}
	n.pid = int(r)
	return 0
}

// given is told that pid 1 has its end of the socket.
func (n *relay) given() {
	if n.inner >= 0 {
		host.Close(n.inner)
		n.inner = -1
	}
}

// tookNet takes a record from the net process, which has begun, or its end: from then on there is no network.
func (b *Sandbox) tookNet() {
	n := &b.net
	var r plan.Record
	got, control, errno := host.Receive(n.conn, unsafe.Pointer(&r), unsafe.Sizeof(r), unix.MSG_DONTWAIT)
	control.Close()
	if errno == unix.EAGAIN || errno == unix.EINTR || got > 0 {
		if got == int(unsafe.Sizeof(r)) {
			b.noteNet(&r)
		}
		return
	}
	host.Close(n.conn)
	n.conn = -1
	if b.failed == nil && !b.ended && !n.said {
		b.report(News{What: NetEnded})
	}
}

// noteNet notes why the net process can't begin: a text, or a call of its plan. Its step is that of another plan than pid 1's.
func (b *Sandbox) noteNet(r *plan.Record) {
	n := &b.net
	switch {
	case r.Kind == plan.Text && b.problem.n < len(b.problem.text):
		n.said = true
		b.problem.noteText(r)
	case r.Kind == plan.Failed && uint64(r.Step) < uint64(len(n.plan.Inside)) && n.errno == 0:
		n.said = true
		c := &n.plan.Inside[r.Step]
		n.call, n.errno = plan.Call{Nr: c.Nr, For: c.For, Why: c.Why}, unix.Errno(r.Value)
	}
}

// blameNet looks for the reason of a sandbox that has not begun where the net process has said it: pid 1 knows only that it is
// gone.
func (b *Sandbox) blameNet() {
	n := &b.net
	if n.plan == nil || b.failed == nil || b.failed.Call.Why != plan.WhyRelay && b.failed.Call.Why != plan.WhyNetwork {
		return
	}
	for n.conn >= 0 && host.Pending(n.conn, unix.POLLIN) {
		b.tookNet()
	}
	switch {
	case n.errno != 0:
		b.failed = b.problem.notStarted(&n.call, -1, n.errno)
	case n.said:
		n.call = plan.Call{Nr: unix.SYS_EXECVE, For: spec.Networked, Why: plan.WhyRelay}
		b.failed = b.problem.notStarted(&n.call, -1, b.failed.Errno)
	}
}

// netPatience is how long the net process may take for its report, in milliseconds.
const netPatience = 2000

// endNet lets the net process report what was refused, when the terminal is as it was, and ends it. It is waited for, so that
// nothing of a sandbox is left.
func (b *Sandbox) endNet() {
	n := &b.net
	n.given()
	if n.conn >= 0 && b.failed == nil {
		r := plan.Record{Kind: plan.NetReport}
		host.Send(n.conn, unsafe.Pointer(&r), unsafe.Sizeof(r))
		b.awaitNet()
	}
	if n.conn >= 0 {
		host.Close(n.conn)
		n.conn = -1
	}
	if n.pid <= 0 {
		return
	}
	host.Kill(n.pid, unix.SIGKILL)
	for {
		if _, errno := host.Wait(n.pid, nil, unix.WALL); errno != unix.EINTR {
			break
		}
	}
	n.pid = 0
}

// awaitNet waits for the end of the net process, or of its patience.
func (b *Sandbox) awaitNet() {
	for end := host.Clock() + netPatience*1e6; ; {
		left := end - host.Clock()
		if left <= 0 || !host.PendingWithin(b.net.conn, unix.POLLIN, left) {
			return
		}
		var r plan.Record
		got, control, errno := host.Receive(b.net.conn, unsafe.Pointer(&r), unsafe.Sizeof(r), unix.MSG_DONTWAIT)
		control.Close()
		if errno == 0 && got == 0 || errno != 0 && errno != unix.EAGAIN && errno != unix.EINTR {
			return
		}
	}
}
