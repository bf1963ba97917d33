package host

import (
	"unsafe"

	"box/internal/early"

	"golang.org/x/sys/unix"
)

// Poll waits for events without a limit, see poll(2).
func Poll(set []unix.PollFd) unix.Errno {
	_, errno := ppoll(set, nil)
	return errno
}

// PollFor waits for so many nanoseconds at most, and returns how many descriptors have events: 0 when the time is over.
func PollFor(set []unix.PollFd, limit int64) (n int, errno unix.Errno) {
	moment := unix.NsecToTimespec(limit)
	return ppoll(set, &moment)
}

// ForgetAndPoll gives pages back, see madvise(2), MADV_DONTNEED, and is Poll then, before the Go runtime. Between the two calls
// nothing runs but this function, so that of the code that is given back no more comes into memory again: the kernel maps 64 kB
// around what is executed.
func ForgetAndPoll(start, size uintptr, set []unix.PollFd) unix.Errno {
	raw(unix.SYS_MADVISE, start, size, unix.MADV_DONTNEED)
	_, errno := result(raw(unix.SYS_PPOLL, uintptr(unsafe.Pointer(unsafe.SliceData(set))), uintptr(len(set)), 0))
	return errno
}

func ppoll(set []unix.PollFd, limit *unix.Timespec) (n int, errno unix.Errno) {
	p, size, t := unsafe.Pointer(unsafe.SliceData(set)), uintptr(len(set)), unsafe.Pointer(limit)
	if early.Running() {
		r, errno := result(raw(unix.SYS_PPOLL, uintptr(p), size, uintptr(t)))
		return int(r), errno
	}
	early.Ordinary()
	r, _, errno := unix.Syscall6(unix.SYS_PPOLL, uintptr(p), size, uintptr(t), 0, 0, 0)
	return int(r), errno
}

// Pending reports whether events have happened that nobody has taken yet, see poll(2).
func Pending(fd int, events int16) bool {
	set := unix.PollFd{Fd: int32(fd), Events: events}
	var now unix.Timespec
	p, limit := uintptr(unsafe.Pointer(&set)), uintptr(unsafe.Pointer(&now))
	n, _, errno := unix.RawSyscall6(unix.SYS_PPOLL, p, 1, limit, 0, 0, 0)
	return errno == 0 && n > 0
}

// PendingWithin waits for events, at most for so many nanoseconds, and reports whether some have happened. A signal ends the wait.
func PendingWithin(fd int, events int16, nanoseconds int64) bool {
	set := unix.PollFd{Fd: int32(fd), Events: events}
	limit := unix.NsecToTimespec(nanoseconds)
	p, to := unsafe.Pointer(&set), unsafe.Pointer(&limit)
	if early.Running() {
		n, errno := result(raw(unix.SYS_PPOLL, uintptr(p), 1, uintptr(to)))
		return errno == 0 && n > 0
	}
	early.Ordinary()
	n, _, errno := unix.Syscall6(unix.SYS_PPOLL, uintptr(p), 1, uintptr(to), 0, 0, 0)
	return errno == 0 && n > 0
}

// Wait is wait4(2) for one process.
func Wait(pid int, status *unix.WaitStatus, options int) (found int, errno unix.Errno) {
	r, errno := syscall(unix.SYS_WAIT4, uintptr(pid), unsafe.Pointer(status), uintptr(options))
	return int(r), errno
}

// Clock returns a time in nanoseconds that only grows, see clock_gettime(2).
func Clock() int64 {
	var now unix.Timespec
	_, _, _ = unix.RawSyscall(unix.SYS_CLOCK_GETTIME, unix.CLOCK_MONOTONIC, uintptr(unsafe.Pointer(&now)), 0)
	return now.Sec*1e9 + now.Nsec
}

// KillProcess is pidfd_send_signal(2).
func KillProcess(fd int, signal unix.Signal) {
	_, _, _ = unix.RawSyscall6(unix.SYS_PIDFD_SEND_SIGNAL, uintptr(fd), uintptr(signal), 0, 0, 0, 0)
}

// Ask is the value that a process is sent with a signal by AskProcess.
const Ask = 0x626f78

// Asked is a bit beside the number of a signal that was sent by AskProcess, where only that number is read: see inherited.Catch.
const Asked = 0x80

// AskProcess sends a signal with the value Ask, as sigqueue(3) does: the process can tell it from the same signal by kill(2).
func AskProcess(fd int, signal unix.Signal) unix.Errno {
	info := struct { // siginfo_t
		signal, errno, code, pad int32
		pid, uid                 int32
		value                    uint64
		rest                     [12]uint64
	}{signal: int32(signal), code: siQueue, pid: int32(unix.Getpid()), uid: int32(unix.Getuid()), value: Ask}
	at := uintptr(unsafe.Pointer(&info))
	_, _, errno := unix.RawSyscall6(unix.SYS_PIDFD_SEND_SIGNAL, uintptr(fd), uintptr(signal), at, 0, 0, 0)
	return errno
}

