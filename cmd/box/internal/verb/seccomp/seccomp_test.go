package seccomp

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"box/cmd/box/internal/say"
	"box/cmd/box/internal/verb"
	"box/seccompprofile"
	"box/seccompprofile/policies"
	"box/seccompprofile/policy"
)

// printed returns what the verb prints to a pipe.
func printed(t *testing.T, words ...string) ([]byte, error) {
	t.Helper()
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout := os.Stdout
	os.Stdout = write
	defer func() { os.Stdout = stdout }()
	text := make(chan []byte)
	go func() {
		data, _ := io.ReadAll(read)
		text <- data
	}()
	status, err := Run(&verb.Context{Words: words})
	_ = write.Close()
	if status != 0 {
		t.Errorf("%q: status %d", words, status)
	}
	return <-text, err
}

// own writes a policy and returns its path.
func own(t *testing.T, text string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "own.policy")
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return name
}

// The list has each built-in policy, with a sentence about it.
func TestList(t *testing.T) {
	out, err := printed(t, "ls")
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	if len(lines) != len(policies.Names())+1 {
		t.Errorf("%d lines for %d policies and off", len(lines), len(policies.Names()))
	}
	for i, name := range append(policies.Names(), seccompprofile.Off) {
		first, rest, _ := strings.Cut(lines[i], " ")
		if rest = strings.TrimSpace(rest); first != name || !strings.HasSuffix(rest, ".") || len(rest) < 10 {
			t.Errorf("%q for %s", lines[i], name)
		}
	}
}

