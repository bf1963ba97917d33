package launch

import (
	"unsafe"

	"box/plan"

	"golang.org/x/sys/unix"
)

// A pid 1 that the command can trace runs whatever the command writes into its memory (/proc/1/mem). So it has the command's
// filters itself before the command runs. Who writes such filters expects that pid 1 needs no more than wait4(2), write(2) and
// exit_group(2) then, and it doesn't. That its parent has ended, it learns by PR_SET_PDEATHSIG.

// guarded is the life of such a pid 1 from the fork on, after which it makes own calls of the plan. The command's process has
// a copy of the memory, and waits: memory that it shared (CLONE_VM) would be in use by both. It returns there alone.
//
//go:nosplit
//go:norace
//go:nocheckptr
func (m *machine) guarded(own uintptr) {
	m.self = sys(unix.SYS_GETPID, 0, 0, 0, 0, 0, 0)
	pid := sys(unix.SYS_CLONE, uintptr(unix.SIGCHLD), 0, 0, 0, 0, 0)
	if errno, is := failed(pid); is {
		m.fail(m.pc-1, errno)
	}
	if pid == 0 {
		m.pc += own
		return
	}
	m.leader = pid
	m.shed()
	m.closeOthers()
	m.give[1], m.give[2] = memory{}, memory{} // there are calls left
	m.forget()
	for range own {
		c := m.at(m.pc)
		m.pc++
		m.settle(c, m.call(c))
	}
	poke(*m.reg(plan.Flag), 1)
	m.waitOnly()
}

// awaitGuard waits until pid 1 has its filters. It may make no call any more to tell.
//
//go:nosplit
//go:norace
//go:nocheckptr
func (m *machine) awaitGuard() {
	for peek(*m.reg(plan.Flag)) == 0 {
		if sys(unix.SYS_GETPPID, 0, 0, 0, 0, 0, 0) != m.self {
			m.exit(1) // a filter has ended it
		}
		m.moment[0], m.moment[1] = 0, 20e3 // nanoseconds; the kernel writes to it what is left
		sys(unix.SYS_PPOLL, 0, 0, uintptr(unsafe.Pointer(&m.moment)), 0, 0, 0)
	}
}

// waitOnly waits for all processes that are left, and reports the end of the command.
//
//go:nosplit
//go:norace
//go:nocheckptr
func (m *machine) waitOnly() {
	code := uintptr(1)
	for {
		pid := sys(unix.SYS_WAIT4, ^uintptr(0), uintptr(unsafe.Pointer(&m.wstatus)), 0, 0, 0, 0)
		if _, is := failed(pid); is {
			m.exit(code) // which counts if the command's end could not be reported
		}
		if pid != m.leader {
			continue
		}
		code = exitOf(uint32(m.wstatus))
		m.record.Kind, m.record.Step, m.record.Value = plan.Ended, 0, uint32(m.wstatus)
		sys(unix.SYS_WRITE, *m.reg(plan.Status), uintptr(unsafe.Pointer(&m.record)), unsafe.Sizeof(m.record), 0, 0, 0)
	}
}

// exitOf returns a wait status as a shell has it.
//
//go:nosplit
//go:norace
func exitOf(status uint32) uintptr {
	if signal := uintptr(status & 0x7f); signal != 0 {
		return 128 + signal
	}
	return uintptr(status >> 8 & 0xff)
}