// siQueue is SI_QUEUE, see sigaction(2).
const siQueue = -1

// Asks reports whether a signal that was read from a signalfd was sent by AskProcess.
func Asks(info *unix.SignalfdSiginfo) bool { return info.Code == siQueue && info.Int == Ask }

// Kill is kill(2).
func Kill(pid int, signal unix.Signal) {
	_, _, _ = unix.RawSyscall(unix.SYS_KILL, uintptr(pid), uintptr(signal), 0)
}

// Prctl is prctl(2) with one argument.
func Prctl(option int, arg uintptr) {
	_, _, _ = unix.RawSyscall6(unix.SYS_PRCTL, uintptr(option), arg, 0, 0, 0, 0)
}

// SetName sets the name of the process, of which 15 bytes count, see prctl(2), PR_SET_NAME.
func SetName(name string) {
	var text [16]byte
	copy(text[:15], name)
	_, _, _ = unix.RawSyscall6(unix.SYS_PRCTL, unix.PR_SET_NAME, uintptr(unsafe.Pointer(&text)), 0, 0, 0, 0)
}

// PID returns the process's id, and Parent that of its parent.
func PID() int {
	pid, _, _ := unix.RawSyscall(unix.SYS_GETPID, 0, 0, 0)
	return int(pid)
}

// Parent returns the parent's process id; 0 if it can't be seen from this pid namespace.
func Parent() int {
	pid, _, _ := unix.RawSyscall(unix.SYS_GETPPID, 0, 0, 0)
	return int(pid)
}

// OpenProcess returns a descriptor of a process, see pidfd_open(2).
func OpenProcess(pid int) (fd int, errno unix.Errno) {
	r, _, errno := unix.RawSyscall(unix.SYS_PIDFD_OPEN, uintptr(pid), 0, 0)
	return int(r), errno
}

// SocketPair returns two connected sockets of packets, close-on-exec, see socketpair(2).
func SocketPair() (pair [2]int32, errno unix.Errno) {
	_, _, errno = unix.RawSyscall6(unix.SYS_SOCKETPAIR, unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC, 0,
		uintptr(unsafe.Pointer(&pair)), 0, 0)
	return pair, errno
}

// SetOption sets a socket option of level SOL_SOCKET, see setsockopt(2).
func SetOption(fd, option int, value int32) {
	to := uintptr(unsafe.Pointer(&value))
	_, _, _ = unix.RawSyscall6(unix.SYS_SETSOCKOPT, uintptr(fd), unix.SOL_SOCKET, uintptr(option), to, 4, 0)
}

// Send sends a packet if it doesn't have to wait, see send(2).
func Send(fd int, data unsafe.Pointer, n uintptr) {
	_, _, _ = unix.RawSyscall6(unix.SYS_SENDTO, uintptr(fd), uintptr(data), n, unix.MSG_NOSIGNAL|unix.MSG_DONTWAIT, 0, 0)
}

// Unsent returns how many bytes the other side of a socket has not taken yet, see unix(7), SIOCOUTQ.
func Unsent(fd int) int {
	var n int32
	_, _, errno := unix.RawSyscall(unix.SYS_IOCTL, uintptr(fd), unix.SIOCOUTQ, uintptr(unsafe.Pointer(&n)))
	if errno != 0 {
		return 0
	}
	return int(n)
}

// Shutdown is shutdown(2) for both directions.
func Shutdown(fd int) { _, _, _ = unix.RawSyscall(unix.SYS_SHUTDOWN, uintptr(fd), unix.SHUT_RDWR, 0) }

// A Control is what came with a packet besides its data: a descriptor, or who sent it.
type Control struct {
	FD     int    // or -1
	Second int    // one more, or -1
	Rest   [8]int // further ones
	Count  int    // how many there are
	Sender int    // its process id, or 0
	More   bool   // there were more descriptors, or data than there was room for: these are closed and lost
}

// Close closes the descriptors.
func (c *Control) Close() {
	for i := range c.Count {
		Close(c.Descriptor(i))
	}
}

// Descriptor returns the descriptor with this place, of Count.
func (c *Control) Descriptor(i int) int {
	switch i {
	case 0:
		return c.FD
	case 1:
		return c.Second
	}
	return c.Rest[i-2]
}

