package tests

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// stressVar asks for thousands of starts and hundreds of boxes at once. By default a few are tried.
const stressVar = "BOX_STRESS"

// many returns how many to try.
func many(few, stress int) int {
	if os.Getenv(stressVar) != "" {
		return stress
	}
	return few
}

// boxes is a place of its own for boxes.
type boxes struct {
	t              *testing.T
	state, runtime string
}

// newBoxes makes the place. At the end of the test there must be nothing in it, and no process.
func newBoxes(t *testing.T) *boxes {
	b := &boxes{t, t.TempDir(), t.TempDir()}
	b.must("run", "--rm", "--name", "first", "true") // it makes the directories
	b.must("run", "true")
	before, err := mountLines()
	files := b.files()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		for _, left := range leftProcesses() {
			t.Error("left: " + left)
		}
		mounts, err := mountLines()
		if err != nil {
			t.Error(err)
		}
		for _, m := range added(before, mounts) {
			t.Error("left: a mount: " + m)
		}
		for _, f := range added(files, b.files()) {
			t.Error("left: " + f)
		}
	})
	return b
}

// files returns what is in the directories.
func (b *boxes) files() (all []string) {
	for _, dir := range []string{b.state, b.runtime} {
		found, err := filesBelow(dir)
		if err != nil {
			b.t.Error(err)
		}
		for f := range found {
			all = append(all, f)
		}
	}
	return all
}

// command prepares a call of box.
func (b *boxes) command(words ...string) *exec.Cmd {
	cmd := exec.Command(filepath.Join(boxDir, "box"), words...)
	cmd.Env = append(os.Environ(), "XDG_STATE_HOME="+b.state, "XDG_RUNTIME_DIR="+b.runtime)
	return cmd
}

// run calls box, and returns what it has written.
func (b *boxes) run(words ...string) (string, error) {
	cmd := b.command(words...)
	timer := time.AfterFunc(5*time.Minute, func() { _ = cmd.Process.Kill() })
	defer timer.Stop()
	out, err := cmd.CombinedOutput()
	return strings.TrimSpace(string(out)), err
}

// must calls box, which must succeed.
func (b *boxes) must(words ...string) string {
	b.t.Helper()
	out, err := b.run(words...)
	if err != nil {
		b.t.Fatalf("box %s: %v: %s", strings.Join(words, " "), err, out)
	}
	return out
}

// live returns what the monitor has noted of its processes.
func (b *boxes) live(name, fact string) int {
	data, _ := os.ReadFile(filepath.Join(b.state, "box/boxes", name, "live"))
	for word := range strings.SplitSeq(string(data), "\x00") {
		if value, ok := strings.CutPrefix(word, fact+"="); ok {
			n, _ := strconv.Atoi(value)
			return n
		}
	}
	return 0
}

// atOnce calls f with each of 0 … n-1, some at a time, and returns what went wrong.
func atOnce(n, some int, f func(int) error) error {
	var group sync.WaitGroup
	all := make([]error, n)
	next := make(chan int)
	for range some {
		group.Go(func() {
			for i := range next {
				all[i] = f(i)
			}
		})
	}
	for i := range n {
		next <- i
	}
	close(next)
	group.Wait()
	return errors.Join(all...)
}

// weight returns what a process has that could grow: kilobytes of its own, and the size of its table of descriptors.
func weight(pid int) (anon, table int) {
	data, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	for line := range strings.Lines(string(data)) {
		name, value, _ := strings.Cut(line, ":")
		n, _ := strconv.Atoi(strings.TrimSuffix(strings.TrimSpace(value), " kB"))
		switch name {
		case "RssAnon":
			anon = n
		case "FDSize":
			table = n
		}
	}
	return anon, table
}

// ended is what inspect is asked for: how a box has ended.
const ended = "{{.State.Status}} {{.State.ExitCode}} {{.State.Why}}"

// keys returns how many keys and keyrings the kernel counts for this user, see proc_key_users(5).
func keys() (n int) {
	data, _ := os.ReadFile("/proc/key-users")
	for line := range strings.Lines(string(data)) {
		if fields := strings.Fields(line); len(fields) > 1 && fields[0] == strconv.Itoa(os.Getuid())+":" {
			n, _ = strconv.Atoi(fields[1])
		}
	}
	return n
}

