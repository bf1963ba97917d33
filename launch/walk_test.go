package launch

import (
	"fmt"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unsafe"

	"box/plan"

	"golang.org/x/sys/unix"
)

// Registers of a test, beside those with a fixed meaning.
const (
	regA plan.Reg = 11
	regB plan.Reg = 12
)

// scratch is memory that the calls of a test point to, and address returns where it is.
var scratch [64]uint32

func address(i int) uintptr { return uintptr(unsafe.Pointer(&scratch[i])) }

// Calls with a known end. A thread has an id above 0; nobody has descriptor 999.
func succeeding(out plan.Reg) plan.Call { return plan.Call{Nr: unix.SYS_GETPPID, Out: out} }

func failing(ignored ...uint8) plan.Call {
	c := plan.Call{Nr: unix.SYS_FCNTL, Args: [6]uintptr{999, unix.F_GETFD}}
	copy(c.Ignore[:], ignored)
	return c
}

func when(errno uint8, c plan.Call) plan.Call {
	c.When = errno
	return c
}

// poking sets the first word of scratch to 7.
func poking() plan.Call {
	return plan.Call{Nr: plan.Poke, Args: [6]uintptr{address(0), 7}}
}

// text puts a string, and a NUL, at scratch[i:] and returns its address.
func text(i int, s string) uintptr {
	copy(unsafe.Slice((*byte)(unsafe.Pointer(&scratch[i])), 4*(len(scratch)-i)), s+"\x00")
	return address(i)
}

const ebadf, enosys = uint8(unix.EBADF), uint8(unix.ENOSYS)

