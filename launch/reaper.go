package launch

import (
	"unsafe"

	"box/plan"

	"golang.org/x/sys/unix"
)

// shed drops the capabilities that only the command was to keep: the kernel itself ends a pid namespace with its pid 1.
//
//go:nosplit
//go:norace
func (m *machine) shed() {
	m.caps[0] = unix.LINUX_CAPABILITY_VERSION_3
	r := sys(unix.SYS_CAPSET, uintptr(unsafe.Pointer(&m.caps[0])), uintptr(unsafe.Pointer(&m.caps[2])), 0, 0, 0, 0)
	if errno, is := failed(r); is {
		m.fail(m.forked, errno) // and the command ends with it
	}
}

// reap is pid 1 after the fork: it collects what has ended, passes on the parent's signals, and ends when the command
// or the parent does. With it ends everything in the pid namespace, see pid_namespaces(7).
//
//go:nosplit
//go:norace
//go:nocheckptr
func (m *machine) reap() {
	m.closeOthers()
	m.poll[0] = pollfd{fd: int32(*m.reg(plan.Reaper)), events: unix.POLLIN}
	m.poll[1] = pollfd{fd: int32(*m.reg(plan.Status)), events: unix.POLLIN}
	m.poll[2] = pollfd{fd: int32(*m.reg(plan.Caller)), events: unix.POLLIN}
	m.poll[3] = pollfd{fd: -1}
	if m.serves {
		m.poll[3] = pollfd{fd: int32(*m.reg(plan.Net)), events: unix.POLLIN}
	}
	for limit := uintptr(unsafe.Pointer(&m.moment)); ; {
		m.moment[0], m.moment[1] = 0, settled
		n := sys(unix.SYS_PPOLL, uintptr(unsafe.Pointer(&m.poll)), uintptr(len(m.poll)), limit, 0, 0, 0)
		if n == 0 {
			m.forget()
			limit = 0
			continue
		}
		if m.poll[0].revents != 0 {
			m.collect()
		}
		if m.poll[1].revents != 0 {
			m.obey()
		}
		if m.poll[2].revents != 0 {
			m.end() // the parent looks for that, too, unless somebody has stopped it
		}
		if m.poll[3].revents != 0 {
			m.serve()
		}
	}
}

// collect waits for all children that have ended or stopped.
//
//go:nosplit
//go:norace
//go:nocheckptr
func (m *machine) collect() {
	for {
		// One SIGCHLD may stand for several children, see signalfd(2): what is pending is read, and wait4 is asked
		// for all.
		r := sys(unix.SYS_READ, *m.reg(plan.Reaper), uintptr(unsafe.Pointer(&m.info)), unsafe.Sizeof(m.info), 0, 0, 0)
		if _, is := failed(r); is {
			break
		}
	}
	for {
		// __WALL: orphans that were cloned with another signal than SIGCHLD would stay zombies, see waitpid(2).
		// WUNTRACED: a stopped command stops the monitor, so that the caller's shell can take over.
		const options = unix.WNOHANG | unix.WUNTRACED | unix.WALL
		pid := sys(unix.SYS_WAIT4, ^uintptr(0), uintptr(unsafe.Pointer(&m.wstatus)), options, 0, 0, 0)
		if errno, is := failed(pid); is || pid == 0 {
			if is && errno == uintptr(unix.ECHILD) && m.leader == 0 {
				m.exit(0) // nothing is left
			}
			return
		}
		if pid != m.leader {
			continue
		}
		if m.wstatus&0xff == 0x7f {
			m.send(plan.Stopped, 0, uint32(m.wstatus>>8))
			continue
		}
		m.send(plan.Ended, 0, uint32(m.wstatus))
		if !m.patient && !m.lasts {
			m.end()
		}
		m.leader = 0
	}
}

// obey does what the parent asks for; a closed socket means that the parent is gone.
//
//go:nosplit
//go:norace
//go:nocheckptr
func (m *machine) obey() {
	order := uintptr(unsafe.Pointer(&m.order))
	n := sys(unix.SYS_RECVFROM, *m.reg(plan.Status), order, unsafe.Sizeof(m.order), unix.MSG_DONTWAIT, 0, 0)
	if errno, is := failed(n); is && errno == uintptr(unix.EAGAIN) {
		return
	}
	if n != unsafe.Sizeof(m.order) || m.order.Kind != plan.Signal {
		if !m.patient && !m.lasts {
			m.end()
		}
		// poll(2) passes over negative descriptors: a closed socket would be ready all the time.
		m.poll[1].fd = -1
		return
	}
	target := m.leader
	switch m.order.Step {
	case toFront:
		m.bringToFront(m.leader)
	case toBack:
		m.bringToFront(sys(unix.SYS_GETPGID, 0, 0, 0, 0, 0, 0))
	}
	if m.order.Step != toLeader {
		target = -target
	}
	sys(unix.SYS_KILL, target, uintptr(m.order.Value), 0, 0, 0, 0)
}

// Who gets a signal, the command alone or its process group: the Step of a plan.Signal record. With toFront the group is made the
// foreground job of the sandbox's terminal before that, and with toBack it is put into the background.
const (
	toLeader = iota
	toGroup
	toFront
	toBack
)

