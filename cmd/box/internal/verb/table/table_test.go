package table

import (
	"errors"
	"os"
	"slices"
	"strings"
	"testing"

	"box/cmd/box/internal/say"
)

// Each verb is there once, is no reserved word, and says what it does.
func TestVerbs(t *testing.T) {
	names := map[string]bool{}
	for i := range Verbs {
		v := &Verbs[i]
		if names[v.Name] || slices.Contains(Reserved[:], v.Name) {
			t.Errorf("%s is there twice", v.Name)
		}
		names[v.Name] = true
		if v.Short == "" || v.Group == "" || strings.HasSuffix(v.Short, ".") || Of(v.Name) != v {
			t.Errorf("%+v", v)
		}
	}
	for _, word := range append(Reserved[:], "nosuch", "", "Run") {
		if Of(word) != nil {
			t.Errorf("%q is a verb", word)
		}
	}
	if !slices.IsSorted(Reserved[:]) {
		t.Error("the reserved words are in no order")
	}
}

// message returns the message for a first word; its status is that of a program that was not found.
func message(t *testing.T, word string) *say.Message {
	t.Helper()
	err := Misread(word)
	m := (*say.Message)(nil)
	if err != nil && !errors.As(err, &m) {
		t.Fatalf("%q: %v", word, err)
	}
	return m
}

func TestMisread(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("PATH", dir)
	for word, want := range map[string]string{
		"pss": "ps", "rn": "run", "exce": "exec", "log": "logs", "inspct": "inspect", "docter": "doctor", "evrsion": "version",
		"hlep": "help", "to": "top", "stat": "start",
	} {
		m := message(t, word)
		if m == nil || m.Headline != word+": no such verb, and no such program in PATH" || m.Hint != "did you mean box "+want+"?" ||
			m.Status != say.StatusNotFound {
			t.Errorf("%q: %+v, want %s", word, m, want)
		}
	}
	for _, word := range []string{"make", "sh", "p", "xs", "dictator", "", "./ps", "/bin/pss", "PS"} {
		if m := message(t, word); m != nil {
			t.Errorf("%q: %+v", word, m)
		}
	}
	for _, word := range Reserved {
		if m := message(t, word); m == nil || !strings.Contains(m.Headline, "reserved") || m.Status != say.StatusBox {
			t.Errorf("%q: %+v", word, m)
		}
	}
}

// A program wins over a verb that was perhaps meant. A directory, and a file that nobody may execute, are not programs.
func TestProgramWins(t *testing.T) {
	first, second := t.TempDir(), t.TempDir()
	t.Setenv("PATH", first+":"+second)
	if err := os.Mkdir(first+"/pss", 0o755); err != nil {
		t.Fatal(err)
	}
	if m := message(t, "pss"); m == nil {
		t.Error("a directory is a program")
	}
	if err := os.WriteFile(second+"/pss", nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if m := message(t, "pss"); m == nil {
		t.Error("a file that can't be executed is a program")
	}
	if err := os.Chmod(second+"/pss", 0o755); err != nil {
		t.Fatal(err)
	}
	if m := message(t, "pss"); m != nil {
		t.Errorf("the program does not win: %+v", m)
	}
}
