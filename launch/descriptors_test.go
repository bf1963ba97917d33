package launch

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"testing"
	"unsafe"

	"box/plan"

	"golang.org/x/sys/unix"
)

// Where restRole and othersRole have what they keep. They have all descriptors up to lastOpen open.
const (
	statusAt = 10
	procAt   = 15
	lastOpen = 40
)

// hoard returns a machine of a process that has many descriptors open. 3 is the other side of its socket.
func hoard(refused string) *machine {
	switch refused {
	case "ENOSYS":
		refuseCalls(unix.ENOSYS, unix.SYS_CLOSE_RANGE)
	case "EPERM":
		refuseCalls(unix.EPERM, unix.SYS_CLOSE_RANGE)
	case "both":
		refuseCalls(unix.EPERM, unix.SYS_CLOSE_RANGE, unix.SYS_GETDENTS64)
	}
	m := newMachine()
	proc := int(*m.reg(plan.Proc))
	must(unix.Dup3(3, statusAt+100, unix.O_CLOEXEC))
	must(unix.Dup3(proc, procAt+100, unix.O_CLOEXEC))
	openFrom(3, lastOpen)
	must(unix.Dup3(statusAt+100, statusAt, unix.O_CLOEXEC))
	must(unix.Dup3(procAt+100, procAt, unix.O_CLOEXEC))
	*m.reg(plan.Status), *m.reg(plan.Proc) = statusAt, procAt
	m.pc = 1
	return m
}

// restRole closes what the command is not to have, and says what is left.
func restRole(args []string) {
	m, keep := hoard(args[0]), []int32{20, 5, 20, 7, 39}
	m.closeRest(uintptr(unsafe.Pointer(&keep[0])), uintptr(len(keep)))
	fmt.Print(areOpen(3, 200))
}

// othersRole closes what pid 1 does not need, and says what is left.
func othersRole(args []string) {
	m := hoard(args[0])
	m.shared = args[1] == "shared"
	keep := []plan.Reg{plan.Status, plan.Reaper, plan.Caller}
	if m.shared {
		keep = append(keep, plan.Proc)
	}
	*m.reg(plan.Reaper), *m.reg(plan.Caller) = 30, ^uintptr(0) // no caller to watch
	m.keep, m.nkeep = unsafe.Pointer(&keep[0]), uintptr(len(keep))
	must(unix.Dup3(1, 30, 0))
	m.closeOthers()
	_, err := fmt.Fprint(os.NewFile(30, "stdout"), areOpen(0, 200))
	must(err)
}

// played returns what a role has written, the records that it has sent, and its exit status.
func played(t *testing.T, role string, args ...string) (out string, records []plan.Record, status int) {
	t.Helper()
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(pair[0])
	theirs := os.NewFile(uintptr(pair[1]), "theirs")
	cmd := selfCommand(role, 0, args...)
	cmd.ExtraFiles = []*os.File{theirs}
	text, err := cmd.Output()
	_ = theirs.Close()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		status, err = exit.ExitCode(), nil
	}
	if err != nil {
		t.Fatal(err)
	}
	for {
		var r plan.Record
		if n, _ := unix.Read(pair[0], unsafe.Slice((*byte)(unsafe.Pointer(&r)), unsafe.Sizeof(r))); n <= 0 {
			return string(text), records, status
		}
		records = append(records, r)
	}
}

// failedRecord is what is sent when a step fails.
func failedRecord(step uint32, errno unix.Errno) []plan.Record {
	return []plan.Record{{Kind: plan.Failed, Step: step, Value: uint32(errno)}}
}

// The command has 0, 1, 2, what it is to keep, and the socket that is closed when it executes; with close_range(2) or
// without. Where the rest can't be closed it does not run.
func TestCommandKeepsNoOtherDescriptor(t *testing.T) {
	for _, refused := range []string{"nothing", "ENOSYS", "EPERM"} {
		out, _, status := played(t, "rest", refused)
		if out != "[5 7 10 20 39]" || status != 0 {
			t.Errorf("%s refused: %s are left, status %d", refused, out, status)
		}
	}
	out, r, status := played(t, "rest", "both")
	if want := failedRecord(0, unix.EPERM); out != "" || status != 1 || !slices.Equal(r, want) {
		t.Errorf("close_range(2) and getdents64(2) fail: status %d, %+v, %s", status, r, out)
	}
}

// pid 1 keeps its socket and what tells it of ended children; and /proc, where it has to look for descendants.
func TestPid1KeepsNoOtherDescriptor(t *testing.T) {
	for _, refused := range []string{"nothing", "ENOSYS", "EPERM"} {
		for kind, want := range map[string]string{"own": "[10 30]", "shared": "[10 15 30]"} {
			if out, _, status := played(t, "others", refused, kind); out != want || status != 0 {
				t.Errorf("%s refused, %s pid namespace: %s are left, status %d", refused, kind, out, status)
			}
		}
	}
	out, r, status := played(t, "others", "both", "own")
	if want := failedRecord(0, unix.EPERM); out != "" || status != 1 || !slices.Equal(r, want) {
		t.Errorf("close_range(2) and getdents64(2) fail: status %d, %+v, %s", status, r, out)
	}
}

// childrenRole has children, and children of ended children, and kills them all.
func childrenRole(args []string) {
	runtime.LockOSThread()
	if unix.Gettid() != unix.Getpid() { // the first thread becomes the parent of orphans, and the list is a thread's
		must(unix.Exec("/proc/self/exe", os.Args, os.Environ()))
	}
	must(unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0))
	m := newMachine()
	copy(m.childPath[:], "thread-self/children\x00")
	cmd := exec.Command("/bin/sh", "-c", args[0])
	out, err := cmd.StdoutPipe()
	must(err)
	must(cmd.Start())
	ready := make([]byte, 1)
	_, err = out.Read(ready)
	must(err)
	m.leader = uintptr(cmd.Process.Pid)
	m.killDescendants()
	_, err = unix.Wait4(-1, nil, unix.WALL, nil)
	fmt.Print(err)
}

// Where no pid namespace ends with pid 1 it kills what descends from it, also what has lost its parent, and more than one
// read(2) of the list returns.
func TestPid1KillsItsDescendants(t *testing.T) {
	for name, script := range map[string]string{
		"one":     "echo; exec sleep 100",
		"deaf":    "trap '' TERM INT HUP; echo; while :; do sleep 100; done",
		"orphans": "(sleep 100 & sleep 100 &) ; (exec setsid sh -c 'sleep 100 & sleep 100') & echo; sleep 100",
		"many":    "i=0; while [ $i -lt 700 ]; do sleep 100 & i=$((i+1)); done; echo; exit",
		"none":    "echo",
	} {
		out, err := selfCommand("children", 0, script).Output()
		if err != nil || !strings.HasSuffix(string(out), unix.ECHILD.Error()) {
			t.Errorf("%s: %s, %v", name, out, err)
		}
	}
}
