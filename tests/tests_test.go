// Package tests runs the built box as its users do: as a program, by an ordinary user, with the words that they type. It
// imports nothing of box. The scripts in testdata/script are the tests; each topic has a file.
package tests

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

// scriptVar names the script that this process runs instead of the tests: each script has a process of its own, so that
// what it leaves behind is known to be its own.
const scriptVar = "BOXTEST_SCRIPT"

func TestMain(m *testing.M) {
	flag.Parse()
	// Without this log the go command keeps no result: it can't know of the box that was tested, nor of the scripts, which
	// other processes read.
	_ = flag.Set("test.testlogfile", "")
	heed()
	os.Exit(run(m))
}

// heed has the programs under test begin with the signals as they usually are: who starts the tests by nohup(1), or in the
// background of a shell without jobs, ignores some, and a program inherits that.
func heed() {
	for _, s := range []os.Signal{unix.SIGHUP, unix.SIGINT} {
		if signal.Ignored(s) {
			signal.Notify(make(chan os.Signal, 1), s) // nobody reads it: here it has no effect, as before
		}
	}
}

// run chooses what this process is: the runner of one script, root's part of the tests, or a user's.
func run(m *testing.M) int {
	if file := os.Getenv(scriptVar); file != "" {
		return runScript(file)
	}
	box, err := binary()
	if err == nil {
		err = needed()
	}
	if err == nil {
		err = doWithout()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "tests:", err)
		return 1
	}
	if os.Geteuid() == 0 {
		return runAsUser(m, box)
	}
	return runTests(m, box)
}

// boxDir holds the binary under test by the name of box, and comes first in PATH. The scripts work below it.
var boxDir string

// runTests runs the tests as who we are.
func runTests(m *testing.M, box string) int {
	dir, err := os.MkdirTemp("", "boxtest-")
	if err != nil {
		fmt.Fprintln(os.Stderr, "tests:", err)
		return 1
	}
	defer os.RemoveAll(dir)
	// Root's scripts run box as somebody else, too.
	if err := errors.Join(os.Chmod(dir, 0o711), os.Symlink(box, filepath.Join(dir, "box"))); err != nil {
		fmt.Fprintln(os.Stderr, "tests:", err)
		return 1
	}
	boxDir = dir
	_ = os.Setenv("TMPDIR", dir)
	_ = flag.Set("test.parallel", "2") // scripts measure time: a machine that is busy with others makes them lie
	if err := adoptOrphans(); err != nil {
		fmt.Fprintln(os.Stderr, "tests:", err)
		return 1
	}
	status := m.Run()
	for _, left := range leftProcesses() { // of a script whose process had to be killed
		fmt.Println("LEAK:", left)
		status = 1
	}
	return status
}

// binary returns the box to test: $BOX, else what make build has made.
func binary() (string, error) {
	box := os.Getenv("BOX")
	if box == "" {
		box = "../bin/box"
	}
	box, err := filepath.Abs(box)
	if err != nil {
		return "", err
	}
	if info, err := os.Stat(box); err != nil || info.Mode()&0o111 == 0 {
		return "", fmt.Errorf("no program at %s: run make build first, or set BOX", box)
	}
	return box, nil
}

// tools are the programs that scripts use beyond the base system, and the Debian packages that have them.
var tools = map[string]string{
	"/usr/bin/python3": "python3", "/bin/busybox": "busybox-static", "/usr/bin/newuidmap": "uidmap",
	"/usr/bin/unshare": "util-linux", "/usr/bin/git": "git", "/usr/bin/ssh": "openssh-client",
}

// needed says which tools are missing. Nothing is skipped for want of a tool that a package has.
func needed() error {
	for path, pkg := range tools {
		if _, err := exec.LookPath(path); err != nil {
			return fmt.Errorf("%s is missing: apt-get install %s", path, pkg)
		}
	}
	return nil
}