// walks are plans of a few calls. sent is what a plan that can't be walked to its end sends; mark is what scratch[0] is after the
// others.
var walks = []struct {
	name  string
	calls func() []plan.Call
	mark  uint32
	sent  []plan.Record
}{
	{"nothing", func() []plan.Call { return nil }, 0, nil},
	{"a result in a register", func() []plan.Call {
		return []plan.Call{succeeding(regA), {Nr: plan.Poke, Args: [6]uintptr{address(0)}, In: [6]plan.Reg{1: regA}}}
	}, ^uint32(0), nil},
	{"a failed call", func() []plan.Call { return []plan.Call{succeeding(0), failing(), poking()} }, 0, failedRecord(1,
		unix.EBADF)},
	{"another errno than the ignored ones", func() []plan.Call {
		return []plan.Call{failing(uint8(unix.ENOENT), uint8(unix.EPERM)), poking()}
	}, 0, failedRecord(0, unix.EBADF)},
	{"an ignored errno", func() []plan.Call { return []plan.Call{failing(uint8(unix.ENOENT), ebadf), poking()} }, 7, nil},
	{"only after an errno", func() []plan.Call { return []plan.Call{failing(ebadf), when(ebadf, poking())} }, 7, nil},
	{"only after another errno", func() []plan.Call {
		return []plan.Call{failing(ebadf), when(uint8(unix.ENOENT), poking())}
	}, 0, nil},
	{"only if done, and it is not", func() []plan.Call { return []plan.Call{failing(ebadf), when(plan.Done, poking())} }, 0, nil},
	{"only if done, and it is", func() []plan.Call { return []plan.Call{succeeding(0), when(plan.Done, poking())} }, 7, nil},
	{"what is left out does not count", func() []plan.Call {
		return []plan.Call{failing(ebadf), when(plan.Done, succeeding(0)), when(ebadf, poking())}
	}, 7, nil},
	{"a register that a failed call does not change", func() []plan.Call {
		again := failing(ebadf)
		again.Out = regA
		return []plan.Call{succeeding(regA), again, {Nr: plan.Poke, Args: [6]uintptr{address(0)}, In: [6]plan.Reg{1: regA}}}
	}, ^uint32(0), nil},
	{"an incomplete write", func() []plan.Call {
		pipe := make([]int, 2)
		must(unix.Pipe2(pipe, unix.O_NONBLOCK|unix.O_CLOEXEC))
		data := make([]byte, 1<<20)
		memories = append(memories, data)
		return []plan.Call{{
			Nr: unix.SYS_WRITE, Args: [6]uintptr{uintptr(pipe[1]), uintptr(unsafe.Pointer(&data[0])), uintptr(len(data))},
		}}
	}, 0, failedRecord(0, unix.ENOSPC)},
	{"no such call", func() []plan.Call { return []plan.Call{{Nr: 0x7000}} }, 0, failedRecord(0, unix.ENOSYS)},
	{"no such call, ignored", func() []plan.Call {
		return []plan.Call{{Nr: 0x7000, Ignore: [4]uint8{enosys}}, when(enosys, poking())}
	}, 7, nil},
	{
		"fail", func() []plan.Call { return []plan.Call{{Nr: plan.Fail, Args: [6]uintptr{uintptr(unix.EMLINK)}}} }, 0,
		failedRecord(0, unix.EMLINK),
	},
	{"equal", func() []plan.Call {
		return []plan.Call{{Nr: plan.Equal, Args: [6]uintptr{text(4, "abcd"), text(8, "abcx"), 3, 99}}, poking()}
	}, 7, nil},
	{"not equal", func() []plan.Call {
		return []plan.Call{{Nr: plan.Equal, Args: [6]uintptr{text(4, "abcd"), text(8, "abcx"), 4, uintptr(unix.EXDEV)}}, poking()}
	}, 0, failedRecord(0, unix.EXDEV)},
	{"same", func() []plan.Call {
		return []plan.Call{{Nr: plan.Same, Args: [6]uintptr{text(4, "target"), 6, text(8, "target"), 6}}, poking()}
	}, 7, nil},
	{"same as an empty one", func() []plan.Call {
		return []plan.Call{{Nr: plan.Same, Args: [6]uintptr{text(4, ""), 0, text(8, "target"), 6}}, poking()}
	}, 7, nil},
	{"not the same", func() []plan.Call {
		return []plan.Call{{Nr: plan.Same, Args: [6]uintptr{text(4, "tarXet"), 6, text(8, "target"), 6}}}
	}, 0, append(textRecords("tarXet"), failedRecord(0, unix.EEXIST)...)},
	{"longer than the same", func() []plan.Call {
		return []plan.Call{{Nr: plan.Same, Args: [6]uintptr{text(4, "target and more"), 15, text(12, "target"), 6}}}
	}, 0, append(textRecords("target and more"), failedRecord(0, unix.EEXIST)...)},
	{"in decimal", func() []plan.Call {
		text(0, "--------")
		return []plan.Call{{Nr: plan.Digits, Args: [6]uintptr{address(0), 1234}}}
	}, uint32('/') * 0x1010101, nil},
	{"wiped", func() []plan.Call {
		text(0, "--------")
		return []plan.Call{{Nr: plan.Wipe, Args: [6]uintptr{address(0), 5}}}
	}, 0, nil},
	{"one place", func() []plan.Call {
		clear(scratch[:])
		return []plan.Call{{Nr: plan.Differ, Args: [6]uintptr{statxOf("/"), statxOf("/.")}}}
	}, 0, failedRecord(0, unix.EBUSY)},
	{"two places", func() []plan.Call {
		return []plan.Call{{Nr: plan.Differ, Args: [6]uintptr{statxOf("/"), statxOf("/proc/self")}}, poking()}
	}, 7, nil},
	{"no program", func() []plan.Call {
		return []plan.Call{executing("/nosuch"), {Nr: plan.GiveUp}}
	}, 0, failedRecord(1, unix.ENOENT)},
	{"a program that may not be executed", func() []plan.Call {
		return []plan.Call{executing("/nosuch"), executing("/"), executing("/etc"), executing("/nosuch"), {Nr: plan.GiveUp}}
	}, 0, failedRecord(1, unix.EACCES)},
}

// executing is a try to execute a path.
func executing(path string) plan.Call {
	name, nobody := append([]byte(path), 0), make([]uintptr, 1)
	memories, machines = append(memories, name), append(machines, nobody)
	none := uintptr(unsafe.Pointer(&nobody[0]))
	return plan.Call{
		Nr: unix.SYS_EXECVE, Args: [6]uintptr{uintptr(unsafe.Pointer(&name[0])), none, none},
		Ignore: [4]uint8{uint8(unix.ENOENT), uint8(unix.EACCES)},
	}
}

// statxOf returns the address of a struct statx.
func statxOf(path string) uintptr {
	st := new(unix.Statx_t)
	must(unix.Statx(unix.AT_FDCWD, path, 0, unix.STATX_INO|unix.STATX_MNT_ID, st))
	stats = append(stats, st)
	return uintptr(unsafe.Pointer(st))
}

// What calls point to.
var (
	memories [][]byte
	stats    []*unix.Statx_t
)

