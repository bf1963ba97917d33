package arg

import (
	"strings"
	"testing"
)

// A hint is what the user has most likely meant, and never something that reaches more by a guess.
func TestRepaired(t *testing.T) {
	for word, want := range map[string]string{
		"https://u@example.org:80/y": "--allow example.org:80",
		"user@example.org":           "--allow example.org",
		"user@":                      "",
		"example.org/path":           "--allow example.org",
		"a b":                        "--allow a --allow b",
		"a.example,b.example:22":     "--allow a.example --allow b.example:22",
		"a.example:22,23":            "",
		"*x":                         "--allow '*.x'",
		"a.*.b":                      "--allow '*.b'",
		"a*":                         "",
		"*.":                         "",
		"":                           "",
		"a..b":                       "--allow a.b",
		".a":                         "--allow a",
		"x:":                         "--allow x",
		"x:080":                      "--allow x:80",
		"x:0":                        "",
		"x:65536":                    "",
		"x:1-5":                      "",
		"x:1,,2":                     "--allow x:1,2",
		"10.0.0.1":                   "--allow 10.0.0.1:443",
		"10.0.0.1/8:22":              "--allow 10.0.0.0/8:22",
		"10.0.0.0/33:22":             "",
		"[2001:db8::1]":              "--allow '[2001:db8::1]:443'",
		"[2001:db8::1]22":            "--allow '[2001:db8::1]:22'",
		"[2001:db8::1:22":            "--allow '[2001:db8::1]:22'",
		"2001:db8::1:22":             "--allow '[2001:db8::1]:22'",
		"2001:db8::1":                "--allow '[2001:db8::1]:443'",
		"[2001:db8::1/32]:22":        "--allow '[2001:db8::/32]:22'",
		"2001:db8::/32:22":           "",
		"x\nbox: y":                  "",
		"ü.de":                       "",
		strings.Repeat("a", 64):      "",
	} {
		if got := Repaired("--allow", word); got != want {
			t.Errorf("%q: %q, want %q", word, got, want)
		}
	}
}

func FuzzRepaired(f *testing.F) {
	for _, word := range []string{"https://u@x:80/y", "a b", "[::1/64]:80", "*x,y:0", "a:1,2", "::1:80"} {
		f.Add(word)
	}
	f.Fuzz(func(t *testing.T, word string) {
		hint := Repaired("--allow", word)
		if strings.ContainsFunc(hint, func(c rune) bool { return c < ' ' || c > '~' }) {
			t.Errorf("%q: %q", word, hint)
		}
		for part := range strings.SplitSeq(strings.TrimPrefix(hint, "--allow "), " --allow ") {
			if hint != "" && !sound(strings.Trim(part, "'")) {
				t.Errorf("%q: %q can't be meant", word, hint)
			}
		}
	})
}
