package launch

import (
	"bufio"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"
	"unsafe"

	"box/plan"
	"box/spec"

	"golang.org/x/sys/unix"
)

// A spy in a sandbox looks for what enters it, and tries to get at what that has of the host: the program's file, the environment
// and the memory; it traces it. It has no filter. Its program is the same as the one that enters, so it knows where things are.

// secret is in the memory of what enters, and not in that of the spy.
var secret [16]byte

const secretText = "of the host only"

// spyRole is the spy. It writes what it has got.
func spyRole([]string) {
	runtime.LockOSThread() // one thread traces
	var own unix.Stat_t
	must(unix.Stat("/proc/self/exe", &own))
	got := func(what string) { fmt.Println(what) }
	fmt.Println("ready")
	for last, idle := os.Getpid(), 0; ; idle++ {
		for pid := max(last-6, 3); pid < last+8; pid++ {
			if pid != os.Getpid() && spyOn(pid, &own, got) && pid > last {
				last, idle = pid, 0
			}
		}
		if idle == 20 { // it may have lost sight: others were quicker
			last, idle = max(last, lastPID()), 0
		}
	}
}

// lastPID returns the last process id that was given here, see proc_loadavg(5).
func lastPID() int {
	text, _ := os.ReadFile("/proc/loadavg")
	fields := strings.Fields(string(text))
	if len(fields) != 5 {
		return 0
	}
	pid, _ := strconv.Atoi(fields[4])
	return pid
}

// spyOn attacks a process, and reports whether there is one.
func spyOn(pid int, own *unix.Stat_t, got func(string)) bool {
	dir := "/proc/" + strconv.Itoa(pid)
	if unix.Access(dir, unix.F_OK) != nil {
		return false
	}
	if unix.Access("/proc/self/task/"+strconv.Itoa(pid), unix.F_OK) == nil {
		return true // a thread of its own
	}
	if fd, err := unix.Open(dir+"/mem", unix.O_RDWR|unix.O_CLOEXEC, 0); err == nil {
		buffer := make([]byte, len(secret))
		at := int64(uintptr(unsafe.Pointer(&secret)))
		if n, _ := unix.Pread(fd, buffer, at); n == len(buffer) && string(buffer) == secretText {
			got("memory")
		}
		unix.Close(fd)
	}
	if fd, err := unix.Open(dir+"/environ", unix.O_RDONLY|unix.O_CLOEXEC, 0); err == nil {
		buffer := make([]byte, 1<<16)
		if n, _ := unix.Read(fd, buffer); n > 0 && strings.Contains(string(buffer[:n]), secretText) {
			got("environment")
		}
		unix.Close(fd)
	}
	var is unix.Stat_t
	if fd, err := unix.Open(dir+"/exe", unix.O_RDONLY|unix.O_CLOEXEC, 0); err == nil {
		if unix.Fstat(fd, &is) == nil && is.Ino == own.Ino {
			got("program")
		}
		unix.Close(fd)
	}
	if unix.PtraceSeize(pid) == nil {
		if unix.Stat(dir+"/exe", &is) == nil && is.Ino == own.Ino {
			got("trace")
		}
		_ = unix.Kill(pid, unix.SIGKILL)
		for w := unix.WaitStatus(0x7f); ; { // else nobody else learns of its end
			_, err := unix.Wait4(pid, &w, unix.WALL, nil)
			if err != nil && err != unix.EINTR || w.Exited() || w.Signaled() {
				break
			}
		}
	}
	return true
}

// spied returns what a spy gets while n commands enter its sandbox, or what it is in, by enter. It ends early when something was
// got and stop is true.
func spied(t *testing.T, n int, stop bool, enter func(*sandboxOf) error) (got map[string]int, entered int) {
	t.Helper()
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	_, _ = unix.FcntlInt(write.Fd(), unix.F_SETFD, 0)
	exe, err := os.Readlink("/proc/self/exe")
	if err != nil {
		t.Fatal(err)
	}
	s := plain("bash", "-c", "exec /spy >&"+fdText(write))
	s.Command.Env = append(s.Command.Env, roleVar+"=spy", "GOMAXPROCS=2")
	s.Tree = append(s.Tree, spec.Entry{Kind: spec.Bind, RO: true, Source: exe, Dest: "/spy"})
	s.Filters = nil
	s.Life.Keep = []int{int(write.Fd())}
	s.Life.Kept = []spec.Description{{Kind: spec.FifoFile, Writes: true}}
	o := occupied(t, s)
	_ = write.Close()
	lines := make(chan string, 1<<16)
	go func() {
		for in := bufio.NewScanner(read); in.Scan(); {
			lines <- in.Text()
		}
		close(lines)
	}()
	select {
	case <-lines:
	case <-time.After(20 * time.Second):
		t.Fatal("the spy does not begin")
	}
	copy(secret[:], secretText)
	t.Setenv("BOXTEST_SECRET", secretText)
	got = map[string]int{}
	for entered = 0; entered < n && (!stop || len(got) == 0); entered++ {
		over := make(chan bool)
		go func() {
			if err := enter(o); err != nil && !stop {
				t.Error(err)
			}
			close(over)
		}()
		select {
		case <-over:
		case <-time.After(5 * time.Second): // what the spy traces, it can hold
			if !stop {
				t.Fatal("what has entered does not end")
			}
			got["held"]++
		}
		for more := true; more; {
			select {
			case line, open := <-lines:
				if !open {
					t.Fatal("the spy has ended")
				}
				got[line]++
			default:
				more = false
			}
		}
	}
	secret = [16]byte{}
	return got, entered
}

