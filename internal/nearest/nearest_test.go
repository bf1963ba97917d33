package nearest

import "testing"

func TestOf(t *testing.T) {
	words := []string{"--ro-bind", "--bind", "--dev", "--tmpfs", "default"}
	for word, want := range map[string]string{
		"--ro-bnd": "--ro-bind", "--bin": "--bind", "--tmpf": "--tmpfs", "defaut": "default", "--xyzzy": "", "": "",
	} {
		if got := Of(word, words); got != want {
			t.Errorf("Of(%q) = %q, want %q", word, got, want)
		}
	}
}
