package launch

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"box/internal/host"
	"box/plan"
	"box/spec"
	"box/userns"

	"golang.org/x/sys/unix"
)

// sandboxOf is a sandbox that runs, and what leads into it.
type sandboxOf struct {
	box     userns.Box
	inside  Inside
	change  func(*plan.Plan)
	pid     int // of its pid 1
	started chan bool
	ended   chan Status
}

// occupied starts a sandbox that others can enter. It ends with the test.
func occupied(t *testing.T, s *spec.Spec) *sandboxOf {
	t.Helper()
	s.Life.Named = true
	over := make(chan Status, 1)
	o := &sandboxOf{started: make(chan bool), ended: over}
	go func() {
		runtime.LockOSThread()
		b := new(plan.Builder)
		if err := Compile(b, s); err != nil {
			t.Error(err)
		}
		fd, errno := WriteInside(b, s)
		if errno != 0 {
			t.Error("the record: ", errno)
		}
		data, errno := host.ReadSealed(fd)
		if _, ok := o.inside.Read(data); !ok || errno != 0 {
			t.Error("the record can't be read: ", errno)
		}
		unix.Close(fd)
		box, err := Start(&b.Plan, nil, s, -1)
		if err != nil {
			t.Error(err)
			close(o.started)
			return
		}
		box.Join(o)
		status, err := box.Wait()
		if o.pid == 0 {
			t.Error(err)
			close(o.started)
		}
		over <- status
	}()
	if <-o.started; o.pid == 0 {
		t.FailNow()
	}
	if errno := o.box.Look(); errno != 0 {
		t.Fatal(errno)
	}
	t.Cleanup(func() {
		_ = unix.Kill(o.pid, unix.SIGKILL)
		// What has entered and was held up by a tracer is a child of this process, and SIGCHLD is not ignored any more.
		for left := true; left; time.Sleep(time.Millisecond) {
			select {
			case <-over:
				left = false
			default:
				_, _ = unix.Wait4(-1, nil, unix.WNOHANG|unix.WALL, nil)
			}
		}
		unix.Close(o.box.Outer)
		for _, fd := range o.box.Spaces {
			unix.Close(fd)
		}
	})
	return o
}

// What a sandbox tells its companion.

func (o *sandboxOf) Descriptor() int         { return -1 }
func (o *sandboxOf) Took(*Sandbox)           {}
func (o *sandboxOf) Missed()                 {}
func (o *sandboxOf) Halted(unix.Signal) bool { return true }
func (o *sandboxOf) Terminal(int) bool       { return true }

func (o *sandboxOf) Spaces(s *Spaces) {
	o.box.Spaces = *s
	o.box.Outer, _ = host.NamespaceOwner(s[1])
}

func (o *sandboxOf) Started(pid, _ int) {
	o.pid = pid
	close(o.started)
}

// command returns the Spec of a command in the sandbox.
func (o *sandboxOf) command(command ...string) *spec.Spec {
	s := new(spec.Spec)
	o.inside.Fill(s, nil)
	s.Command = spec.Command{Argv: command, File: command[0], Env: o.inside.Environ(nil), Dir: o.inside.Dir}
	return s
}

// enter runs a command there.
func (o *sandboxOf) enter(s *spec.Spec) (Status, error) {
	return o.starts(func(b *plan.Builder) error { return CompileEnter(b, s, &o.box, &o.inside) }, s)
}

// starts runs the plan of s, as compile writes it.
func (o *sandboxOf) starts(compile func(*plan.Builder) error, s *spec.Spec) (Status, error) {
	type result struct {
		status Status
		err    error
	}
	done := make(chan result)
	go func() { // a thread of its own, which ends: the signals that it ignores are the process's
		runtime.LockOSThread()
		b := new(plan.Builder)
		if err := compile(b); err != nil {
			done <- result{err: err}
			return
		}
		if o.change != nil {
			o.change(&b.Plan)
		}
		box, err := Start(&b.Plan, nil, s, -1)
		if err != nil {
			done <- result{err: err}
			return
		}
		status, err := box.Wait()
		done <- result{status, err}
	}()
	r := <-done
	host.DefaultAction(unix.SIGCHLD) // it was ignored: the process of a test starts others after this one
	return r.status, r.err
}