// The first sentence of the first comment is a policy's summary.
func TestSummary(t *testing.T) {
	for text, want := range map[string]string{
		"# One sentence. And more.\nversion 1\n":          "One sentence.",
		"version 1\n\n# Over\n# two lines. More\ndefault": "Over two lines.",
		"# Ends in a colon:\n# allow read\n":              "Ends in a colon: allow read.",
		"# No end\n":                                      "No end.",
		"#none\n# This\n":                                 "This.",
		"":                                                ".",
	} {
		if got := summary(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

// What is shown is the text, byte by byte; a policy that is wrong is told about instead.
func TestShow(t *testing.T) {
	const text = "version 1\n# mine\ndefault errno EPERM\nallow read write exit_group\n"
	out, err := printed(t, "show", own(t, text))
	if err != nil || string(out) != text {
		t.Errorf("%q, %v", out, err)
	}
	out, err = printed(t, "show", own(t, "version 1\ndefault kill\nallow raed\n"))
	m, ok := errors.AsType[*say.Message](err)
	if !ok || len(out) > 0 || !strings.Contains(m.Headline+m.Cause+m.Hint, "raed") {
		t.Errorf("%q, %+v", out, err)
	}
}

// What is exported is the program that a start loads.
func TestExport(t *testing.T) {
	out, err := printed(t, "export", "default")
	if err != nil || !bytes.Equal(out, seccompprofile.Program("default", 0)) {
		t.Errorf("%d bytes, %v: not the program of the default policy", len(out), err)
	}
	out, err = printed(t, "export", own(t, "version 1\ndefault kill\nallow read\n"))
	if err != nil || len(out) == 0 || len(out)%8 != 0 {
		t.Errorf("%d bytes, %v", len(out), err)
	}
}

// A policy is proven for each architecture that it is for.
func TestCheck(t *testing.T) {
	out, err := printed(t, "check", own(t, "version 1\ndefault errno EPERM\nallow read write\nallow exit_group if arg0 == 0\n"))
	if err != nil || strings.Count(string(out), "2 calls allowed, ") != 2 || strings.Count(string(out),
		", 1 by their arguments") != 2 {
		t.Errorf("%s, %v", out, err)
	}
	out, err = printed(t, "check", own(t, "version 1\narch aarch64\ndefault kill\nallow read\n"))
	if err != nil || strings.Contains(string(out), "x86_64") || !strings.Contains(string(out), "aarch64: 1 calls allowed") {
		t.Errorf("%s, %v", out, err)
	}
}

// What becomes of a call, and why; what it would take is said where it is refused.
func TestExplain(t *testing.T) {
	name := own(t, "version 1\ndefault errno EPERM\nallow read\nallow socket if arg0 == 1\nkill ptrace\n")
	for words, want := range map[string]string{
		"read":     "read, 0 of x86_64: allow\n  because ",
		"ptrace":   "ptrace, 101 of x86_64: kill",
		"mkdir":    "mkdir, 83 of x86_64: errno EPERM\n  because ",
		"socket":   "socket, 41 of x86_64: its arguments decide\n",
		"socket 1": "socket(1), 41 of x86_64: allow\n",
		"socket 2": "socket(2), 41 of x86_64: errno EPERM\n",
	} {
		out, err := printed(t, append([]string{"explain", name, "--arch", "x86_64"}, strings.Fields(words)...)...)
		if err != nil || !strings.HasPrefix(string(out), want) {
			t.Errorf("%s: %s, %v, want %s", words, out, err, want)
		}
	}
}

// Misuse is told with the word that is wrong.
func TestMisuse(t *testing.T) {
	for _, c := range []struct{ words, headline, hint string }{
		{"", "seccomp: needs one of ls, show, check, explain, export, import", "box seccomp --help"},
		{"sho", "seccomp sho: no such verb", "did you mean show?"},
		{"xyzzy", "seccomp xyzzy: no such verb", "box seccomp --help"},
		{"show off", "off: loads nothing: there is no such policy to look at", ""},
		{"explain default reed --arch x86_64", "reed: no such call", "did you mean read?"},
		{"explain default mmap2 --arch x86_64", "mmap2: x86_64 has no such call", ""},
		{"explain default read 1 2 3 4 --arch x86_64", "read 1 2 3 4: the call has fewer arguments", ""},
		{"check default --allow-32bit --arch aarch64", "--allow-32bit: there are no 32-bit calls to allow on aarch64", ""},
	} {
		out, err := printed(t, strings.Fields(c.words)...)
		m, ok := errors.AsType[*say.Message](err)
		if !ok || m.Headline != c.headline || m.Hint != c.hint || m.Status != say.StatusBox || len(out) > 0 {
			t.Errorf("seccomp %s: %+v, %q", c.words, err, out)
		}
	}
}

// A call is named or numbered, and -1 is the number that ptrace(2) gives to a call that is left out.
func TestCallNumber(t *testing.T) {
	for word, want := range map[string]uint32{
		"read": 0, "ptrace": 101, "0": 0, "101": 101, "0x65": 101, "-1": 1<<32 - 1, "4294967295": 1<<32 - 1,
		"0x40000001": 1<<30 + 1,
	} {
		if got, err := callNumber(policy.AMD64, word); err != nil || got != want {
			t.Errorf("%s: %d, %v", word, got, err)
		}
	}
	for _, word := range []string{"", "-2", "4294967296", "1.5", "READ", "mmap2"} {
		if got, err := callNumber(policy.AMD64, word); err == nil {
			t.Errorf("%q: %d", word, got)
		}
	}
}

// An argument has 64 bits, with a sign or without.
func TestArgValue(t *testing.T) {
	for word, want := range map[string]uint64{
		"0": 0, "16": 16, "0x10": 16, "0o20": 16, "020": 16, "0b1": 1, "-1": 1<<64 - 1, "18446744073709551615": 1<<64 - 1,
		"-9223372036854775808": 1 << 63,
	} {
		if got, err := argValue(word); err != nil || got != want {
			t.Errorf("%s: %d, %v", word, got, err)
		}
	}
	for _, word := range []string{"", "x", "1e3", "18446744073709551616", "-9223372036854775809", "+ 1"} {
		if got, err := argValue(word); err == nil {
			t.Errorf("%q: %d", word, got)
		}
	}
}
