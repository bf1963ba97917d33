package tests

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
)

// A start is killed after each of its system calls: one of the processes, after a call of the same or of another one. Whatever was
// killed, in a moment nothing is left, or a box that is up and can be removed.

// start is one that is killed. Its processes have the names that package tracer gives them.
type start struct {
	words    []string
	detached bool
	monitor  string
	net      string
	first    string // pid 1
	command  string
}

var starts = map[string]start{
	"run": {words: []string{"--ro-bind", "/usr", "/usr"}, net: "1", first: "2", command: "2.1"},
	"detach": {
		words: []string{"run", "-d", "--name", "x", "--ro-bind", "/usr", "/usr"}, detached: true,
		monitor: "1", net: "1.1", first: "1.2", command: "1.2.1",
	},
}

// patient returns how long a time is on this machine.
func patient(d time.Duration) time.Duration { return d * time.Duration(setting(slowVar, 1)) }

// sample is every how manieth call is tried by default: TestKilledAtEachStep begins with any.
const sample = 48

func TestKilledAtEachStep(t *testing.T) {
	b := newBoxes(t)
	for kind, s := range starts {
		// Who makes the calls that are counted, and who is killed then.
		pairs := [][2]string{
			{s.monitor, s.monitor}, {s.first, s.monitor}, {s.net, s.monitor}, {s.first, s.first}, {s.net, s.net}, {s.first, s.net},
		}
		if s.detached {
			pairs = append(pairs, [2]string{"", ""}, [2]string{s.monitor, ""}, [2]string{s.first, ""})
		}
		for _, way := range []string{"early", "ordinary"} {
			for _, pair := range pairs {
				name := fmt.Sprintf("%s, %s: %s after a call of %s", kind, way, s.role(pair[1]), s.role(pair[0]))
				t.Run(name, func(t *testing.T) { s.eachStep(t, b, way, pair[0], pair[1]) })
			}
		}
	}
}

// role says who a process is.
func (s *start) role(name string) string {
	switch name {
	case s.monitor:
		return "the monitor"
	case s.net:
		return "the net process"
	case s.first:
		return "pid 1"
	}
	return "the caller"
}

// eachStep kills after one call after the other, until the start is over before it is time.
func (s *start) eachStep(t *testing.T, b *boxes, way, clock, victim string) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	every := many(sample, 1)
	n := 0
	for at := 1 + rand.IntN(every); ; at += every {
		k := &killing{start: s, b: b, way: way}
		k.clock, k.victim, k.at = clock, victim, at
		reached, err := k.run()
		if err != nil {
			t.Fatalf("call %d (number %d): %v\n%s", at, k.call, err, k.said)
		}
		if n++; !reached {
			break
		}
	}
	t.Logf("%d starts", n)
}

// killing is one start that is killed.
type killing struct {
	*start
	tracer
	b    *boxes
	way  string
	said string
	ran  bool // the command was executed
	up   time.Time
}

// run starts and kills, and reports whether it came to that.
func (k *killing) run() (reached bool, err error) {
	before := k.b.files()
	out, err := os.CreateTemp(k.b.t.TempDir(), "out")
	if err != nil {
		return false, err
	}
	defer out.Close()
	k.executed = func(name string) {
		if name == k.command {
			k.ran, k.up = true, time.Now()
		}
	}
	cmd := k.b.command(slices.Concat(k.words, []string{"--net", "names", "--allow", "ok.test:80", "sleep", "1000"})...)
	if k.way == "ordinary" {
		cmd.Env = append(cmd.Env, "BOX_NO_EARLY=1")
	}
	if err := k.begin(cmd.Path, cmd.Args, &os.ProcAttr{Env: cmd.Env, Files: []*os.File{nil, out, out}}); err != nil {
		return false, err
	}
	err = k.watch()
	if left := k.clear(); len(left) > 0 {
		err = fmt.Errorf("%w: %v", err, left)
	}
	said, _ := os.ReadFile(out.Name())
	if k.said = string(said); err == nil {
		err = k.check(before)
	}
	if err != nil {
		_, _ = k.b.run("remove", "-f", "x")
	}
	return k.count >= k.at, err
}

var (
	errLeft  = errors.New("not all have ended")
	errHangs = errors.New("the start hangs")
)

// calm is how long a box is up that goes on, after the last of what was done to it.
const calm = 100 * time.Millisecond

// watch is with the start up to its end. What may go on after it, and what nobody has killed, is ended.
func (k *killing) watch() error {
	begun := time.Now()
	for {
		_, err := k.step(time.Now().Add(calm / 10))
		stays := k.ran && (!k.killed || k.victim == k.net || k.victim != k.monitor && k.victim != k.first)
		switch {
		case errors.Is(err, errOver):
			return nil
		case err != nil:
			return err
		case stays && time.Since(k.up) > patient(calm) && time.Since(k.since) > patient(calm):
			return k.end()
		case k.killed && time.Since(k.since) > patient(patience):
			return errLeft
		case time.Since(begun) > patient(time.Minute):
			return errHangs
		}
	}
}

// end ends what is up.
func (k *killing) end() error {
	removed := make(chan error, 1)
	if k.detached {
		go func() {
			out, err := k.b.run("remove", "-f", "x")
			if err != nil {
				err = fmt.Errorf("remove: %w: %s", err, out)
			}
			removed <- err
		}()
	} else {
		k.kill("")
		removed <- nil
	}
	for end := time.Now().Add(patient(10 * time.Second)); ; {
		switch idle, err := k.step(end); {
		case errors.Is(err, errOver):
			return <-removed
		case err != nil:
			return err
		case idle:
			return errLeft
		}
	}
}

// check looks at what the caller was told, and at what is left in the register.
func (k *killing) check(before []string) error {
	told := k.victim != "" && k.killed // the caller has lived to hear of it
	started := k.detached && k.status.Exited() && k.status.ExitStatus() == 0
	if told && !k.ran && (!k.status.Exited() || started || !strings.Contains(k.said, "box: ")) {
		return fmt.Errorf("the caller: status %#x", k.status)
	}
	left := added(before, k.b.files())
	if len(left) > 0 && k.victim != k.monitor && !started {
		return fmt.Errorf("left, though it has not started: %v", left)
	}
	if !k.detached && len(left) == 0 {
		return nil
	}
	if out := k.b.must("ps", "-aq"); (out == "x") != slices.Contains(left, filepath.Join(k.b.state, "box/boxes/x")) {
		return fmt.Errorf("ps -aq says %q, and there is %v", out, left)
	}
	if out, err := k.b.run("prune"); err != nil {
		return fmt.Errorf("prune: %w: %s", err, out)
	}
	if left := added(before, k.b.files()); len(left) > 0 {
		return fmt.Errorf("left after prune: %v", left)
	}
	return nil
}

// A process that outlives the one that was killed is found.
func TestTracerFindsWhatIsLeft(t *testing.T) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	var tr tracer
	tr.clock = "nobody"
	tr.executed = func(name string) {
		if name == "1" {
			tr.kill("")
		}
	}
	words := []string{"sh", "-c", "sleep 1000 & wait"}
	if err := tr.begin("/bin/sh", words, &os.ProcAttr{Files: []*os.File{nil, nil, nil}, Env: os.Environ()}); err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(patient(time.Second)); time.Now().Before(end); {
		if _, err := tr.step(end); err != nil {
			t.Fatal(err)
		}
	}
	if left := tr.clear(); len(left) != 1 || !strings.HasPrefix(left[0], `"1" (`) || !tr.status.Signaled() {
		t.Errorf("left: %v, and the other one ended with %#x", left, tr.status)
	}
}
