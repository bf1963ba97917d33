package project

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"box/internal/host"
)

// readAll returns the values of a configuration, as key=value, and what is wrong with it.
func readAll(t *testing.T, text string) (values []string, wrong string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "config")
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	var r reader
	if !r.open(host.Here, path) {
		t.Fatal("there is no file")
	}
	for r.next() {
		values = append(values, r.key.String()+"="+r.whole.String())
	}
	r.close()
	return values, r.wrong
}

// What git reads of the same files, see git-config(1), "Syntax"; git config --list -f agrees.
func TestReader(t *testing.T) {
	for text, want := range map[string]string{
		"":                                      "",
		"# a comment\n; another":                "",
		"[core]\n\tbare = false\n":              "core.bare=false",
		"[core] bare":                           "core.bare=",
		"[CORE]\nHooksPath=x ; no\n":            "core.hookspath=x",
		"[core]\r\n\ta = b\r\n":                 "core.a=b",
		"[filter \"X.y\"]\nclean = ./a %f":      "filter.X.y.clean=./a %f",
		"[filter \"a\\\"b\"]\nclean=c":          "filter.a\"b.clean=c",
		"[Filter.Sub]\nclean=c":                 "filter.sub.clean=c",
		"[a]\nb = \"  c # d  \" # e":            "a.b=  c # d  ",
		"[a]\nb = c \\\n  d\ne = f":             "a.b=c   d a.e=f",
		"[a]\nb = \"x\\ty\\nz\\\\\\\"\"":        "a.b=x\ty\nz\\\"",
		"\xef\xbb\xbf[a]\nb=c":                  "a.b=c",
		"[a]\nb=c\n[d]\ne=f\n[a]\nb=g":          "a.b=c d.e=f a.b=g",
		"[a \"\"]\nb=c":                         "a..b=c",
		"[a]b=c":                                "a.b=c",
		"[include]\npath = ../.gitconfig\n[x]y": "include.path=../.gitconfig x.y=",
	} {
		values, wrong := readAll(t, text)
		if got := strings.Join(values, " "); got != want || wrong != "" {
			t.Errorf("%q: %q %s, want %q", text, got, wrong, want)
		}
	}
}

// What git refuses is refused as well.
func TestReaderRefuses(t *testing.T) {
	for _, text := range []string{
		"a = b", "[a", "[a\nb=c", "[a \"b\n\"]", "[a \"b\" c]", "[a]\nb = \"c", "[a]\nb = \\q", "[a]\n= b", "[a]\nb c", "[a]\n1=2",
		strings.Repeat("[a]\n", 1<<18) + "b=c",
	} {
		if values, wrong := readAll(t, text); wrong == "" {
			t.Errorf("%.40q: %q", text, values)
		}
	}
}

// A value that is longer than a path comes in parts, and no word of it is lost or cut.
func TestReaderOfLongValues(t *testing.T) {
	var words []string
	for n := range 4000 {
		words = append(words, "w"+strings.Repeat("x", n%7))
	}
	for _, quote := range []string{"", "\""} {
		values, wrong := readAll(t, "[a]\nb = "+quote+strings.Join(words, " ")+quote+"\nc = d\n")
		if wrong != "" {
			t.Fatal(wrong)
		}
		var got []string
		for _, v := range values[:len(values)-1] {
			got = append(got, strings.Fields(strings.TrimPrefix(v, "a.b="))...)
		}
		if strings.Join(got, " ") != strings.Join(words, " ") || values[len(values)-1] != "a.c=d" {
			t.Errorf("%d words of %d", len(got), len(words))
		}
	}
}