func TestSpyGetsNothingOfWhatEnters(t *testing.T) {
	n := 300
	if os.Getenv("BOX_STRESS") != "" {
		n = 5000
	}
	enters := func(o *sandboxOf) error {
		_, err := o.enter(o.command("true"))
		return err
	}
	got, entered := spied(t, n, false, enters)
	if len(got) > 0 {
		t.Errorf("in %d the spy has got %v", entered, got)
	}
	// It does get something of a careless one, which is dumpable until it is in the sandbox as Compile's pid 1 is.
	got, entered = spied(t, 3000, true, func(o *sandboxOf) error {
		o.change = func(p *plan.Plan) {
			c := &p.Inside[0]
			if c.Nr != unix.SYS_PRCTL || c.Args[0] != unix.PR_SET_DUMPABLE {
				t.Fatal("the first call is another one: ", c.Name())
			}
			c.Args[1] = 1
		}
		return enters(o)
	})
	if len(got) == 0 {
		t.Errorf("the spy gets nothing of %d careless ones, too: it proves nothing", entered)
	}
	t.Logf("of %d careless ones the spy has got %v", entered, got)
}

// What shares the spy's pid namespace is in another user namespace than the spy from its first call there to its last.
func TestSpyGetsNothingOfWhoShares(t *testing.T) {
	n := 200
	if os.Getenv("BOX_STRESS") != "" {
		n = 2000
	}
	shares := func(o *sandboxOf) error {
		s := plain("true")
		s.Life.LeaveDescendants = o.change != nil // else the spy would be killed as one that it has left
		_, err := o.share(s)
		return err
	}
	got, entered := spied(t, n, false, shares)
	if len(got) > 0 {
		t.Errorf("of %d that share the pid namespace the spy has got %v", entered, got)
	}
	// It does get something of a careless one, which takes the spy's user namespace instead of making one, and is dumpable.
	got, entered = spied(t, 3000, true, func(o *sandboxOf) error {
		o.change = func(p *plan.Plan) { o.careless(t, p) }
		return shares(o)
	})
	if len(got) == 0 {
		t.Errorf("the spy gets nothing of %d careless ones, too: it proves nothing", entered)
	}
	t.Logf("of %d careless ones the spy has got %v", entered, got)
}

// share runs a sandbox that has the pid namespace of o.
func (o *sandboxOf) share(s *spec.Spec) (Status, error) {
	const pid = len(spec.Joinable) - 1
	s.Join.User = spec.At(o.box.Outer, nil)
	s.Join.Of, s.Join.From[pid] = spec.PID, spec.At(o.box.Spaces[2], nil)
	s.New &^= spec.User | spec.PID
	return o.starts(func(b *plan.Builder) error { return Compile(b, s) }, s)
}

// careless makes a plan of share one that enters the user namespace of o's command where it would make its own.
func (o *sandboxOf) careless(t *testing.T, p *plan.Plan) {
	for i := range p.Inside {
		c := &p.Inside[i]
		if c.Nr != unix.SYS_UNSHARE || c.Args[0] != unix.CLONE_NEWUSER {
			continue
		}
		c.Nr, c.Args[0], c.Args[1] = unix.SYS_SETNS, uintptr(o.box.Spaces[0]), unix.CLONE_NEWUSER
		// After that of PR_SET_DUMPABLE: maps and limit.
		for c = &p.Inside[i+2]; c.Nr != unix.SYS_PRCTL && c.Nr != unix.SYS_KEYCTL; i++ {
			*c = plan.Call{Nr: unix.SYS_GETPID}
			c = &p.Inside[i+3]
		}
		return
	}
	t.Fatal("no user namespace is made")
}