// bringToFront makes a process group the foreground job of the sandbox's terminal, see tcsetpgrp(3). Pid 1 may do so from the
// background, since it blocks SIGTTOU.
//
//go:nosplit
//go:norace
//go:nocheckptr
func (m *machine) bringToFront(group uintptr) {
	m.group = int32(group)
	sys(unix.SYS_IOCTL, *m.reg(plan.Tty), unix.TIOCSPGRP, uintptr(unsafe.Pointer(&m.group)), 0, 0, 0)
}

// end ends pid 1. In a pid namespace of its own the kernel kills the rest; elsewhere pid 1 is the subreaper of what
// descends from it and kills that first.
//
//go:nosplit
//go:norace
//go:nocheckptr
func (m *machine) end() {
	if m.shared {
		m.killDescendants()
	}
	m.exit(0)
}

// killDescendants kills children until there are none: the children of a killed child become our own, see prctl(2),
// PR_SET_CHILD_SUBREAPER. All that have ended are taken away first: between two looks at the list there may be thousands.
//
//go:nosplit
//go:norace
//go:nocheckptr
func (m *machine) killDescendants() {
	options := uintptr(unix.WNOHANG)
	for {
		pid := sys(unix.SYS_WAIT4, ^uintptr(0), 0, options|unix.WALL, 0, 0, 0)
		if _, is := failed(pid); is {
			return // no children left
		}
		options = unix.WNOHANG
		if pid == 0 { // those that are left live
			if !m.killChildren() {
				sys(unix.SYS_KILL, m.leader, uintptr(unix.SIGKILL), 0, 0, 0, 0)
				return
			}
			options = 0
		}
	}
}

// killChildren kills all children, see proc(5), /proc/PID/task/TID/children. It returns false if the kernel has no list of them, or
// hides them: the option hidepid of a /proc.
//
//go:nosplit
//go:norace
//go:nocheckptr
func (m *machine) killChildren() bool {
	const flags = unix.O_RDONLY | unix.O_CLOEXEC
	fd := sys(unix.SYS_OPENAT, *m.reg(plan.Proc), uintptr(unsafe.Pointer(&m.childPath)), flags, 0, 0, 0)
	m.digits = 0
	for {
		n := sys(unix.SYS_READ, fd, uintptr(unsafe.Pointer(&m.children)), unsafe.Sizeof(m.children), 0, 0, 0)
		if _, is := failed(n); is || n == 0 {
			sys(unix.SYS_CLOSE, fd, 0, 0, 0, 0, 0)
			return !is
		}
		for i := range n { // a number may lie across two reads
			d := m.children[i&(unsafe.Sizeof(m.children)-1)]
			if d != ' ' {
				m.child[m.digits&15] = d
				m.digits++
				continue
			}
			m.child[m.digits&15] = 0
			m.digits = 0
			if !m.apart {
				m.killNumbered()
			} else if !m.killListed() {
				sys(unix.SYS_CLOSE, fd, 0, 0, 0, 0, 0)
				return false
			}
		}
	}
}

// killNumbered kills the child whose number is in m.child.
//
//go:nosplit
//go:norace
//go:nocheckptr
//go:noinline
func (m *machine) killNumbered() {
	pid, _ := number(uintptr(unsafe.Pointer(&m.child)))
	sys(unix.SYS_KILL, pid, uintptr(unix.SIGKILL), 0, 0, 0, 0)
}

// killListed does so where plan.Proc has other numbers than this pid namespace: a directory there is a descriptor of the process,
// see pidfd_send_signal(2). Nobody but this process takes a child away, so it is the same one until the signal is sent.
//
//go:nosplit
//go:norace
//go:nocheckptr
func (m *machine) killListed() bool {
	const flags = unix.O_RDONLY | unix.O_DIRECTORY | unix.O_CLOEXEC
	fd := sys(unix.SYS_OPENAT, *m.reg(plan.Proc), uintptr(unsafe.Pointer(&m.child)), flags, 0, 0, 0)
	if _, is := failed(fd); is {
		return false
	}
	sys(unix.SYS_PIDFD_SEND_SIGNAL, fd, uintptr(unix.SIGKILL), 0, 0, 0, 0)
	sys(unix.SYS_CLOSE, fd, 0, 0, 0, 0, 0)
	return true
}

// closeOthers closes all descriptors but those that pid 1 needs.
// What pid 1 left open would keep a pipe open whose reader outside waits for its end.
//
//go:nosplit
//go:norace
//go:nocheckptr
func (m *machine) closeOthers() {
	first := uintptr(0)
	for {
		keep := ^uintptr(0)
		for i := range m.nkeep {
			r := *(*plan.Reg)(unsafe.Add(m.keep, i*unsafe.Sizeof(plan.None)))
			if fd := *m.reg(r); fd >= first && fd < keep {
				keep = fd
			}
		}
		if keep > first {
			if errno := m.closeSpan(first, keep-1); errno != 0 {
				m.fail(m.forked, errno) // and the command ends with it
			}
		}
		if keep == ^uintptr(0) {
			break
		}
		first = keep + 1
	}
	if !m.shared { // else it is kept; closeSpan may have needed it until here
		sys(unix.SYS_CLOSE, *m.reg(plan.Proc), 0, 0, 0, 0, 0)
	}
}
