package launch

import (
	"unsafe"

	"box/plan"

	"golang.org/x/sys/unix"
)

// A kernel can lack calls that a plan has: an old one, or one behind a filter that answers ENOSYS. What they do is then done by
// other calls, less quickly and with the same answers, so that plans and messages need not know. Another way is looked for when a
// call has ended so, and a kernel that has all of them pays nothing for it.

// substitute makes the call c, whose arguments are in m.args, by others. It returns what the kernel would have returned; ENOSYS
// where there is no other way.
//
//go:nosplit
//go:norace
//go:nocheckptr
func (m *machine) substitute(c *plan.Call) uintptr {
	switch c.Nr {
	case unix.SYS_OPENAT2:
		return m.resolve(m.args[0], m.args[1], m.args[2])
	case unix.SYS_MOUNT_SETATTR:
		if m.detached(c.In[0]) {
			m.deferred = true
			return 0
		}
		return -m.setattrOf(c)
	case unix.SYS_CLOSE_RANGE:
		return m.closeOnExec(m.args[0], m.args[1])
	}
	return minus(unix.ENOSYS)
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
	errno, is := failed(pid)
	if !is || errno != uintptr(unix.ENOSYS) && errno != uintptr(unix.EINVAL) {
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
	errno, is := failed(sys(unix.SYS_CLOSE_RANGE, first, min(last, 0xffffffff), 0, 0, 0, 0))
	switch {
	case !is:
		return 0
	case errno == uintptr(unix.ENOSYS):
		return m.closeListed(first, last)
	}
	return errno
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
