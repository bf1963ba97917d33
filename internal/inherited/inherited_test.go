package inherited

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"
)

// What a process inherits is tested in one that is started with it: the test program again, and roleVar tells it what it is then.
const roleVar = "BOXTEST_ROLE"

// found is what the role "tell" prints.
type found struct {
	Soft, Hard       uint64
	Ignored, Blocked uint64
	Caller           int
	CPUs             []byte
	Now              int // on how many CPUs it may run now
	Start, Size      uintptr
	Secure           bool
	Environ          []string
	Variable         string
	Span             string // what lies there
}

var roles = map[string]func(){
	"tell":    tell,
	"catch":   catchOne,
	"default": giveAllBack,
	"files":   func() { fmt.Print("started") },
}

func TestMain(m *testing.M) {
	if role := os.Getenv(roleVar); role != "" {
		roles[role]()
		return
	}
	os.Exit(m.Run())
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

func tell() {
	var set unix.CPUSet
	must(unix.SchedGetaffinity(0, &set))
	f := found{
		Ignored: Ignored(), Blocked: Blocked(), Caller: Caller(), CPUs: CPUs(), Now: set.Count(), Secure: Secure(),
		Environ:  Environ(),
		Variable: Variable("BOXTEST_TWICE"),
	}
	f.Soft, f.Hard = Files()
	f.Start, f.Size = Words()
	f.Span = strings.ReplaceAll(strings.Clone(unsafe.String(*(**byte)(unsafe.Pointer(&f.Start)), int(f.Size))), "\x00", "\n")
	must(json.NewEncoder(os.Stdout).Encode(&f))
}

// told starts a shell whose script ends in this program, as "$0".
func told(t *testing.T, script string) (f found) {
	t.Helper()
	cmd := exec.Command("/bin/sh", "-c", script, "/proc/self/exe")
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Args[3] = self
	cmd.Env = []string{roleVar + "=tell", "PATH=/usr/bin:/bin"}
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v", script, err)
	}
	if err := json.Unmarshal(out, &f); err != nil {
		t.Fatalf("%s: %v: %s", script, err, out)
	}
	return f
}

func bit(s unix.Signal) uint64 { return 1 << (uint(s) - 1) }

// The limits for descriptors are the caller's, though the Go runtime has raised the soft one by then.
func TestFiles(t *testing.T) {
	for script, want := range map[string][2]uint64{
		`ulimit -Sn 77; ulimit -Hn 200; exec "$0"`: {77, 200},
		`ulimit -n 64; exec "$0"`:                  {64, 64},
	} {
		if f := told(t, script); f.Soft != want[0] || f.Hard != want[1] {
			t.Errorf("%s: %d, %d", script, f.Soft, f.Hard)
		}
	}
}

// The signals that the caller ignores are known, though the Go runtime handles most of them by then; and those that it blocks.
func TestIgnoredAndBlocked(t *testing.T) {
	const mine = unix.SIGUSR1
	f := told(t, `trap "" USR1 PIPE HUP; exec "$0"`)
	if want := bit(mine) | bit(unix.SIGPIPE) | bit(unix.SIGHUP); f.Ignored&want != want ||
		f.Ignored&(bit(unix.SIGUSR2)|bit(unix.SIGTERM)) != 0 {
		t.Errorf("ignored: %#x", f.Ignored)
	}
	if f := told(t, `exec "$0"`); f.Ignored&bit(mine) != 0 {
		t.Errorf("nothing was ignored: %#x", f.Ignored)
	}
	f = told(t, `exec env --block-signal=USR2,WINCH "$0"`)
	if want := bit(unix.SIGUSR2) | bit(unix.SIGWINCH); f.Blocked&want != want || f.Blocked&bit(mine) != 0 {
		t.Errorf("blocked: %#x", f.Blocked)
	}
}

// The runtime sees one CPU; the command is to have the caller's.
func TestCPUs(t *testing.T) {
	runtime.LockOSThread() // with another mask from now on, and it ends with the test
	callers := CPUs()
	if len(callers) == 0 {
		t.Fatal("the CPUs of this process are not known")
	}
	var set unix.CPUSet
	for i := range len(callers) * 8 {
		if callers[i/8]>>(i%8)&1 != 0 {
			set.Set(i)
		}
	}
	if err := unix.SchedSetaffinity(0, &set); err != nil {
		t.Fatal(err)
	}
	f := told(t, `exec "$0"`)
	if !slices.Equal(f.CPUs, callers) || f.Now != 1 {
		t.Errorf("CPUs %x instead of %x; it runs on %d", f.CPUs, callers, f.Now)
	}
}

// The caller is the process that was the parent when this one began.
func TestCaller(t *testing.T) {
	if f := told(t, `exec "$0"`); f.Caller != os.Getpid() {
		t.Errorf("%d, want %d", f.Caller, os.Getpid())
	}
	if f := told(t, `"$0"; exit 0`); f.Caller == os.Getpid() || f.Caller <= 1 {
		t.Errorf("a child of the shell has %d as its parent", f.Caller)
	}
}

