// Package unprivileged lets tests that start sandboxes run as an ordinary user: what works for root alone proves nothing.
package unprivileged

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// nobody is a user that owns nothing.
const nobody = 65534

// Main runs the tests of m, as nobody if the process is root's: the test program copies itself to where everybody may
// run it and starts the copy. It returns the exit status.
func Main(m *testing.M) int {
	if os.Getuid() != 0 {
		return m.Run()
	}
	status, err := again()
	if err != nil {
		fmt.Fprintln(os.Stderr, "cannot run the tests as an ordinary user:", err)
		return 1
	}
	return status
}

func again() (int, error) {
	dir, err := os.MkdirTemp("", "box-test-")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(dir)
	if err := os.Chmod(dir, 0o777); err != nil {
		return 0, err
	}
	self, err := os.Executable()
	if err != nil {
		return 0, err
	}
	program, err := os.ReadFile(self)
	if err != nil {
		return 0, err
	}
	copied := filepath.Join(dir, "test")
	if err := os.WriteFile(copied, program, 0o755); err != nil {
		return 0, err
	}
	var args []string
	for _, a := range os.Args[1:] {
		if !strings.HasPrefix(a, "-test.testlogfile=") { // the go command's own directory is closed to others
			args = append(args, a)
		}
	}
	cmd := exec.Command(copied, args...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, os.Stdout, os.Stderr
	cmd.Env = append(os.Environ(), "HOME="+dir, "TMPDIR="+dir)
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	err = cmd.Run()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return exit.ExitCode(), nil
	}
	return 0, err
}
