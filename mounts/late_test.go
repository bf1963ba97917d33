package mounts

import (
	"path/filepath"
	"testing"
)

// A source is spelled as filepath.Abs has it.
func TestSpelledIsAbs(t *testing.T) {
	t.Chdir("/usr/lib")
	for _, source := range []string{
		"", ".", "..", "../..", "../../..", "/", "//", "/..", "/.", "a", "./a", "a/", "a//b", "a/../b", "../a/./b/..", "/usr",
		"/usr/", "/usr//lib", "/usr/./lib", "/usr/../lib", "/../x", "/a/b/../../..", "...", "a/...", "..a",
	} {
		want, err := filepath.Abs(source)
		if got := Spelled(source); err != nil || got != want {
			t.Errorf("%q: %q, want %q %v", source, got, want, err)
		}
	}
	t.Chdir("/")
	if got := Spelled("x"); got != "/x" {
		t.Errorf("below the root: %q", got)
	}
}