// A variable can be there twice, and a word that is not a variable is kept.
func TestEnvironAsItIs(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	env := []string{roleVar + "=tell", "BOXTEST_TWICE=1", "BOXTEST_TWICE=2", "odd", "EMPTY=", "=x"}
	process, err := os.StartProcess(self, []string{"name", "", "a b"}, &os.ProcAttr{Env: env, Files: []*os.File{
		nil, write,
		os.Stderr,
	}})
	if err != nil {
		t.Fatal(err)
	}
	_ = write.Close()
	var f found
	if err := json.NewDecoder(read).Decode(&f); err != nil {
		t.Fatal(err)
	}
	if _, err := process.Wait(); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(f.Environ, env) || f.Variable == "" {
		t.Errorf("%q, want %q; a variable: %q", f.Environ, env, f.Variable)
	}
	if want := "name\n\na b\n" + strings.Join(env, "\n") + "\n"; f.Span != want {
		t.Errorf("arguments and environment: %q, want %q", f.Span, want)
	}
	if f.Secure {
		t.Error("a plain program is said to be a privileged one")
	}
}

// catchOne prints the number of the first signal that it gets.
func catchOne() {
	fd, err := Catch(bit(unix.SIGUSR1) | bit(unix.SIGTERM))
	must(err)
	fmt.Println("ready")
	number := make([]byte, 1)
	for {
		set := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
		if _, err := unix.Poll(set, -1); err != nil && err != unix.EINTR {
			panic(err)
		}
		if n, _ := unix.Read(fd, number); n == 1 {
			fmt.Println(number[0])
		}
		if unix.Signal(number[0]) == unix.SIGTERM {
			return
		}
	}
}

// Signals that are caught become bytes, and do not end the process.
func TestCatch(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), roleVar+"=catch")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewReader(out)
	for _, c := range []struct {
		want string
		next os.Signal
	}{{"ready", unix.SIGUSR1}, {fmt.Sprint(int(unix.SIGUSR1)), unix.SIGTERM}, {fmt.Sprint(int(unix.SIGTERM)), nil}} {
		if line, err := lines.ReadString('\n'); strings.TrimSpace(line) != c.want || err != nil {
			t.Errorf("%q, %v, want %q", line, err, c.want)
		}
		if c.next != nil {
			if err := cmd.Process.Signal(c.next); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
}

// giveAllBack prints the signals that are caught and ignored before Default and after it.
func giveAllBack() {
	caught := func() (sets [2]uint64) {
		data, err := os.ReadFile("/proc/self/status")
		must(err)
		for i, name := range []string{"\nSigIgn:\t", "\nSigCgt:\t"} {
			_, after, _ := strings.Cut(string(data), name)
			sets[i], err = strconv.ParseUint(after[:16], 16, 64)
			must(err)
		}
		return sets
	}
	before := caught()
	Default()
	after := caught()
	must(json.NewEncoder(os.Stdout).Encode([]uint64{before[0], before[1], after[0], after[1]}))
}

// After Default a signal ends the process, or is ignored, as it was for the caller. What the runtime can't do without it keeps.
func TestDefault(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("/bin/sh", "-c", `trap "" USR1; exec "$0"`, self)
	cmd.Env = append(os.Environ(), roleVar+"=default")
	out, err := cmd.Output()
	var sets []uint64
	if err != nil || json.Unmarshal(out, &sets) != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if caught := sets[1]; caught&bit(unix.SIGTERM) == 0 {
		t.Fatalf("the runtime does not handle SIGTERM: %#x", caught)
	}
	ignored, caught := sets[2], sets[3]
	if ignored&bit(unix.SIGUSR1) == 0 || ignored&bit(unix.SIGTERM) != 0 {
		t.Errorf("ignored: %#x", ignored)
	}
	if keeps := bit(unix.SIGSEGV) | bit(unix.SIGURG) | bit(unix.SIGCHLD); caught&keeps != keeps {
		t.Errorf("a fault is not handled any more: %#x", caught)
	}
	if given := bit(unix.SIGUSR1) | bit(unix.SIGTERM) | bit(unix.SIGINT) | bit(unix.SIGHUP); caught&given != 0 {
		t.Errorf("still handled: %#x", caught)
	}
}

// Where the runtime could not open what it needs, a sentence says so instead of a traceback; where only the soft limit is
// too low, the runtime raises it.
func TestTooFewDescriptors(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		limit, args, out string
		status           int
	}{
		{"-Sn 4", "", "started", 0},
		{
			"-n 4", "",
			"box: no more descriptors can be opened\nbox: cause: the hard limit for them, ulimit -H -n, or that of the machine, " +
				"fs.file-max, is reached\n", 125,
		},
		{"-n 4", " bwrap", "bwrap: no more descriptors can be opened\n", 1},
	} {
		// The dynamic linker needs one descriptor at a time, and the program two.
		cmd := exec.Command("/bin/sh", "-c", `ulimit `+c.limit+`; exec "$0" `+c.args, self)
		cmd.Env = append(os.Environ(), roleVar+"=files")
		out, err := cmd.CombinedOutput()
		status := 0
		if exit, ok := errors.AsType[*exec.ExitError](err); ok {
			status = exit.ExitCode()
		}
		if string(out) != c.out || status != c.status {
			t.Errorf("ulimit %s: %q, status %d, want %q, %d", c.limit, out, status, c.out, c.status)
		}
	}
}
