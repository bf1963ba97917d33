package tests

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// slowVar says how many times slower than others this machine is: an emulated one.
const slowVar = "BOXTEST_SLOW"

// idleVar says for how many seconds connections are idle in net_idle: 300 with BOXTEST_SLOW=4, by hand.
const idleVar = "BOXTEST_IDLE"

// scriptTime bounds a script, and scriptGrace the time that its process has after that to report what hangs.
var (
	scriptTime  = 120 * time.Second * time.Duration(setting(slowVar, 1))
	scriptGrace = 15 * time.Second * time.Duration(setting(slowVar, 1))
)

func TestScripts(t *testing.T) {
	runScripts(t, "testdata/script")
}

// runScripts runs each script of a directory in a process of its own, at the same time.
func runScripts(t *testing.T, dir string) { eachScript(t, dir, (*testing.T).Parallel) }

// runAlone runs them one after the other.
func runAlone(t *testing.T, dir string) { eachScript(t, dir, func(*testing.T) {}) }

// eachScript runs each script of a directory in a process of its own.
func eachScript(t *testing.T, dir string, begin func(*testing.T)) {
	files, err := filepath.Glob(filepath.Join(dir, "*.txtar"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no scripts in %s", dir)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			begin(t)
			out, err := scriptProcess(t, file).CombinedOutput()
			switch text := string(out); {
			case err != nil:
				t.Fatalf("%v (it may take %v)\n%s", err, scriptTime, text)
			case strings.HasPrefix(text, skipped):
				t.Skip(strings.TrimPrefix(text, skipped))
			case testing.Verbose():
				t.Log(text)
			}
		})
	}
}

// scriptProcess returns the command that runs a script, after the words of wrapper.
func scriptProcess(t *testing.T, file string, wrapper ...string) *exec.Cmd {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	argv := slices.Concat(wrapper, []string{self})
	if testing.Verbose() {
		argv = append(argv, "-test.v")
	}
	ctx, cancel := context.WithTimeout(context.Background(), scriptTime+scriptGrace)
	t.Cleanup(cancel)
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.WaitDelay = time.Second // what it leaves may hold its output open
	cmd.Env = append(os.Environ(), scriptVar+"="+file, "PATH="+boxDir+":/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin")
	return cmd
}

// skipped begins the output of a script that doesn't apply here.
const skipped = "skipped: "

// runScript runs one script, looks for what it has left behind, and returns the exit status of its process.
func runScript(file string) int {
	root, err := os.MkdirTemp("", strings.TrimSuffix(filepath.Base(file), ".txtar"))
	if err != nil {
		fmt.Println(err)
		return 1
	}
	defer os.RemoveAll(root)
	s := &script{}
	before, err := look()
	if err != nil {
		fmt.Println(err)
		return 1
	}
	testscript.RunT(s, testscript.Params{
		Files: []string{file}, WorkdirRoot: root, RequireUniqueNames: true, Deadline: time.Now().Add(scriptTime),
		Setup: s.setup, Condition: s.condition, Cmds: s.commands(),
	})
	for _, leak := range before.leaks(s) {
		fmt.Println("LEAK:", leak)
		s.failed = true
	}
	if s.failed {
		return 1
	}
	return 0
}

// script is a testscript.T for one script in one process.
type script struct {
	failed bool
	dir    string          // where it works
	given  map[string]bool // the files that were there at its start
	made   []string        // those that it knows to have made
	held   []*os.File      // what the command "hold" has opened
}

// Run runs f in a goroutine of its own, which FailNow may end.
func (s *script) Run(_ string, f func(testscript.T)) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		f(s)
	}()
	<-done
}

func (s *script) Log(args ...any) { fmt.Println(args...) }

func (s *script) FailNow() {
	s.failed = true
	runtime.Goexit()
}

func (s *script) Fatal(args ...any) {
	s.Log(args...)
	s.FailNow()
}

func (s *script) Skip(args ...any) {
	fmt.Print(skipped, fmt.Sprintln(args...))
	os.Exit(0)
}

func (s *script) Parallel()     {}
func (s *script) Verbose() bool { return testing.Verbose() }

// documents are those whose examples a script runs: below the repository.
var documents = [...]string{"docs/containers-are-processes.md", "docs/coming-from-docker.md"}

// documentPath returns where one is: in the repository, or where stage has copied it to.
func documentPath(document string) string {
	path, _ := filepath.Abs("../" + document)
	if _, err := os.Stat(path); err != nil {
		path, _ = filepath.Abs(filepath.Base(document))
	}
	return path
}

// setup gives the script the environment of a user whose home is in the script's own directory.
func (s *script) setup(env *testscript.Env) error {
	home := filepath.Join(env.WorkDir, "home")
	if err := os.MkdirAll(home, 0o755); err != nil {
		return err
	}
	who := os.Getenv("USER")
	env.Vars = append(env.Vars, "HOME="+home, "USER="+who, "LOGNAME="+who, "LANG=C.UTF-8", "TERM=dumb")
	library, err := filepath.Abs("testdata/python")
	if err != nil {
		return err
	}
	// What box notes of sandboxes is nothing that a script must take away.
	env.Vars = append(env.Vars, "XDG_STATE_HOME="+filepath.Join(filepath.Dir(env.WorkDir), "state"))
	env.Vars = append(env.Vars, "XDG_DATA_HOME="+filepath.Join(filepath.Dir(env.WorkDir), "data"),
		"XDG_CACHE_HOME="+filepath.Join(filepath.Dir(env.WorkDir), "cache"))
	s.made = append(s.made, filepath.Join(home, ".config")) // box's own part of it is read-only in a sandbox, and so it is made
	env.Vars = append(env.Vars, "PYTHONPATH="+library, "PYTHONDONTWRITEBYTECODE=1")
	env.Vars = append(env.Vars, "DOCUMENT="+documentPath(documents[0]), "DOCKER="+documentPath(documents[1]))
	env.Vars = append(env.Vars, slowVar+"="+os.Getenv(slowVar), idleVar+"="+os.Getenv(idleVar))
	s.dir = env.WorkDir
	s.given, err = filesBelow(s.dir)
	return err
}
