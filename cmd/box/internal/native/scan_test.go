package native

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"box/cmd/box/internal/session"
)

func TestFlagsAreComplete(t *testing.T) {
	seen := map[string]bool{}
	for _, f := range Flags {
		if seen[f.Name] {
			t.Errorf("%s is there twice", f.Name)
		}
		seen[f.Name] = true
		if f.Help == "" || !slices.Contains(Groups[:], f.Group) {
			t.Errorf("%s has no help or no group", f.Name)
		}
		if f.Do == nil && f.Name != "--args" && f.Name != "--help" && f.Name != "--version" {
			t.Errorf("%s does nothing", f.Name)
		}
	}
}

func TestScan(t *testing.T) {
	for _, c := range []struct {
		words   string
		steps   []string
		command string
	}{
		{"ls -l", nil, "ls -l"},
		{"--ro-bind /usr /usr sh -c x", []string{"--ro-bind /usr /usr"}, "sh -c x"},
		{"--ro-bind --dev --proc -- --dev", []string{"--ro-bind --dev --proc"}, "--dev"},
		{"--size=5 --tmpfs /x - y", []string{"--size 5", "--tmpfs /x"}, "- y"},
		{"-w -- sh", []string{"-w"}, "sh"},
		{"--dev /dev -- -- sh", []string{"--dev /dev"}, "-- sh"},
	} {
		steps, command, err := scan(nil, new(session.Memory), strings.Fields(c.words))
		if err != nil {
			t.Errorf("%s: %v", c.words, err)
			continue
		}
		var got []string
		for _, s := range steps {
			got = append(got, strings.Join(s.words, " "))
		}
		if !slices.Equal(got, c.steps) || strings.Join(command, " ") != c.command {
			t.Errorf("%s: steps %q, command %q", c.words, got, command)
		}
	}
}

func TestScanRefuses(t *testing.T) {
	for words, want := range map[string]string{
		"--ro-bnd /a /b sh":    "unknown flag --ro-bnd",
		"--ro-bind /a":         "--ro-bind /a: needs DEST",
		"--ro-bind":            "--ro-bind: needs SRC DEST",
		"--ro-bind=/a /b sh":   "--ro-bind: takes SRC DEST after a space",
		"--share-net=yes sh":   "--share-net: takes nothing after a space",
		"-x sh":                "unknown flag -x",
		"--args 77 sh":         "--args 77: descriptor 77 is not open",
		"--args x sh":          "--args x: x is not a descriptor's number",
		"--args 9999999999 sh": "--args 9999999999: 9999999999 is not a descriptor's number",
	} {
		if _, _, err := scan(nil, new(session.Memory), strings.Fields(words)); err == nil || err.Error() != want {
			t.Errorf("%s: error %v, want %s", words, err, want)
		}
	}
}

// shorts matches a line that may have several short flags in a word: -it.
var shorts = regexp.MustCompile(`(^|\x00)-[^-\x00][^\x00]`)

// FuzzScan: whatever the words are, the steps and the command are these words again, in order, byte for byte.
func FuzzScan(f *testing.F) {
	for _, seed := range []string{
		"ls", "--ro-bind\x00/usr\x00/usr\x00sh", "--\x00--", "--size=5\x00--tmpfs\x00/\xff\x00x", "-w\x00-", "--dev",
		"--setenv\x00A\x00--\x00sh\x00--setenv", "--help\x00--nosuch", "--perms\x000\x00\x00",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, line string) {
		if strings.Contains(line, "--args") || strings.Contains(line, "=") || shorts.MatchString(line) {
			return // these read a descriptor, or split a word
		}
		words := strings.Split(line, "\x00")
		steps, command, err := scan(nil, new(session.Memory), words)
		if err != nil {
			return
		}
		var again []string
		for _, s := range steps {
			if len(s.words)-1 != s.flag.Words() {
				t.Fatalf("%q: %s has %d words", words, s.flag.Name, len(s.words))
			}
			again = append(again, s.words...)
		}
		rest := words[len(again):]
		if len(rest) > 0 && rest[0] == "--" {
			rest = rest[1:]
		}
		ended := len(steps) > 0 && (steps[len(steps)-1].flag.Name == "--help" || steps[len(steps)-1].flag.Name == "--version")
		if !slices.Equal(again, words[:len(again)]) || !ended && !slices.Equal(command, rest) {
			t.Fatalf("%q: steps %q, command %q", words, again, command)
		}
	})
}
