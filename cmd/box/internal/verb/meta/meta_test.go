package meta

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"

	"box/cmd/box/internal/say"
	"box/cmd/box/internal/verb"
)

// table is one of verbs: those without Run have the help of a mode.
var table = []verb.Verb{
	{Name: "run", Args: "COMMAND", Short: "Run"},
	{Name: "bwrap", Short: "As bubblewrap"},
	{Name: "doctor", Args: "[--json]", Short: "Tell", Run: func(c *verb.Context) (int, error) {
		fmt.Println("doctor", strings.Join(c.Words, " "))
		return 7, nil
	}},
	{Name: "help", Args: "[VERB]", Short: "Print the help", Run: Help},
	{Name: "version", Short: "Print the version", Run: Version},
}

// printed returns what a verb of this package prints, its status and its error.
func printed(t *testing.T, f func(*verb.Context) (int, error), words ...string) (out string, status int, err error) {
	t.Helper()
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout := os.Stdout
	os.Stdout = write
	defer func() { os.Stdout = stdout }()
	status, err = f(&verb.Context{
		Words: words, Table: table, Reserved: []string{"ps"},
		Help: func(mode string) error {
			fmt.Println("help of", mode)
			return nil
		},
		PrintVersion: func() error {
			_, err := fmt.Println("box 1")
			return err
		},
	})
	_ = write.Close()
	text, readErr := io.ReadAll(read)
	if readErr != nil {
		t.Fatal(readErr)
	}
	return string(text), status, err
}

// The help of a mode, of a verb with options of its own, and of the two that have none.
func TestHelp(t *testing.T) {
	for words, want := range map[string]string{
		"":        "help of run\n",
		"--help":  "help of run\n",
		"-h":      "help of run\n",
		"run":     "help of run\n",
		"bwrap":   "help of bwrap\n",
		"doctor":  "doctor --help\n",
		"help":    "usage: box help [VERB]\n\nPrint the help.\n",
		"version": "usage: box version\n\nPrint the version.\n",
	} {
		out, status, err := printed(t, Help, strings.Fields(words)...)
		if out != want || err != nil || status != 0 && words != "doctor" {
			t.Errorf("help %s: %q, status %d, %v, want %q", words, out, status, err, want)
		}
	}
}

// What is not a verb is misuse, with the nearest verb or all of them.
func TestHelpOfNothing(t *testing.T) {
	for _, c := range []struct {
		words          []string
		headline, hint string
	}{
		{[]string{"nosuch"}, "help nosuch: no such verb", "verbs: run, bwrap, doctor, help, version"},
		{[]string{"ps"}, "help ps: the word is reserved for a verb of box", "verbs: run, bwrap, doctor, help, version"},
		{[]string{"doctr"}, "help doctr: no such verb", "did you mean doctor?"},
		{[]string{"verson"}, "help verson: no such verb", "did you mean version?"},
		{[]string{""}, "help '': no such verb", "verbs: run, bwrap, doctor, help, version"},
		{[]string{"a b"}, "help 'a b': no such verb", "verbs: run, bwrap, doctor, help, version"},
		{[]string{"doctor", "run"}, "help doctor run: takes one verb", "box help doctor"},
	} {
		out, _, err := printed(t, Help, c.words...)
		m, ok := errors.AsType[*say.Message](err)
		if !ok || m.Headline != c.headline || m.Hint != c.hint || m.Status != say.StatusBox || out != "" {
			t.Errorf("help %q: %+v, %q", c.words, err, out)
		}
	}
}

func TestVersion(t *testing.T) {
	if out, status, err := printed(t, Version); out != "box 1\n" || status != 0 || err != nil {
		t.Errorf("%q, status %d, %v", out, status, err)
	}
	out, _, err := printed(t, Version, "--json", "x y")
	m, ok := errors.AsType[*say.Message](err)
	if !ok || m.Headline != "version --json 'x y': takes nothing" || m.Hint != "box version" || out != "" {
		t.Errorf("%+v, %q", err, out)
	}
}
