package register

import (
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"box/internal/host"

	"golang.org/x/sys/unix"
)

// places returns directories that do not exist yet.
func places(t *testing.T) Places {
	t.Helper()
	dir := t.TempDir()
	return Places{State: dir + "/state/box", Runtime: dir + "/run/box"}
}

func opened(t *testing.T, p Places) *Register {
	t.Helper()
	r, err := Open(p)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.Close)
	return r
}

var definition = Definition{
	Words: []string{"-d", "a\nb", "", "x\xff"}, Env: []string{"HOME=/h", "E="}, Dir: "/some/where", Policy: "default",
	Command: []string{"sleep", "1 2"}, Version: "1",
}

// A box is found as it was made, byte for byte, and is up as long as its lock is held.
func TestCreateAndFind(t *testing.T) {
	r := opened(t, places(t))
	var made Box
	if err := r.Create(&made, "web", &definition); err != nil {
		t.Fatal(err)
	}
	found, err := r.Find("web")
	if err != nil {
		t.Fatal(err)
	}
	defer found.Close()
	facts := found.Facts()
	if !slices.Equal(facts.Words(), definition.Words) || !slices.Equal(facts.Values("env"), definition.Env) {
		t.Errorf("%q", facts)
	}
	if facts.Value("policy") != "default" || facts.Value("id") != made.ID() || found.ID() != made.ID() ||
		!slices.Equal(facts.Values("command"), definition.Command) || facts.Number("created") == 0 {
		t.Errorf("%q", facts)
	}
	var here unix.Stat_t
	if err := unix.Stat(".", &here); err != nil {
		t.Fatal(err)
	}
	if path, dev, ino := facts.Cwd(); path != "/some/where" || dev != here.Dev || ino != here.Ino {
		t.Errorf("%s, %d, %d", path, dev, ino)
	}
	if s := found.State(); s != Up || found.Live() != nil || found.Exit() != nil {
		t.Errorf("%v, %q, %q", s, found.Live(), found.Exit())
	}
	if err := found.Remove(); !errors.Is(err, ErrUp) {
		t.Errorf("removed while it is up: %v", err)
	}
	if byID, err := r.Find(made.ID()); err != nil || byID.Name != "web" {
		t.Errorf("by its number: %v", err)
	}
	made.Close()
	if s := found.State(); s != Lost {
		t.Errorf("%v", s)
	}
	if err := found.Remove(); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Find("web"); !errors.Is(err, ErrNone) || !found.Gone() {
		t.Errorf("after its removal: %v", err)
	}
	if left, _ := os.ReadDir(r.State + "/boxes"); len(left) != 0 {
		t.Errorf("left: %v", left)
	}
}

// Who has found a box that somebody else has removed since does nothing to another one that has its name by now. Of the old one a
// part is left here, in which a lock can be made, as in the moment of its removal.
func TestAnotherBoxOfThatName(t *testing.T) {
	r := opened(t, places(t))
	var first, second, third Box
	if err := r.Create(&first, "web", &definition); err != nil {
		t.Fatal(err)
	}
	first.Close()
	removed, err := r.Find("web")
	if err != nil {
		t.Fatal(err)
	}
	defer removed.Close()
	if err := os.Mkdir(r.State+"/boxes/web/stays", 0o700); err != nil {
		t.Fatal(err)
	}
	again, err := r.Find("web")
	if err != nil {
		t.Fatal(err)
	}
	if err := again.Remove(); err != nil {
		t.Fatal(err)
	}
	again.Close()
	if err := r.Create(&second, "web", &definition); err != nil {
		t.Fatal(err)
	}
	defer second.Close()
	for what, err := range map[string]error{"Take": removed.Take(), "Rename": removed.Rename("other"), "Remove": removed.Remove()} {
		if !errors.Is(err, ErrNone) {
			t.Errorf("%s of a box that is gone: %v", what, err)
		}
	}
	if b, err := r.Find("web"); err != nil || b.ID() != second.ID() || b.State() != Up {
		t.Errorf("the other box: %v", err)
	}
	// The twin: a box that is there is renamed.
	if err := r.Create(&third, "old", &definition); err != nil {
		t.Fatal(err)
	}
	third.Close()
	if b, err := r.Find("old"); err != nil || b.Rename("new") != nil {
		t.Errorf("a box that is there is not renamed: %v", err)
	}
}

