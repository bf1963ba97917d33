package launch

import (
	"unsafe"

	"box/plan"

	"golang.org/x/sys/unix"
)

// A kernel can lack calls that a plan has: an old one, or one behind a filter. An emulated one says ENOSYS then, and so do newer
// filters; Docker's says EPERM up to 20.10. What they do is then done by other calls, less quickly and with the same answers, so
// that plans and messages need not know. An EPERM of the kernel's own is one by the other way, too: no substitute can do what the
// call may not. Another way is looked for when a call has ended so, and a kernel that has all of them pays nothing for it.

// substitute makes the call c, whose arguments are in m.args and which has returned r, by others. It returns what the kernel would
// have returned, which is r where there is no other way.
//
//go:nosplit
//go:norace
//go:nocheckptr
func (m *machine) substitute(c *plan.Call, r uintptr) uintptr {
	switch {
	case unusable(r):
	case c.Nr == unix.SYS_OPENAT2 && r == minus(unix.EINVAL): // no flag is wrong
	case c.Nr == unix.SYS_FSCONFIG || c.Nr == unix.SYS_FSMOUNT: // of what a substitute of fsopen(2) has opened
		if !m.stage.asked {
			return r
		}
	default:
		return r
	}
	switch c.Nr {
	case unix.SYS_OPENAT2:
		return m.resolve(m.args[0], m.args[1], m.args[2])
	case unix.SYS_OPEN_TREE:
		return m.cloneTree(m.args[0], m.args[1], m.args[2])
	case unix.SYS_FSOPEN:
		m.stage.asked = true
		return sys(unix.SYS_FCNTL, *m.reg(plan.Proc), unix.F_DUPFD_CLOEXEC, 0, 0, 0, 0) // something to close
	case unix.SYS_FSCONFIG:
		m.stage.asked = true
		return 0
	case unix.SYS_FSMOUNT:
		return m.mountAside(c)
	case unix.SYS_MOVE_MOUNT:
		return m.moveStagedTo(m.args[0], m.args[2], m.args[3])
	case unix.SYS_MOUNT_SETATTR:
		if m.detached(c.In[0]) {
			m.deferred = true
			return 0
		}
		return -m.setattrOf(c)
	case unix.SYS_CLOSE_RANGE:
		return m.closeOnExec(m.args[0], m.args[1])
	}
	return r
}

// unusable reports whether a call has returned what one does that the kernel lacks, or a filter refuses.
//
//go:nosplit
//go:norace
func unusable(r uintptr) bool { return r == minus(unix.ENOSYS) || r == minus(unix.EPERM) }

// afterwards does what a substitute has left for after the call c, which has succeeded.
//
//go:nosplit
//go:norace
func (m *machine) afterwards(c *plan.Call) {
	switch {
	case c.Nr == unix.SYS_MOVE_MOUNT && m.deferred:
		m.attached(c.In[0], m.args[0])
	case c.Nr == unix.SYS_PIVOT_ROOT:
		if errno := m.dropStage(); errno != 0 {
			m.fail(m.pc-1, errno)
		}
	}
}

// minus returns what sys returns for an errno.
//
//go:nosplit
//go:norace
func minus(errno unix.Errno) uintptr { return -uintptr(errno) }

// startChild clones with the flags of the plan, see clone3(2), since Linux 5.3, and CLONE_CLEAR_SIGHAND, since 5.5. Handlers of the
// Go runtime must not run in the child: all signals are blocked until it has none.
//
//go:nosplit
//go:norace
//go:nocheckptr
func (m *machine) startChild() uintptr {
	pid := sys(unix.SYS_CLONE3, uintptr(unsafe.Pointer(&m.clone)), unsafe.Sizeof(m.clone), 0, 0, 0, 0)
	if !unusable(pid) && pid != minus(unix.EINVAL) {
		return pid
	}
	pid = sys(unix.SYS_CLONE, uintptr(m.clone[0]&0xffffffff)|uintptr(unix.SIGCHLD), 0, 0, 0, 0, 0)
	if pid == 0 {
		m.dropHandlers()
	}
	return pid
}

// dropHandlers gives the signals that are caught their default action, see rt_sigaction(2). What is ignored stays ignored.
//
//go:nosplit
//go:norace
//go:nocheckptr
func (m *machine) dropHandlers() {
	const ignore, signals = 1, 64 // SIG_IGN, _NSIG
	action := uintptr(unsafe.Pointer(&m.action))
	for signal := uintptr(1); signal <= signals; signal++ {
		sys(unix.SYS_RT_SIGACTION, signal, 0, action, 8, 0, 0)
		if m.action[0] > ignore {
			m.action = [4]uint64{}
			sys(unix.SYS_RT_SIGACTION, signal, action, 0, 8, 0, 0)
		}
	}
}

// closeSpan closes the descriptors from first to last, see close_range(2), since Linux 5.9, but plan.Proc. It returns an errno.
//
//go:nosplit
//go:norace
func (m *machine) closeSpan(first, last uintptr) uintptr {
	r := sys(unix.SYS_CLOSE_RANGE, first, min(last, 0xffffffff), 0, 0, 0, 0)
	if unusable(r) {
		return m.closeListed(first, last)
	}
	return errnoOf(r)
}

// closeListed is closeSpan for the descriptors that /proc/self/fd lists, see getdents64(2) for struct linux_dirent64.
//
//go:nosplit
//go:norace
//go:nocheckptr
func (m *machine) closeListed(first, last uintptr) uintptr {
	const reclen, name = 16, 19 // offsets
	list := uintptr(unsafe.Pointer(&m.children))
	const flags = unix.O_RDONLY | unix.O_DIRECTORY | unix.O_CLOEXEC
	dir := minus(unix.EMFILE)
	for fd := first; dir == minus(unix.EMFILE) && fd <= last; fd++ { // the list needs one itself
		dir = sys(unix.SYS_OPENAT, *m.reg(plan.Proc), word("self/fd\x00"), flags, 0, 0, 0)
		if dir == minus(unix.EMFILE) && fd != *m.reg(plan.Proc) {
			if sys(unix.SYS_CLOSE, fd, 0, 0, 0, 0, 0) == minus(unix.EBADF) {
				break // all below the limit are open: fd is above it, and to close those makes no room
			}
		}
	}
	if errno, is := failed(dir); is {
		return errno
	}
	for {
		n := sys(unix.SYS_GETDENTS64, dir, list, unsafe.Sizeof(m.children), 0, 0, 0)
		if errno, is := failed(n); is || n == 0 {
			sys(unix.SYS_CLOSE, dir, 0, 0, 0, 0, 0)
			return errno
		}
		for at := list; at < list+n; at += uintptr(byteAt(at+reclen)) | uintptr(byteAt(at+reclen+1))<<8 {
			if byteAt(at+name) == '.' {
				continue // and ".."
			}
			// Closing while reading is allowed: procfs lists by number, and goes on behind the last one that it has
			// shown.
			fd, _ := number(at + name)
			if fd >= first && fd <= last && fd != dir && fd != *m.reg(plan.Proc) {
				sys(unix.SYS_CLOSE, fd, 0, 0, 0, 0, 0)
			}
		}
	}
}

// closeOnExec marks one descriptor close-on-exec, if it is open: CLOSE_RANGE_CLOEXEC where first and last are the same.
//
//go:nosplit
//go:norace
func (m *machine) closeOnExec(first, last uintptr) uintptr {
	if first != last {
		return minus(unix.ENOSYS)
	}
	sys(unix.SYS_FCNTL, first, unix.F_SETFD, unix.FD_CLOEXEC, 0, 0, 0)
	return 0
}
