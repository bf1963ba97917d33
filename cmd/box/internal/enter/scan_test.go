package enter

import (
	"errors"
	"os"
	"slices"
	"testing"

	"box/cmd/box/internal/say"
)

// scanned reads the words after exec.
func scanned(words ...string) (*Line, error) {
	b := new(Line)
	b.env = b.envs[:0]
	return b, b.scan(words)
}

// Flags are exec's up to the name of the box. What follows the name is the command, whatever it looks like.
func TestScan(t *testing.T) {
	vars := t.TempDir() + "/vars"
	if err := os.WriteFile(vars, []byte("# a comment\nF=1\nBOXTEST_NO_SUCH\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		words            []string
		name             string
		command, env     []string
		terminal, detach bool
		dir              string
	}{
		{[]string{"web", "true"}, "web", []string{"true"}, nil, false, false, ""},
		{[]string{"-it", "web", "sh"}, "web", []string{"sh"}, nil, true, false, ""},
		{[]string{"-i", "web", "sh"}, "web", []string{"sh"}, nil, false, false, ""},
		{[]string{"-dit", "web", "sh", "-c", "x"}, "web", []string{"sh", "-c", "x"}, nil, true, true, ""},
		{[]string{"--interactive", "--tty", "web", "sh"}, "web", []string{"sh"}, nil, true, false, ""},
		{[]string{"--detach", "web", "sh"}, "web", []string{"sh"}, nil, false, true, ""},
		{[]string{"--", "web", "ls", "-it"}, "web", []string{"ls", "-it"}, nil, false, false, ""},
		{[]string{"web", "--", "ls", "--"}, "web", []string{"ls", "--"}, nil, false, false, ""},
		{[]string{"web", "--"}, "web", []string{"--"}, nil, false, false, ""},
		{
			[]string{"-e", "A=1", "--env", "B=", "--env=C=3=4", "web", "env", "-e"},
			"web",
			[]string{"env", "-e"},
			[]string{"A=1", "B=", "C=3=4"},
			false, false, "",
		},
		{[]string{"-e", "BOXTEST_NO_SUCH", "web", "env"}, "web", []string{"env"}, nil, false, false, ""},
		{[]string{"--env-file", vars, "-e", "F=2", "web", "env"}, "web", []string{"env"}, []string{"F=1", "F=2"}, false, false, ""},
		{[]string{"--chdir", "/usr", "web", "pwd"}, "web", []string{"pwd"}, nil, false, false, "/usr"},
		{[]string{"--chdir=usr", "web", "pwd"}, "web", []string{"pwd"}, nil, false, false, "/usr"},
		{[]string{"--chdir", "", "web", "pwd"}, "web", []string{"pwd"}, nil, false, false, "/"},
		{[]string{"-", "pwd"}, "-", []string{"pwd"}, nil, false, false, ""},
	} {
		b, err := scanned(c.words...)
		if err != nil || b.name != c.name || !slices.Equal(b.command, c.command) || !slices.Equal(b.env, c.env) ||
			b.terminal != c.terminal || b.detach != c.detach || b.dir != c.dir {
			t.Errorf("%q: %v: %q %q %q, terminal %v, detached %v, in %q",
				c.words, err, b.name, b.command, b.env, b.terminal, b.detach, b.dir)
		}
	}
}

// What can't be meant is an error before anything is asked for, and says what to do.
func TestScanRefuses(t *testing.T) {
	for _, c := range []struct {
		words      []string
		said, hint string
	}{
		{nil, "exec: needs the name of a box and a command", "box exec --help"},
		{[]string{"-it"}, "exec: needs the name of a box and a command", "box exec --help"},
		{[]string{"--", "web"}, "exec web: needs a command", "box exec web sh"},
		{[]string{"web"}, "exec web: needs a command", "box exec web sh"},
		{[]string{"-w", "/x", "web", "true"}, "exec: unknown flag -w", "--chdir DIR"},
		{[]string{"-ix", "web", "true"}, "exec: unknown flag -ix", "box exec --help"},
		{[]string{"--allow=x", "web", "true"}, "exec: unknown flag --allow", "box exec --help"},
		{[]string{"-e"}, "exec -e: needs a value", "box exec --help"},
		{[]string{"--chdir"}, "exec --chdir: needs a value", "box exec --help"},
		{[]string{"-e", "=x", "web", "true"}, "exec -e =x: not NAME=VALUE or NAME", ""},
		{[]string{"--env=", "web", "true"}, "exec --env '': not NAME=VALUE or NAME", ""},
		{[]string{"--env-file", "/nosuch", "web", "x"}, "exec --env-file /nosuch: it can't be read: no such file or directory", ""},
	} {
		_, err := scanned(c.words...)
		m := (*say.Message)(nil)
		if !errors.As(err, &m) || m.Headline != c.said || m.Hint != c.hint || m.Status != say.StatusBox {
			t.Errorf("%q: %+v, want %q and %q", c.words, err, c.said, c.hint)
		}
	}
	for _, words := range [][]string{{"--help"}, {"-h"}, {"-it", "--help", "web", "true"}} {
		if _, err := scanned(words...); !errors.Is(err, ErrHelp) {
			t.Errorf("%q: %v", words, err)
		}
	}
	if b, err := scanned("web", "true", "--help"); err != nil || !slices.Equal(b.command, []string{"true", "--help"}) {
		t.Errorf("the command's own --help: %v, %q", err, b.command)
	}
}
