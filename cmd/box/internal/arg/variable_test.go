package arg

import (
	"errors"
	"os"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

func TestVariable(t *testing.T) {
	for word, want := range map[string][2]string{
		"A=1": {"A", "1"}, "A=": {"A", ""}, "A=b=c": {"A", "b=c"}, "a b= c": {"a b", " c"}, "A='x'": {"A", "'x'"},
	} {
		if name, value, is, err := Variable(word); err != nil || !is || name != want[0] || value != want[1] {
			t.Errorf("%q: %q, %q, %v, %v", word, name, value, is, err)
		}
	}
	// The caller's: this process has it from its start.
	home, has := os.LookupEnv("PATH")
	if name, value, is, err := Variable("PATH"); err != nil || is != has || value != home || is && name != "PATH" {
		t.Errorf("%q, %q, %v, %v, want %q", name, value, is, err, home)
	}
	if name, value, is, err := Variable("BOXTEST_NO_SUCH_VARIABLE"); err != nil || is {
		t.Errorf("one that the caller hasn't is %q, %q, %v", name, value, err)
	}
	for _, word := range []string{"", "=", "=x", "A=\x00", "A\x00"} {
		if name, value, is, err := Variable(word); err == nil || is {
			t.Errorf("%q: %q, %q", word, name, value)
		}
	}
}

func TestVariables(t *testing.T) {
	read := func(text string) (words []string, err error) {
		file := t.TempDir() + "/vars"
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		err = Variables(file, func(word string) error {
			if word == "bad" {
				return errors.New("it is bad")
			}
			words = append(words, word)
			return nil
		})
		return words, err
	}
	for text, want := range map[string][]string{
		"":                               nil,
		"# nothing\n\n \n":               nil,
		"A=1\nB=2":                       {"A=1", "B=2"},
		"\t A= x \n":                     {"A= x "},
		"A=1\r\n#B\r\nC\r\n":             {"A=1", "C"},
		"A=#no comment":                  {"A=#no comment"},
		strings.Repeat("A=1\n", 200_000): slices.Repeat([]string{"A=1"}, 200_000),
	} {
		if words, err := read(text); err != nil || !slices.Equal(words, want) {
			t.Errorf("%.40q: %.3q, %v", text, words, err)
		}
	}
	words, err := read("A=1\nbad\nC=3\n")
	if err == nil || err.Error() != "bad: it is bad" || !slices.Equal(words, []string{"A=1"}) {
		t.Errorf("%q, %v", words, err)
	}
	if _, err := read(strings.Repeat("#", maxVariables)); err == nil || err.Error() != "longer than 1 MiB" {
		t.Error(err)
	}
	for file, want := range map[string]error{"/nosuch": unix.ENOENT, "/": unix.EISDIR} {
		if err := Variables(file, nil); !errors.Is(err, want) {
			t.Errorf("%s: %v", file, err)
		}
	}
}
