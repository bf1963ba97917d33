package launch

import (
	"unsafe"

	"box/plan"

	"golang.org/x/sys/unix"
)

// special does what is not a system call.
//
//go:nosplit
//go:norace
//go:nocheckptr
func (m *machine) special(c *plan.Call) {
	value := c.Args[1]
	if c.In[1] != plan.None {
		value = *m.reg(c.In[1])
	}
	switch c.Nr {
	case plan.Poke:
		poke(c.Args[0], uint32(value))
	case plan.Same, plan.Differ, plan.Equal:
		m.compare(c, value)
	case plan.Wipe:
		wipe(c.Args[0], c.Args[1])
	case plan.Digits:
		digits(c.Args[0], value)
	case plan.CloseRest:
		m.closeRest(c.Args[0], value)
	case plan.Guarded, plan.Orphaned:
		m.await(c.Nr, value)
	case plan.Hop:
		m.hop(c.Args[0])
	case plan.Claim:
		m.claim(c)
		return // it has its own errno
	case plan.Acked:
		m.acked(c)
		return
	case plan.Masked:
		m.masked(*m.reg(c.In[0]))
	case plan.Skip:
		for left := c.Args[0]; value == 0 && left > 0; left-- {
			if c := m.at(m.pc); c.Nr == plan.Claim {
				*m.reg(c.Out) = ^uintptr(0) // pid 1 keeps what is open there
			}
			m.pc++
		}
	case plan.Fail:
		m.fail(m.pc-1, c.Args[0])
	case plan.GiveUp:
		if m.refused != 0 {
			m.fail(m.refused-1, uintptr(unix.EACCES))
		}
		m.fail(m.pc-1, uintptr(unix.ENOENT))
	}
	m.errno = 0
}

// masked tells the parent the number of the mount that fd is open on. Since Linux 5.8 statx(2) has it, at a tenth of the time that
// a file in /proc takes.
//
//go:nosplit
//go:norace
//go:nocheckptr
func (m *machine) masked(fd uintptr) {
	at := &m.way.stat[0]
	if m.look(fd, 0) != 0 || at.Mask&unix.STATX_MNT_ID == 0 {
		id, errno := m.mountID(fd)
		if errno != 0 {
			m.fail(m.pc-1, errno)
		}
		at.Mnt_id = uint64(id)
	}
	m.send(plan.Mask, uint32(m.pc-1), uint32(at.Mnt_id))
}

// compare fails if what is compared is not as it should be.
//
//go:nosplit
//go:norace
//go:nocheckptr
func (m *machine) compare(c *plan.Call, value uintptr) {
	switch a, b := c.Args[0], c.Args[1]; c.Nr {
	case plan.Same:
		if value != 0 && (value != c.Args[3] || !same(a, c.Args[2], value)) {
			m.tell(a, value)
			m.fail(m.pc-1, uintptr(unix.EEXIST))
		}
	case plan.Differ:
		if same(a+plan.StatxIno, b+plan.StatxIno, 8) && same(a+plan.StatxDev, b+plan.StatxDev, 8) &&
			same(a+plan.StatxMount, b+plan.StatxMount, 8) {
			m.fail(m.pc-1, uintptr(unix.EBUSY))
		}
	case plan.Equal:
		if !same(a, b, c.Args[2]) {
			m.fail(m.pc-1, c.Args[3])
		}
	}
}

// closeRest closes all descriptors from 3 on but Status and the n numbers at list, plan.Proc as the last one: marked close-on-exec
// only, the command's own path could still lead through one of them, /proc/self/fd/N.
//
//go:nosplit
//go:norace
func (m *machine) closeRest(list, n uintptr) {
	for first := uintptr(3); ; {
		keep := ^uintptr(0)
		if fd := *m.reg(plan.Status); fd >= first {
			keep = fd
		}
		for i := range n {
			if fd := uintptr(peek(list + 4*i)); fd >= first && fd < keep {
				keep = fd
			}
		}
		if keep > first {
			if errno := m.closeSpan(first, keep-1); errno != 0 {
				m.fail(m.pc-1, errno)
			}
		}
		if keep == ^uintptr(0) {
			sys(unix.SYS_CLOSE, *m.reg(plan.Proc), 0, 0, 0, 0, 0)
			return
		}
		first = keep + 1
	}
}

// hop goes on in a child with a copy of this memory.
//
//go:nosplit
//go:norace
func (m *machine) hop(flags uintptr) {
	pid := sys(unix.SYS_CLONE, flags, 0, 0, 0, 0, 0)
	if errno, is := failed(pid); is {
		m.fail(m.pc-1, errno)
	}
	// The monitor has the child as its own (CLONE_PARENT), and waits for this process when it hears of that: see
	// move.
	if pid != 0 {
		m.exit(0)
	}
}

// await waits for another process: pid 1, or the parent.
//
//go:nosplit
//go:norace
func (m *machine) await(nr uint16, parent uintptr) {
	if nr == plan.Guarded {
		m.awaitGuard()
		return
	}
	m.awaitOrphaned(parent)
}

// awaitOrphaned waits until the process has another parent than it had.
//
//go:nosplit
//go:norace
//go:nocheckptr
func (m *machine) awaitOrphaned(parent uintptr) {
	for sys(unix.SYS_GETPPID, 0, 0, 0, 0, 0, 0) == parent {
		m.moment[0], m.moment[1] = 0, 20e3 // nanoseconds
		sys(unix.SYS_PPOLL, 0, 0, uintptr(unsafe.Pointer(&m.moment)), 0, 0, 0)
	}
}

// tell sends n bytes of text to the parent, ahead of a failure. What follows them in memory is cut off by a zero.
//
//go:nosplit
//go:norace
func (m *machine) tell(address, n uintptr) {
	poke(address+n, 0)
	for i := uintptr(0); i < n; i += 8 {
		low, high := peek(address+i), uint32(0)
		if i+4 < n {
			high = peek(address + i + 4)
		}
		m.send(plan.Text, low, high)
	}
}
