package launch

import (
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"

	"box/plan"

	"golang.org/x/sys/unix"
)

// openFrom opens descriptors from first to last.
func openFrom(first, last int) {
	low, err := unix.Open("/dev/null", unix.O_RDONLY|unix.O_CLOEXEC, 0)
	must(err)
	null, err := unix.FcntlInt(uintptr(low), unix.F_DUPFD_CLOEXEC, last+1)
	must(err)
	unix.Close(low)
	for fd := first; fd <= last; fd++ {
		must(unix.Dup3(null, fd, unix.O_CLOEXEC))
	}
	unix.Close(null)
}

// areOpen returns which of the descriptors from first to last are open.
func areOpen(first, last int) (list []int) {
	for fd := first; fd <= last; fd++ {
		if _, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0); err == nil {
			list = append(list, fd)
		}
	}
	return list
}

// What close_range(2) would have closed is closed one by one, and only that. There are more than one getdents64(2) returns.
func TestCloseOneByOne(t *testing.T) {
	m := newMachine()
	defer m.drop()
	const base = 600 // above what the test program has open
	for _, c := range []struct {
		name        string
		first, last uintptr
		open        int
		want        []int // of base on
	}{
		{"all", base, base + 9, 10, nil},
		{"some", base + 2, base + 7, 10, []int{0, 1, 8, 9}},
		{"one", base + 3, base + 3, 5, []int{0, 1, 2, 4}},
		{"none", base + 20, base + 30, 3, []int{0, 1, 2}},
		{"to the end", base + 1, ^uintptr(0), 300, []int{0}},
	} {
		openFrom(base, base+c.open-1)
		if errno := m.closeListed(c.first, c.last); errno != 0 {
			t.Errorf("%s: %v", c.name, unix.Errno(errno))
		}
		var got []int
		for _, fd := range areOpen(base, base+c.open-1) {
			got = append(got, fd-base)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %v are left, want %v", c.name, got, c.want)
		}
		for fd := base; fd < base+c.open; fd++ {
			unix.Close(fd)
		}
	}
}

// The descriptor of /proc stays: it is closed last, by itself.
func TestCloseOneByOneKeepsProc(t *testing.T) {
	m := newMachine()
	const base = 700
	must(unix.Dup3(int(*m.reg(plan.Proc)), base+1, unix.O_CLOEXEC))
	m.drop()
	*m.reg(plan.Proc) = base + 1
	defer m.drop()
	openFrom(base, base)
	openFrom(base+2, base+2)
	if errno := m.closeListed(base, base+2); errno != 0 {
		t.Error(unix.Errno(errno))
	}
	if got := areOpen(base, base+2); !slices.Equal(got, []int{base + 1}) {
		t.Errorf("%v are open", got)
	}
}

// descriptorsRole closes descriptors again and again, where there is no close_range(2).
func descriptorsRole([]string) {
	runtime.LockOSThread()
	refuseCalls(unix.ENOSYS, unix.SYS_CLOSE_RANGE)
	m := newMachine()
	each(asked, func() (func() uintptr, func() string) {
		openFrom(listedFirst, listedLast)
		return func() uintptr { return m.closeSpan(listedFirst, listedLast) }, func() string {
			return fmt.Sprint(len(areOpen(listedFirst, listedLast)), "-open")
		}
	})
}

const listedFirst, listedLast = 600, 610

// Descriptors that can't be listed are not taken for closed ones: the command would have them. Where none is left for the list, one
// that is to be closed anyway makes room.
func TestCloseWithEachCallFailing(t *testing.T) {
	force(t, 0, []unix.Errno{unix.EPERM, unix.EACCES, unix.ENOMEM, unix.EINTR, unix.EMFILE, unix.EIO, unix.ENOSYS},
		func(c trial, got outcome) {
			want := c.errno
			if c.errno == unix.EMFILE && c.nr == unix.SYS_OPENAT && !c.all {
				want = 0
			}
			var open int
			if _, err := fmt.Sscanf(got.note, "%d-open", &open); err != nil {
				t.Fatal(err)
			}
			if got.errno != want || want == 0 && open != 0 || got.left != open-(listedLast-listedFirst+1) {
				t.Errorf("%v: %v, %s, %d descriptors more", c, got.errno, got.note, got.left)
			}
			if limit := listedLast - listedFirst + 10; c.made > limit {
				t.Errorf("%v: %d calls", c, c.made)
			}
		}, "descriptors")
}

// startRole starts a sandbox where calls are refused: args are an errno's number, and those of the calls.
func startRole(args []string) {
	runtime.LockOSThread()
	var errno unix.Errno
	_, err := fmt.Sscan(args[0], &errno)
	must(err)
	var numbers []uint32
	for _, a := range args[1:] {
		var nr uint32
		_, err := fmt.Sscan(a, &nr)
		must(err)
		numbers = append(numbers, nr)
	}
	refuseCalls(errno, numbers...)
	status, err := run(plain("/bin/sh", "-c", "echo ran; exit 7"))
	fmt.Println(status.Exit(), err)
}

// started returns what startRole says.
func started(t *testing.T, errno unix.Errno, calls ...uint32) string {
	t.Helper()
	args := []string{fmt.Sprint(int(errno))}
	for _, nr := range calls {
		args = append(args, fmt.Sprint(nr))
	}
	out, err := selfCommand("start", 0, args...).Output()
	if err != nil {
		t.Errorf("%v %v: %v", errno, calls, err)
	}
	return string(out)
}

// substituted are the calls that others are made for.
var substituted = []uint32{
	unix.SYS_CLONE3, unix.SYS_OPENAT2, unix.SYS_CLOSE_RANGE, unix.SYS_MOUNT_SETATTR, unix.SYS_OPEN_TREE, unix.SYS_MOVE_MOUNT,
	unix.SYS_FSOPEN, unix.SYS_FSCONFIG, unix.SYS_FSMOUNT,
}

// Calls that an older kernel lacks, or a filter refuses, are done by others: each and all of them.
func TestStartWithoutNewerCalls(t *testing.T) {
	for _, errno := range []unix.Errno{unix.ENOSYS, unix.EPERM} {
		for i := range len(substituted) + 1 {
			calls := substituted
			if i < len(substituted) {
				calls = substituted[i : i+1]
			}
			if got := started(t, errno, calls...); got != "ran\n7 <nil>\n" {
				t.Errorf("%v of %v: %s", errno, calls, got)
			}
		}
	}
	if got := started(t, unix.EINVAL, unix.SYS_OPENAT2); got != "ran\n7 <nil>\n" {
		t.Errorf("openat2 knows no flag: %s", got)
	}
}

// A refused call that nothing else does what it does is the end: the command does not run.
func TestARefusedCallIsNotSubstituted(t *testing.T) {
	for _, call := range []uint32{unix.SYS_PIVOT_ROOT, unix.SYS_CAPSET, unix.SYS_PRCTL, unix.SYS_MOUNT} {
		got := started(t, unix.EPERM, call)
		if strings.Contains(got, "ran") || !strings.Contains(got, unix.EPERM.Error()) {
			t.Errorf("without call %d: %s", call, got)
		}
	}
}