// textRecords are the packets in which a text is sent.
func textRecords(s string) (list []plan.Record) {
	s += strings.Repeat("\x00", 8-len(s)%8)
	for ; len(s) >= 8; s = s[8:] {
		r := plan.Record{Kind: plan.Text}
		copy(unsafe.Slice((*byte)(unsafe.Pointer(&r.Step)), 8), s)
		list = append(list, r)
	}
	return list
}

// walkRole walks one of walks and writes what has become of scratch[0].
func walkRole(args []string) {
	runtime.LockOSThread()
	i, err := strconv.Atoi(args[0])
	must(err)
	m, calls := newMachine(), append(walks[i].calls(), plan.Call{Nr: plan.Fork})
	*m.reg(plan.Status) = 3
	m.calls, m.n = unsafe.Pointer(&calls[0]), uintptr(len(calls))
	m.walk()
	fmt.Printf("%d %d", m.pc-uintptr(len(calls)), scratch[0])
	runtime.KeepAlive(calls)
}

// A plan is walked in its order to the fork, or to the first call that fails and may not.
func TestWalk(t *testing.T) {
	for i, c := range walks {
		out, sent, status := played(t, "walk", strconv.Itoa(i))
		if !slices.Equal(sent, c.sent) {
			t.Errorf("%s: %+v was sent, want %+v", c.name, sent, c.sent)
		}
		want := fmt.Sprintf("0 %d", c.mark)
		if c.mark == ^uint32(0) { // the parent's process id
			want = fmt.Sprintf("0 %d", unix.Getpid())
		}
		if c.sent == nil && (out != want || status != 0) || c.sent != nil && (out != "" || status != 1) {
			t.Errorf("%s: %q, status %d, want %q", c.name, out, status, want)
		}
	}
}

// cloneRole clones as a sandbox does, where clone3(2) is refused, and has the child look at its signals.
func cloneRole(args []string) {
	runtime.LockOSThread()
	if n, err := strconv.Atoi(args[0]); err == nil {
		refuseCalls(unix.Errno(n), unix.SYS_CLONE3)
	}
	m := newMachine()
	m.mask[0] = ^uint64(0)
	m.clone[0], m.clone[4] = cloneClearHandlers, uint64(unix.SIGCHLD)
	r := cloneAndLook(m)
	if errno, is := failed(r); is {
		fmt.Print(unix.Errno(errno))
		return
	}
	var status unix.WaitStatus
	_, err := unix.Wait4(int(r), &status, unix.WALL, nil)
	must(err)
	fmt.Print("handlers: ", status.ExitStatus())
}

const cloneClearHandlers = 1 << 32 // CLONE_CLEAR_SIGHAND

// cloneAndLook clones; the child's exit status is how many signals it handles, which a child of a Go program that keeps
// them has many of.
//
//go:nosplit
//go:norace
//go:nocheckptr
func cloneAndLook(m *machine) uintptr {
	const block, setmask = 0, 2
	sys(unix.SYS_RT_SIGPROCMASK, block, uintptr(unsafe.Pointer(&m.mask[0])), uintptr(unsafe.Pointer(&m.mask[1])), 8, 0, 0)
	pid := m.startChild()
	if pid == 0 {
		handled := uintptr(0)
		for signal := uintptr(1); signal <= 64; signal++ {
			sys(unix.SYS_RT_SIGACTION, signal, 0, uintptr(unsafe.Pointer(&m.action)), 8, 0, 0)
			if m.action[0] > 1 {
				handled++
			}
		}
		m.exit(handled)
	}
	sys(unix.SYS_RT_SIGPROCMASK, setmask, uintptr(unsafe.Pointer(&m.mask[1])), 0, 8, 0, 0)
	return pid
}

// A child has no handler of the Go runtime: neither by clone3(2) nor by clone(2), which is made for it on a kernel that
// lacks it, or lacks its flag, and where a filter refuses it.
func TestCloneLeavesNoHandlers(t *testing.T) {
	for errno, want := range map[unix.Errno]string{
		0: "handlers: 0", unix.ENOSYS: "handlers: 0", unix.EINVAL: "handlers: 0", unix.EPERM: "handlers: 0",
		unix.EAGAIN: unix.EAGAIN.Error(),
	} {
		arg := "none"
		if errno != 0 {
			arg = strconv.Itoa(int(errno))
		}
		if out, _, status := played(t, "clone", arg); out != want || status != 0 {
			t.Errorf("clone3(2) ends with %v: %s, status %d, want %s", errno, out, status, want)
		}
	}
}