// One of two gets the name, and nothing of the other stays.
func TestTheNameIsTaken(t *testing.T) {
	r := opened(t, places(t))
	var first, second Box
	if err := r.Create(&first, "web", &definition); err != nil {
		t.Fatal(err)
	}
	defer first.Close()
	if err := r.Create(&second, "web", &definition); !errors.Is(err, ErrTaken) {
		t.Errorf("%v", err)
	}
	if left, _ := os.ReadDir(r.State + "/boxes"); len(left) != 1 {
		t.Errorf("left: %v", left)
	}
}

// How a box has ended is known if it is written whole.
func TestExit(t *testing.T) {
	r := opened(t, places(t))
	var b Box
	if err := r.Create(&b, "web", &definition); err != nil {
		t.Fatal(err)
	}
	if errno := b.Put("exit", []string{"status=7", "signal="}); errno != 0 {
		t.Fatal(errno)
	}
	b.Close()
	found, err := r.Find("web")
	if err != nil {
		t.Fatal(err)
	}
	defer found.Close()
	if found.State() != Exited || found.Exit().Number("status") != 7 || found.Exit().Number("signal") != 0 {
		t.Errorf("%v, %q", found.State(), found.Exit())
	}
	for _, garbage := range []string{"", "status=7", "\x00status", strings.Repeat("x", 100)} {
		if err := os.WriteFile(filepath.Join(r.State, "boxes/web/exit"), []byte(garbage), 0o600); err != nil {
			t.Fatal(err)
		}
		if found.State() != Lost {
			t.Errorf("%q: %v", garbage, found.State())
		}
	}
}

// Pid 1 of a box whose monitor has been killed still counts, as long as it is the same process.
func TestLingers(t *testing.T) {
	r := opened(t, places(t))
	var b Box
	if err := r.Create(&b, "web", &definition); err != nil {
		t.Fatal(err)
	}
	me := os.Getpid()
	for _, c := range []struct {
		pid         int
		start, boot string
		want        State
	}{
		{me, StartTime(me), BootID(), Up},
		{me, "1", BootID(), Lost},
		{me, StartTime(me), "another", Lost},
		{1 << 22, "", BootID(), Lost},
	} {
		facts := []string{"init=" + strconv.Itoa(c.pid), "init_start=" + c.start, "boot=" + c.boot}
		if errno := b.Put("live", facts); errno != 0 {
			t.Fatal(errno)
		}
		found, err := r.Find("web")
		if err != nil {
			t.Fatal(err)
		}
		b.Unlock()
		if s := found.State(); s != c.want {
			t.Errorf("%+v: %v", c, s)
		}
		found.Close()
		if err := b.Take(); err != nil {
			t.Fatal(err)
		}
	}
	b.Close()
}