// Receive takes a packet, see recvmsg(2), with MSG_DONTWAIT among flags only if there is one. n is 0 if the other side is gone.
func Receive(fd int, data unsafe.Pointer, size, flags uintptr) (n int, c Control, errno unix.Errno) {
	var control [128]byte
	vector := unix.Iovec{Base: (*byte)(data), Len: uint64(size)}
	message := unix.Msghdr{Iov: &vector, Iovlen: 1, Control: &control[0], Controllen: uint64(len(control))}
	r, errno := syscall(unix.SYS_RECVMSG, uintptr(fd), unsafe.Pointer(&message), flags|unix.MSG_CMSG_CLOEXEC)
	if errno != 0 {
		return 0, Control{FD: -1, Second: -1}, errno
	}
	c = parse(control[:message.Controllen])
	c.More = c.More || message.Flags&(unix.MSG_TRUNC|unix.MSG_CTRUNC) != 0
	return int(r), c, 0
}

// parse reads control messages, see cmsg(3). It closes the descriptors that are too many.
func parse(control []byte) Control {
	c := Control{FD: -1, Second: -1}
	const header = int(unsafe.Sizeof(unix.Cmsghdr{}))
	for len(control) >= header+4 {
		h := (*unix.Cmsghdr)(unsafe.Pointer(&control[0]))
		value := *(*int32)(unsafe.Pointer(&control[header])) // the descriptor, or the first member of struct ucred
		switch {
		case h.Level != unix.SOL_SOCKET:
		case h.Type == unix.SCM_RIGHTS:
			for at := header; at+4 <= min(int(h.Len), len(control)); at += 4 {
				switch fd := int(*(*int32)(unsafe.Pointer(&control[at]))); {
				case c.Count == 0:
					c.FD = fd
				case c.Count == 1:
					c.Second = fd
				case c.Count < 2+len(c.Rest):
					c.Rest[c.Count-2] = fd
				default:
					Close(fd)
					c.More = true
					continue
				}
				c.Count++
			}
		case h.Type == unix.SCM_CREDENTIALS:
			c.Sender = int(value)
		}
		control = control[min((int(h.Len)+7)&^7, len(control)):]
		if h.Len == 0 {
			break
		}
	}
	return c
}

// raw makes a system call with three arguments, and zeros after them. It is our own, so that a monitor that waits needs no
// other pages of the program for it.
//
//go:noescape
func raw(nr, a, b, c uintptr) uintptr

// syscall makes a system call that may take long: the Go runtime is told, if there is one. p stays a pointer until the call,
// since it may be one into a stack, and stacks move where a function begins.
func syscall(nr, a uintptr, p unsafe.Pointer, c uintptr) (r uintptr, errno unix.Errno) {
	if early.Running() {
		return result(raw(nr, a, uintptr(p), c))
	}
	early.Ordinary()
	r, _, errno = unix.Syscall6(nr, a, uintptr(p), c, 0, 0, 0)
	return r, errno
}

// result takes apart what the kernel has returned.
func result(r uintptr) (uintptr, unix.Errno) {
	if r > ^uintptr(4095) {
		return ^uintptr(0), unix.Errno(-r)
	}
	return r, 0
}

// Die ends the process by a signal that it may have caught or blocked, and with group its process group. It returns where
// the process is pid 1 of its pid namespace, which gets no signals of its own.
func Die(signal unix.Signal, group bool) {
	DefaultAction(signal)
	set := uint64(1) << (signal - 1)
	_, _, _ = unix.RawSyscall6(unix.SYS_RT_SIGPROCMASK, unix.SIG_UNBLOCK, uintptr(unsafe.Pointer(&set)), 0, 8, 0, 0)
	if group {
		Kill(0, signal)
	}
	// To this thread: then it has not gone on by the time the call returns.
	thread, _, _ := unix.RawSyscall(unix.SYS_GETTID, 0, 0, 0)
	_, _, _ = unix.RawSyscall(unix.SYS_TGKILL, uintptr(PID()), thread, uintptr(signal))
}

// SetMask sets the signals that the thread blocks, bit 0 being signal 1, see rt_sigprocmask(2).
func SetMask(set uint64) {
	_, _, _ = unix.RawSyscall6(unix.SYS_RT_SIGPROCMASK, unix.SIG_SETMASK, uintptr(unsafe.Pointer(&set)), 0, 8, 0, 0)
}

// DefaultAction gives a signal its default action, see rt_sigaction(2).
func DefaultAction(signal unix.Signal) { setAction(signal, 0) }

// Ignore ignores a signal: children that have ended leave no zombies then, if it is SIGCHLD, see wait(2).
func Ignore(signal unix.Signal) { setAction(signal, 1) }

// setAction sets a disposition: 0 is SIG_DFL, and 1 SIG_IGN.
func setAction(signal unix.Signal, handler uint64) {
	action := [4]uint64{handler}
	_, _, _ = unix.RawSyscall6(unix.SYS_RT_SIGACTION, uintptr(signal), uintptr(unsafe.Pointer(&action)), 0, 8, 0, 0)
}
