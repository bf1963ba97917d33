package tests

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// bwrapCase is a command line, and why the two differ, if they do.
type bwrapCase struct {
	line    string
	differs []mark
}

// mark is a line before a case that says why the two differ.
type mark struct {
	reason string
	always bool   // not only on some machines
	before string // the version of bubblewrap that has it no longer; "" if all have it
}

func TestBwrapIsBwrap(t *testing.T) { compareWithBwrap(t) }

func TestRootBwrapIsBwrap(t *testing.T) { compareWithBwrap(t) }

// compareWithBwrap runs each line of the cases with bubblewrap and with box by its name, and compares status, stdout and
// stderr.
func compareWithBwrap(t *testing.T) {
	for _, ref := range references(t) {
		t.Run(ref.version, func(t *testing.T) {
			dir := t.TempDir()
			for name, target := range map[string]string{"real": ref.path, "box": filepath.Join(boxDir, "box")} {
				bin := filepath.Join(dir, name)
				if err := errors.Join(os.Mkdir(bin, 0o755), os.Symlink(target, filepath.Join(bin, "bwrap"))); err != nil {
					t.Fatal(err)
				}
			}
			for _, c := range readCases(t) {
				want, got := runCase(t, c.line, filepath.Join(dir, "real")), runCase(t, c.line, filepath.Join(dir, "box"))
				c.judge(t, ref, want, got)
			}
		})
	}
}

// judge compares what bubblewrap has shown with what box has.
func (c *bwrapCase) judge(t *testing.T, ref reference, want, got string) {
	differs := false
	for _, m := range c.differs {
		if !ref.before(m.before) {
			continue
		}
		differs = true
		if want == got && m.always && ref.must(m.before) {
			t.Errorf("bwrap %s\nis listed as different (%s), and is the same", c.line, m.reason)
		}
	}
	if want != got && !differs {
		t.Errorf("bwrap %s\n--- bubblewrap\n%s--- box\n%s", c.line, want, got)
	}
}

func readCases(t *testing.T) []bwrapCase {
	text, err := os.ReadFile("testdata/bwrap/cases.txt")
	if err != nil {
		t.Fatal(err)
	}
	var cases []bwrapCase
	var next bwrapCase
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSuffix(line, "\n")
		switch {
		case line == "" || line[0] == '#':
		case line[0] == '!', line[0] == '?':
			when, reason, _ := strings.Cut(line[1:], " ")
			next.differs = append(next.differs, mark{reason, line[0] == '!', strings.TrimPrefix(when, "<")})
		default:
			next.line = line
			cases = append(cases, next)
			next = bwrapCase{}
		}
	}
	if len(cases) < 100 {
		t.Fatalf("only %d cases", len(cases))
	}
	return cases
}

// runCase runs one line in a directory of its own, with the bwrap that is in bin, and returns all that can be seen of it.
// A usage text counts as such: the words of the options' help are each program's own.
func runCase(t *testing.T, line, bin string) string {
	dir := filepath.Join(t.TempDir(), "dir")
	err := errors.Join(os.MkdirAll(filepath.Join(dir, "w"), 0o755),
		os.WriteFile(filepath.Join(dir, "f"), []byte("file\n"), 0o644), os.Symlink("nowhere", filepath.Join(dir, "dang")))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), scriptTime)
	defer cancel()
	var stdout, stderr strings.Builder
	cmd := exec.CommandContext(ctx, "bash", "-c", "set -o pipefail; bwrap "+line)
	cmd.Dir, cmd.Stdout, cmd.Stderr, cmd.WaitDelay = dir, &stdout, &stderr, 2*time.Second
	cmd.Env = []string{
		"HOME=" + dir, "PATH=" + bin + ":/usr/bin:/bin", "USER=user", "LANG=C.UTF-8",
		"U=--ro-bind /usr /usr --symlink usr/bin /bin --symlink usr/lib /lib --symlink usr/lib64 /lib64",
	}
	if err := cmd.Run(); cmd.ProcessState == nil {
		t.Fatal(err)
	}
	said := stderr.String()
	if strings.HasPrefix(said, "usage:") {
		said, _, _ = strings.Cut(said, "\n")
	}
	neutral := strings.NewReplacer(dir, "DIR", bin, "BIN")
	return neutral.Replace(fmt.Sprintf("status %d\n%s[stderr]\n%s", cmd.ProcessState.ExitCode(), stdout.String(), said))
}