// The directories are the user's own and closed, and no links.
func TestOpenRefuses(t *testing.T) {
	for name, spoil := range map[string]func(p Places) error{
		"a file": func(p Places) error { return os.WriteFile(p.State, nil, 0o600) },
		"a link": func(p Places) error { return os.Symlink("/tmp", p.State) },
		"open to others": func(p Places) error {
			return errors.Join(os.Mkdir(p.State, 0o700), os.Chmod(p.State, 0o777))
		},
	} {
		p := places(t)
		if err := errors.Join(os.MkdirAll(filepath.Dir(p.State), 0o700), spoil(p)); err != nil {
			t.Fatal(err)
		}
		var problem *Error
		if _, err := Open(p); !errors.As(err, &problem) || problem.Path != p.State {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := Open(Places{State: "relative", Runtime: "/tmp/x"}); err == nil {
		t.Error("a relative path")
	}
}

func TestIsName(t *testing.T) {
	for name, want := range map[string]bool{
		"web": true, "a": true, "0": true, "a.b_c-d": true, strings.Repeat("x", 64): true, "a..": true,
		"": false, ".": false, "..": false, "../x": false, "a/b": false, "-rf": false, "A_B": false, "a\n": false, "é": false,
		strings.Repeat("x", 65): false, "_x": false, ".x": false, "a b": false,
	} {
		if IsName(name) != want {
			t.Errorf("%q: %v", name, !want)
		}
	}
}

// Runs in the foreground are found, all of them, and no longer when they have ended.
func TestRunning(t *testing.T) {
	const child = "BOX_TEST_RUNNING"
	if dir := os.Getenv(child); dir != "" {
		NoteRun(Places{Runtime: dir})
		_, _ = os.Stdout.WriteString("noted\n")
		_, _ = os.Stdin.Read(make([]byte, 1))
		return
	}
	p := places(t)
	r := opened(t, p)
	if list := r.Running(); len(list) != 0 {
		t.Errorf("%v", list)
	}
	var want []int
	var end []func()
	for range 12 {
		cmd := exec.Command(os.Args[0], "-test.run=^TestRunning$")
		cmd.Env = append(os.Environ(), child+"="+p.Runtime)
		in, err := cmd.StdinPipe()
		if err != nil {
			t.Fatal(err)
		}
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		if _, err := out.Read(make([]byte, 6)); err != nil {
			t.Fatal(err)
		}
		want = append(want, cmd.Process.Pid)
		end = append(end, func() { _ = in.Close(); _ = cmd.Wait() })
	}
	slices.Sort(want)
	if list := r.Running(); !slices.Equal(list, want) {
		t.Errorf("%v, want %v", list, want)
	}
	for _, f := range end {
		f()
	}
	if list := r.Running(); len(list) != 0 {
		t.Errorf("%v have ended", list)
	}
}

// Make makes a directory that is to be covered, and refuses what could be something else later.
func TestMake(t *testing.T) {
	dir := t.TempDir()
	if err := errors.Join(os.WriteFile(dir+"/file", nil, 0o600), os.Symlink("/tmp", dir+"/link")); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]unix.Errno{
		dir + "/a/b/c": 0, dir: 0, dir + "/file": unix.ENOTDIR, dir + "/link": unix.ELOOP, dir + "/file/x": 0, "/proc/none/box": 0,
		"relative": unix.ENOENT, "": unix.ENOENT,
	} {
		if errno := Make(path); errno != want {
			t.Errorf("%s: %v", path, errno)
		}
	}
	if !host.IsDir(dir + "/a/b/c") {
		t.Error("it is not there")
	}
}

// A definition that was cut off, or is garbage, is refused.
func TestCutDefinition(t *testing.T) {
	p := places(t)
	r := opened(t, p)
	var b Box
	if err := r.Create(&b, "web", &definition); err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	file := r.State + "/boxes/web/box"
	whole, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for n := range len(whole) {
		if err := os.WriteFile(file, whole[:n], 0o600); err != nil {
			t.Fatal(err)
		}
		if facts := b.Facts(); facts != nil {
			t.Fatalf("%d of %d bytes: %q", n, len(whole), facts)
		}
	}
	for _, garbage := range []string{"\x00", "x\x00", strings.Repeat("\xff", 5000), "word=whole=yes\x00"} {
		if err := os.WriteFile(file, []byte(garbage), 0o600); err != nil {
			t.Fatal(err)
		}
		if facts := b.Facts(); facts != nil {
			t.Errorf("%.20q: %q", garbage, facts)
		}
	}
	if err := os.WriteFile(file, whole, 0o600); err != nil || b.Facts().Words() == nil {
		t.Errorf("the whole one: %v", err)
	}
}

// What an interrupted start or removal has left goes, and what somebody is at work on stays.
func TestSweep(t *testing.T) {
	r := opened(t, places(t))
	var b Box
	if err := r.Create(&b, "web", &definition); err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	boxes := r.State + "/boxes"
	at := []string{"/.new-aaaaaaaaaaaa", "/.old-bbbbbbbbbbbb"}
	for _, name := range at {
		if err := errors.Join(os.Mkdir(boxes+name, 0o700), os.WriteFile(boxes+name+"/box", nil, 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"cccccccccccc", b.ID()} {
		if err := os.WriteFile(r.Places.Runtime+"/"+name+".sock", nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	// That of a box whose state is elsewhere: somebody listens.
	listener, err := net.Listen("unixpacket", r.Places.Runtime+"/dddddddddddd.sock")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	r.Sweep()
	left, _ := os.ReadDir(boxes)
	live := map[string]bool{b.ID() + ".sock": true, "dddddddddddd.sock": true}
	sockets, _ := os.ReadDir(r.Places.Runtime)
	if len(left) != 1 || left[0].Name() != "web" || len(sockets) != 2 || !live[sockets[0].Name()] || !live[sockets[1].Name()] {
		t.Errorf("left: %v, %v", left, sockets)
	}
}
