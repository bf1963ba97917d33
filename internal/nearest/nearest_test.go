package nearest

import "testing"

func TestOf(t *testing.T) {
	words := []string{"--ro-bind", "--bind", "--dev", "--tmpfs", "default", "run", "ps", "exec"}
	for word, want := range map[string]string{
		"rn": "run", "pss": "ps", "sp": "ps", "exce": "exec", "p": "", "xs": "", "pssh": "",
		"--ro-bnd": "--ro-bind", "--bin": "--bind", "--tmpf": "--tmpfs", "defaut": "default", "--xyzzy": "", "": "",
	} {
		if got := Of(word, words); got != want {
			t.Errorf("Of(%q) = %q, want %q", word, got, want)
		}
	}
}

func TestOneOff(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want bool
	}{
		{"ps", "pss", true},
		{"ps", "sp", true},
		{"ps", "pt", false},
		{"ps", "p", false},
		{"ps", "ps", false},
		{"ps", "psss", false},
		{"run", "rn", true},
		{"run", "runs", true},
		{"run", "ran", true},
		{"run", "rnu", true},
		{"run", "nru", false},
		{"logs", "log", true},
		{"exec", "exce", true},
		{"inspect", "inspct", true},
		{"", "a", false},
	} {
		if OneOff(c.a, c.b) != c.want || OneOff(c.b, c.a) != c.want {
			t.Errorf("OneOff(%q, %q) and the other way round are not both %v", c.a, c.b, c.want)
		}
	}
}
