package tests

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
	"golang.org/x/sys/unix"
)

// commands returns what scripts can say beyond testscript's own commands.
func (s *script) commands() map[string]func(*testscript.TestScript, bool, []string) {
	return map[string]func(*testscript.TestScript, bool, []string){
		"exits":    exits,
		"says":     says,
		"prints":   prints,
		"without":  without,
		"landlock": olderLandlock,
		"made":     s.remember,
		"hold":     s.hold,
	}
}

// exits N PROGRAM [ARG…]: the program ends with exactly that status.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits N program [args...]")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	err = ts.Exec(args[1], args[2:]...)
	status := 0
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		status = exit.ExitCode()
	} else if err != nil {
		ts.Fatalf("%v", err)
	}
	if status != want {
		ts.Fatalf("exit status %d, not %d", status, want)
	}
}

// says [LINE…]: these and no other lines were written to stderr.
func says(ts *testscript.TestScript, neg bool, lines []string) {
	compare(ts, neg, "stderr", lines)
}

// prints [LINE…]: these and no other lines were written to stdout.
func prints(ts *testscript.TestScript, neg bool, lines []string) {
	compare(ts, neg, "stdout", lines)
}

func compare(ts *testscript.TestScript, neg bool, stream string, lines []string) {
	if neg {
		ts.Fatalf("unsupported: !")
	}
	want := strings.Join(append(lines, ""), "\n")
	if got := ts.ReadFile(stream); got != want {
		ts.Fatalf("%s is:\n%s\nand should be:\n%s", stream, got, want)
	}
}

// made FILE…: the script knows that it has left these, with all that is below them.
func (s *script) remember(ts *testscript.TestScript, neg bool, files []string) {
	if neg || len(files) == 0 {
		ts.Fatalf("usage: made file...")
	}
	for _, file := range files {
		s.made = append(s.made, ts.MkAbs(file))
	}
}

// hold FILE: opens it and forgets to close it. Only the test of the leak check says so.
func (s *script) hold(ts *testscript.TestScript, _ bool, args []string) {
	file, err := os.Open(args[0])
	ts.Check(err)
	s.held = append(s.held, file)
}

// condition knows [subids]: the system has given subordinate ids to the user who runs the script, see subuid(5); [traces]:
// processes may trace those of their user that are not their children, see ptrace(2), ptrace_scope; [landlock:N]: the kernel's
// version of Landlock is N or a later one; and [xattr]: the script's file system has user.* attributes, as tmpfs has since
// Linux 6.6.
func (s *script) condition(cond string) (bool, error) {
	if abi, is := strings.CutPrefix(cond, "landlock:"); is {
		want, err := strconv.Atoi(abi)
		return landlockABI() >= want, err
	}
	switch cond {
	case "xattr":
		return unix.Setxattr(s.dir, "user.test", nil, 0) == nil, nil
	case "subids":
		return hasSubIDs()
	case "traces":
		scope, err := os.ReadFile("/proc/sys/kernel/yama/ptrace_scope")
		return os.IsNotExist(err) || strings.TrimSpace(string(scope)) == "0", nil
	}
	return false, fmt.Errorf("unknown condition %q", cond)
}

func hasSubIDs() (bool, error) {
	for _, table := range []string{"/etc/subuid", "/etc/subgid"} {
		if has, err := listed(table); !has {
			return false, err
		}
	}
	return true, nil
}

// listed reports whether a table of subordinate ids has a line for the user.
func listed(table string) (bool, error) {
	file, err := os.Open(table)
	if os.IsNotExist(err) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		who, _, _ := strings.Cut(lines.Text(), ":")
		if who == os.Getenv("USER") || who == strconv.Itoa(os.Getuid()) {
			return true, nil
		}
	}
	return false, lines.Err()
}