// writing returns a file that a command inherits, and what reads it.
func writing(t *testing.T) (to *os.File, read func() string) {
	t.Helper()
	f, err := os.Create(filepath.Join(t.TempDir(), "out"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	_, _ = unix.FcntlInt(f.Fd(), unix.F_SETFD, 0)
	return f, func() string {
		data, err := os.ReadFile(f.Name())
		if err != nil {
			t.Fatal(err)
		}
		return string(data)
	}
}

// say runs a script in the sandbox, and returns what it writes.
func (o *sandboxOf) say(t *testing.T, script string) string {
	t.Helper()
	to, read := writing(t)
	s := o.command("bash", "-c", "exec >&"+fdText(to)+" 2>&1; "+script)
	s.Life.Keep = []int{int(to.Fd())}
	s.Life.Kept = []spec.Description{{Kind: spec.RegularFile, Reads: true, Writes: true}}
	if status, err := o.enter(s); err != nil || status.Exit() != 0 {
		t.Errorf("%s: status %d, %v", script, status.Exit(), err)
	}
	return read()
}

func fdText(f *os.File) string { return strconv.Itoa(int(f.Fd())) }

func TestEnterStatusIsTheCommands(t *testing.T) {
	o := occupied(t, plain("sleep", "1000"))
	for _, c := range []struct {
		script string
		want   int
	}{{"exit 0", 0}, {"exit 3", 3}, {"exit 255", 255}, {"kill -TERM $$", 128 + 15}, {"kill -KILL $$", 128 + 9}} {
		status, err := o.enter(o.command("sh", "-c", c.script))
		if err != nil || status.Exit() != c.want {
			t.Errorf("%s: status %d, error %v, want %d", c.script, status.Exit(), err, c.want)
		}
	}
	_, err := o.enter(o.command("/nosuch"))
	var f *Failure
	if !errors.As(err, &f) || f.Errno != unix.ENOENT || f.Call.For != spec.Program {
		t.Errorf("missing command: %v", err)
	}
}

// What enters is as the sandbox's own command: all that the kernel tells of the two is the same, but for who they are.
func TestEnterIsAsTheCommand(t *testing.T) {
	const script = `
for n in user mnt pid net ipc uts cgroup; do readlink /proc/self/ns/$n; done
grep -E '^(Uid|Gid|Cap|NoNewPrivs|Seccomp|Umask|SigBlk|SigIgn)' /proc/self/status
grep -vE 'Max (core|address)' /proc/self/limits
id -u; pwd; env | grep -v ^_ | sort; ls /
ls /proc/self/fd | wc -l; cat /proc/self/oom_score_adj; readlink /proc/self/root`
	s := plain("sh", "-c", "exec >/tmp/out 2>&1\n"+script+"\nmv /tmp/out /tmp/is; exec sleep 1000")
	s.Life.Umask, s.Command.Dir = 0o027, "/tmp"
	s.Command.Env = append(s.Command.Env, "A=b c", "PWD=/tmp")
	s.Limits.Files, s.Limits.FilesMax = 100, 200
	o := occupied(t, s)
	o.say(t, "while ! [ -e /tmp/is ]; do :; done")
	is := o.say(t, "cat /tmp/is")
	_, _ = o.enter(o.command("sh", "-c", "exec >/tmp/got 2>&1\n"+script))
	got := o.say(t, "cat /tmp/got")
	if is != got || !strings.Contains(is, "A=b c") || !strings.Contains(is, "CapBnd:\t0000000000000000") {
		t.Errorf("the command:\n%s\nwhat has entered:\n%s", is, got)
	}
}
