package life

import (
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"box/cmd/box/internal/say"
	"box/cmd/box/internal/verb"
	"box/register"

	"golang.org/x/sys/unix"
)

// made returns a box with these words after run, in a register of its own. It is up: its lock is held.
func made(t *testing.T, words, command []string) *register.Box {
	t.Helper()
	_, b := madeIn(t, t.TempDir(), words, command)
	return b
}

// madeIn is made with the directory that the register is below.
func madeIn(t *testing.T, dir string, words, command []string) (*register.Register, *register.Box) {
	t.Helper()
	r, err := register.Open(register.Places{State: dir + "/state/box", Runtime: dir + "/run/box"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.Close)
	b := new(register.Box)
	definition := register.Definition{
		Words: slices.Concat(words, command), Env: []string{"A=1"}, Dir: "/", Command: command, Version: "1",
	}
	if err := r.Create(b, "web", &definition); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	return r, b
}

// Flags say what the network is, in both spellings; the command's own words don't.
func TestNetworkOf(t *testing.T) {
	for _, c := range []struct {
		words []string
		want  network
	}{
		{[]string{"-d"}, network{Mode: "none"}},
		{[]string{"--share-net"}, network{Mode: "host"}},
		{[]string{"--share-net", "--unshare-net"}, network{Mode: "none"}},
		{[]string{"--net", "names"}, network{Mode: "names"}},
		{[]string{"--net=host"}, network{Mode: "host"}},
		{[]string{"--allow", "a.test", "--allow=b.test:443"}, network{Mode: "names", Allow: []string{"a.test", "b.test:443"}}},
		{[]string{"--net", "host", "--deny", "c.test"}, network{Mode: "host", Deny: []string{"c.test"}}},
		{[]string{"--publish", "8080:80", "--publish=1:2"}, network{Mode: "none", Ports: []string{"8080:80", "1:2"}}},
		{[]string{"--name", "web", "--"}, network{Mode: "none"}},
	} {
		n := networkOf(made(t, c.words, []string{"sh", "--allow", "evil.test", "--net=host"}).Facts())
		if n.Mode != c.want.Mode || !slices.Equal(n.Allow, c.want.Allow) || !slices.Equal(n.Deny, c.want.Deny) ||
			!slices.Equal(n.Ports, c.want.Ports) {
			t.Errorf("%q: %+v, want %+v", c.words, n, c.want)
		}
		if n.Allow == nil || n.Deny == nil || n.Ports == nil {
			t.Errorf("%q: a list is null in JSON: %+v", c.words, n)
		}
	}
}

// What the register has of a box that is up.
func TestDescribe(t *testing.T) {
	b := made(t, []string{"-d", "--publish", "1:2"}, []string{"sleep", "1 2"})
	l := describe(b, b.State())
	if l.Name != "web" || l.State != "Up" || l.ID == "" || !slices.Equal(l.Command, []string{"sleep", "1 2"}) || l.Created == "" ||
		l.Status != nil || !slices.Equal(l.Ports, []string{"1:2"}) {
		t.Errorf("%+v", l)
	}
	if since(l.created) != "0 seconds" && since(l.created) != "1 second" {
		t.Errorf("made %s ago", since(l.created))
	}
}

func TestStatus(t *testing.T) {
	status, now := 3, time.Now()
	for want, l := range map[string]listed{
		"Up 2 hours":                          {State: "Up", Name: "a", started: now.Add(-150 * time.Minute)},
		"Up 1 day, in the foreground":         {State: "Up", started: now.Add(-25 * time.Hour)},
		"Up, just starting":                   {State: "Up", Name: "a"},
		"Lost":                                {State: "Lost", Name: "a"},
		"Exited (3) 1 minute ago":             {State: "Exited", Status: &status, ended: now.Add(-61 * time.Second)},
		"Exited (3) unknown ago":              {State: "Exited", Status: &status},
		"Exited (3) unknown ago, by SIGTERM":  {State: "Exited", Status: &status, Signal: "SIGTERM"},
		"Exited (3) unknown ago, by box stop": {State: "Exited", Status: &status, Signal: "SIGTERM", Why: "stop"},
		"Exited (3) unknown ago, by box kill": {State: "Exited", Status: &status, Why: "kill"},
		"Exited (3) unknown ago, its time was over": {
			State: "Exited", Status: &status, Signal: "SIGTERM", Why: "time",
		},
	} {
		if got := l.status(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// Times are those of the register, and what others have written there is not one.
func TestMoment(t *testing.T) {
	if got := moment("1700000000000000001"); got.UnixNano() != 1700000000000000001 {
		t.Error(got)
	}
	for _, text := range []string{"", "0", "-1", "soon", "99999999999999999999"} {
		if got := moment(text); !got.IsZero() || stamp(got) != "" || since(got) != "unknown" {
			t.Errorf("%q: %v", text, got)
		}
	}
	if since(time.Now().Add(time.Hour)) != "0 seconds" {
		t.Error("a time to come is not now")
	}
}

// A column is as wide as its widest cell in characters, and no cell can write to the terminal.
func TestTable(t *testing.T) {
	var out strings.Builder
	rows := [][]string{{"NAME", "STATE", "ID"}, {"wéb", "Up", "1"}, {"a\x1b[2J", "x", ""}}
	if err := table(&out, rows); err != nil {
		t.Fatal(err)
	}
	if want := "NAME       STATE   ID\nwéb        Up      1\na\\x1b[2J   x\n"; out.String() != want {
		t.Errorf("%q, want %q", out.String(), want)
	}
	for text, want := range map[string]string{"": "", "12345": "12345", "123456": "12...", "äöüäöü": "äö..."} {
		if got := cut(text, 5); got != want {
			t.Errorf("cut(%q) = %q, want %q", text, got, want)
		}
	}
}

func TestExpand(t *testing.T) {
	x := inspected{Name: "web", State: inspectedState{Pid: 7, Running: true}, Config: inspectedConfig{Cmd: []string{"a", "<b>"}}}
	for format, want := range map[string]string{
		"":                             "",
		"plain":                        "plain",
		"{{.Name}}":                    "web",
		"{{ .Name }}={{.State.Pid}}!":  "web=7!",
		"{{.State.Running}}":           "true",
		"{{json .Name}}":               `"web"`,
		"{{.Config.Cmd}}":              `["a","<b>"]`,
		"{{json .Config.Cmd}} {{.Id}}": `["a","<b>"] `,
	} {
		if got, err := expand(format, x); err != nil || got != want {
			t.Errorf("%q: %q, %v, want %q", format, got, err, want)
		}
	}
	for format, want := range map[string]string{
		"{{.Name":         "inspect -f '{{.Name': a {{ without }}",
		"{{Name}}":        "inspect -f {{Name}}: not a path such as .State.Pid",
		"{{.Name.More}}":  "inspect -f {{.Name.More}}: there is no More",
		"{{.Nosuch}}":     "inspect -f {{.Nosuch}}: there is no Nosuch",
		"{{json}}":        "inspect -f {{json}}: not a path such as .State.Pid",
		"{{.a\x1bb}}":     `inspect -f {{.a\x1bb}}: there is no a\x1bb`,
		"x{{range .A}}":   "inspect -f {{range .A}}: not a path such as .State.Pid",
		"{{.Config.Cmd.0": "inspect -f '{{.Config.Cmd.0': a {{ without }}",
	} {
		if got, err := expand(format, x); err == nil || err.Error() != want {
			t.Errorf("%q: %q, %v, want %q", format, got, err, want)
		}
	}
}

// A verb of docker's is box's verb of another name, and only verbs for boxes are meant.
func TestContainer(t *testing.T) {
	var called []string
	run := func(name string) func(*verb.Context) (int, error) {
		return func(c *verb.Context) (int, error) {
			called = append([]string{name}, c.Words...)
			return 4, nil
		}
	}
	verbs := []verb.Verb{
		{Name: "run", Group: "Running"},
		{Name: "exec", Group: Group},
		{Name: "ps", Group: Group, Run: run("ps")},
		{Name: "remove", Group: Group, Run: run("remove")},
		{Name: "doctor", Group: "Asking", Run: run("doctor")},
	}
	for word, want := range map[string]string{"ps": "ps", "ls": "ps", "list": "ps", "rm": "remove", "remove": "remove"} {
		code, err := Container(&verb.Context{Words: []string{word, "-a", "x"}, Table: verbs})
		if code != 4 || err != nil || !slices.Equal(called, []string{want, "-a", "x"}) {
			t.Errorf("%s: %d, %v, %q", word, code, err, called)
		}
	}
	called = nil
	for word, want := range map[string][2]string{
		"":       {"container '': no such verb", "box container --help"},
		"doctor": {"container doctor: no such verb", "box container --help"},
		"remov":  {"container remov: no such verb", "did you mean box container remove?"},
		"pause":  {"container pause: no such verb", "box kill -s STOP NAME stops the command; CONT lets it go on"},
	} {
		_, err := Container(&verb.Context{Words: []string{word}, Table: verbs})
		if m, is := err.(*say.Message); !is || m.Headline != want[0] || m.Hint != want[1] { //nolint:errorlint // as it is returned
			t.Errorf("%q: %+v, want %q", word, err, want)
		}
	}
	if _, err := Container(&verb.Context{Table: verbs}); err == nil || called != nil {
		t.Errorf("%v, called %q", err, called)
	}
}

// Docker's flags are box's, nothing, or refused with a hint; what is in no table stays.
func TestDockerWords(t *testing.T) {
	verbOf := map[string]*dockerVerb{}
	for i := range dockerVerbs {
		verbOf[dockerVerbs[i].docker] = &dockerVerbs[i]
	}
	for line, want := range map[string]string{
		"ls -aq --no-trunc":               "-a -q",
		"ls --all=true --quiet":           "-a -q",
		"ls --nosuch":                     "--nosuch",
		"ls --format {{.Names}}":          "container ls --format: box has no such flag",
		"ls -as":                          "container ls -s: box has no such flag",
		"ls --all=false":                  "container ls --all=false: takes nothing",
		"stop -t 5":                       "-t5",
		"stop --time=-1":                  "-t-1",
		"stop -t":                         "container stop -t: needs a value",
		"logs --tail 3 --since 1m -f":     "-n3 --since=1m -f",
		"inspect --format={{.State.Pid}}": "-f{{.State.Pid}}",
		"cp -q -- -a":                     "-- -a",
	} {
		words := strings.Fields(line)
		got, err := verbOf[words[0]].translate(words[1:])
		text := strings.Join(got, " ")
		if err != nil {
			text = err.Error()
		}
		if text != want {
			t.Errorf("%s: %q, want %q", line, text, want)
		}
	}
}

// What /proc says of a process: a name with spaces and parentheses does not shift its fields.
func TestLook(t *testing.T) {
	p := look(os.Getpid())
	if p == nil || p.parent != os.Getppid() || p.uid != strconv.Itoa(os.Getuid()) || p.depth < 1 || p.pages == 0 || p.began == 0 {
		t.Fatalf("%+v", p)
	}
	path := t.TempDir() + "/a) S 1 (b"
	if err := os.Symlink("/bin/sleep", path); err != nil {
		t.Fatal(err)
	}
	shell := exec.Command("sh", "-c", `"$0" 100 & wait`, path)
	if err := shell.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = shell.Wait() }()
	defer func() { _ = shell.Process.Kill() }()
	var sleep int
	for q := (*process)(nil); q == nil || q.args != path+" 100"; time.Sleep(time.Millisecond) { // until it is executed
		if children := childrenOf(shell.Process.Pid); len(children) > 0 {
			sleep = children[0]
			q = look(sleep)
		}
	}
	defer func() { _ = unix.Kill(sleep, unix.SIGKILL) }()
	if q := look(sleep); q == nil || q.parent != shell.Process.Pid || q.uid != p.uid {
		t.Errorf("%+v", q)
	}
	if got := argumentsOf(sleep); !slices.Equal(got, []string{path, "100"}) {
		t.Errorf("%q", got)
	}
	if all := processes(); all[os.Getpid()] == nil || all[sleep] == nil {
		t.Error("/proc lacks processes")
	}
	if look(1<<22+1) != nil || !slices.Equal(argumentsOf(1<<22+1), []string{"?"}) || childrenOf(1<<22+1) != nil {
		t.Error("a process that is not there is one")
	}
}

// A box has what descends from its pid 1, and what has entered its pid namespace, with the process of box's own above that.
func TestOf(t *testing.T) {
	outside := look(os.Getpid()).space
	all := map[int]*process{}
	for _, p := range []*process{
		{pid: 10, parent: 1, depth: 1, inside: 10, space: outside}, // a monitor
		{pid: 11, parent: 10, depth: 2, inside: 1},                 // pid 1, which can't be looked into
		{pid: 12, parent: 11, depth: 2, inside: 2, space: "pid:[inner]"},
		{pid: 15, parent: 12, depth: 2, inside: 5, space: "pid:[inner]"},
		{pid: 20, parent: 1, depth: 1, inside: 20, space: outside}, // box exec
		{pid: 21, parent: 20, depth: 2, inside: 3},                 // box in the namespace, above the command
		{pid: 22, parent: 21, depth: 2, inside: 4, space: "pid:[inner]"},
		{pid: 30, parent: 1, depth: 2, inside: 1}, // another box
		{pid: 31, parent: 30, depth: 2, inside: 2, space: "pid:[other]"},
	} {
		all[p.pid] = p
	}
	var got []int
	for _, p := range of(all, 11) {
		got = append(got, p.pid)
	}
	if want := []int{11, 12, 21, 22, 15}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	// A pid namespace that is the caller's is nobody's own.
	for _, p := range all {
		p.space, p.depth = outside, 1
	}
	if got := of(all, 11); len(got) != 3 {
		t.Errorf("with the caller's pid namespace it has %d processes", len(got))
	}
	if of(all, 99) != nil {
		t.Error("a pid 1 that has gone has processes")
	}
}

func TestFigures(t *testing.T) {
	for n, want := range map[uint64]string{
		0: "0.0K", 512: "0.5K", 4096: "4.0K", 10 << 10: "10K", 1023 << 10: "1023K", 1 << 20: "1.0M", 3 << 29: "1.5G",
		5 << 40: "5.0T", 1 << 52: "4096T",
	} {
		if got := size(n); got != want {
			t.Errorf("size(%d) = %s, want %s", n, got, want)
		}
	}
	for nr, want := range map[int]string{
		0: "?", 34816: "pts/0", 34819: "pts/3", 0x100000 | 136<<8: "pts/256", 137 << 8: "pts/1048576", 1025: "?",
	} {
		if got := (&process{terminal: nr}).tty(); got != want {
			t.Errorf("tty %d is %s, want %s", nr, got, want)
		}
	}
	p := &process{ticks: 366100, began: 1000}
	if got := p.cpu(); got != "01:01:01" {
		t.Error(got)
	}
	if got := p.share(10 + 7322); got != "50.0" {
		t.Error(got)
	}
	if got := p.share(1); got != "0.0" {
		t.Error(got)
	}
	if uptime() <= 0 {
		t.Error("the machine has not run")
	}
}