// Boxes that come and go leave nothing: no process, mount, file, socket or keyring. The monitor of one that stays does not grow.
func TestBoxesInTurn(t *testing.T) {
	b := newBoxes(t)
	b.must("run", "-d", "--name", "stays", "sleep", "1000")
	monitor := b.live("stays", "shim")
	n := many(10, 1000)
	var anon, table, had int
	for i := range n {
		if i == n/10 { // what is made once is there
			anon, table = weight(monitor)
			had = keys()
		}
		b.must("run", "-d", "--rm", "sh", "-c", "echo out; echo err >&2")
		b.must("run", "-d", "--name", "box", "sleep", "1000")
		b.must("exec", "stays", "true")
		b.must("ps", "-a")
		b.must("stop", "box")
		if out := b.must("inspect", "-f", ended, "box"); out != "exited 143 stop" {
			t.Fatalf("box %d of %d: %s", i, n, out)
		}
		b.must("remove", "box")
	}
	if a, d := weight(monitor); a > anon+16 || d > table {
		t.Errorf("the monitor has grown: from %d kB to %d, from %d descriptors to %d", anon, a, table, d)
	}
	// The kernel collects keyrings later.
	for end := time.Now().Add(20 * time.Second); keys() > had+20 && time.Now().Before(end); {
		time.Sleep(100 * time.Millisecond)
	}
	if k := keys(); k > had+20 {
		t.Errorf("keyrings: %d, and %d before", k, had)
	}
	b.must("remove", "-f", "stays")
}

// Many boxes are up at once, and when one of the processes of a box is killed, all of them end and it is known which it was.
func TestBoxesAtOnce(t *testing.T) {
	b := newBoxes(t)
	n := many(20, 300)
	name := func(i int) string { return "box-" + strconv.Itoa(i) }
	begun := time.Now()
	if err := atOnce(n, 16, func(i int) error {
		out, err := b.run("run", "-d", "--name", name(i), "sleep", "1000")
		if err != nil {
			return fmt.Errorf("%w: %s", err, out)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	t.Logf("%d are up after %v", n, time.Since(begun))
	if up := len(strings.Fields(b.must("ps", "-q"))); up != n {
		t.Errorf("%d of %d are up", up, n)
	}
	victims := []struct{ fact, state string }{
		{"shim", "lost 0"}, {"init", "exited 137 lost"}, {"command", "exited 137"},
	}
	killed := map[int]int{}
	processes := map[int]string{}
	for _, i := range rand.Perm(n)[:n/2] {
		killed[i] = rand.IntN(len(victims))
		for _, v := range victims {
			processes[b.live(name(i), v.fact)] = name(i) + ": " + v.fact
		}
	}
	for i, v := range killed {
		if err := unix.Kill(b.live(name(i), victims[v].fact), unix.SIGKILL); err != nil {
			t.Error(err)
		}
	}
	begun = time.Now()
	for end := begun.Add(30 * time.Second); len(processes) > 0 && time.Now().Before(end); {
		for _, child := range children() { // the monitors
			pid, _ := strconv.Atoi(child)
			_, _ = unix.Wait4(pid, nil, unix.WNOHANG, nil)
		}
		for pid := range processes {
			if unix.Kill(pid, 0) != nil {
				delete(processes, pid)
			}
		}
	}
	t.Logf("%d have ended after %v", n/2, time.Since(begun))
	for pid, what := range processes {
		t.Errorf("still there: %d, %s", pid, what)
	}
	for i := range n {
		want := "running 0"
		if v, is := killed[i]; is {
			want = victims[v].state
		}
		if got := b.must("inspect", "-f", ended, name(i)); got != want {
			t.Errorf("%s: %q, want %q", name(i), got, want)
		}
	}
	all := []string{"remove", "-f"}
	for i := range n {
		all = append(all, name(i))
	}
	b.must(all...)
}

// Many commands enter many boxes at once: each gets what is its own, and a status of its own.
func TestExecsAtOnce(t *testing.T) {
	b := newBoxes(t)
	n, each := many(5, 50), many(4, 20)
	names := make([]string, n)
	for i := range names {
		names[i] = "box-" + strconv.Itoa(i)
		b.must("run", "-d", "--rm", "--name", names[i], "--hostname", names[i], "--setenv", "MINE", names[i], "sleep", "1000")
	}
	if err := atOnce(n*each, 16, func(i int) error {
		name, status := names[i%n], i%200
		var stdout, stderr bytes.Buffer
		cmd := b.command("exec", "-i", name, "sh", "-c", `cat; hostname; echo "$MINE" >&2; exit "$1"`, "sh", strconv.Itoa(status))
		cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(strconv.Itoa(i)+"\n"), &stdout, &stderr
		timer := time.AfterFunc(time.Minute, func() { _ = cmd.Process.Kill() })
		defer timer.Stop()
		if err := cmd.Start(); err != nil {
			return err
		}
		_ = cmd.Wait() // the status says it
		if got := cmd.ProcessState.ExitCode(); got != status || stdout.String() != strconv.Itoa(i)+"\n"+name+"\n" ||
			stderr.String() != name+"\n" {
			return fmt.Errorf("%s: status %d and not %d, %q, %q", name, got, status, &stdout, &stderr)
		}
		return nil
	}); err != nil {
		t.Error(err)
	}
	for _, name := range names { // what has entered has ended
		if pids := b.must("exec", name, "sh", "-c", "echo /proc/[0-9]*"); len(strings.Fields(pids)) > 4 {
			t.Errorf("%s: %s", name, pids)
		}
	}
	b.must(slices.Concat([]string{"remove", "-f"}, names)...)
}
