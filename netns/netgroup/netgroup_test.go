package netgroup

import (
	"strings"
	"testing"
)

// TestNames pins the form that the command line expects: a name of at least two labels, in lower case, with plain ports if any.
func TestNames(t *testing.T) {
	seen := map[string]bool{}
	for i := 0; At(i) != ""; i++ {
		names, ok := Find(At(i))
		if !ok || len(names) == 0 {
			t.Fatalf("@%s has no names", At(i))
		}
		for _, word := range names {
			name, ports, withPorts := strings.Cut(word, ":")
			if name != strings.ToLower(name) || !strings.Contains(name, ".") || strings.ContainsAny(word, " /*@") {
				t.Errorf("@%s: bad name %q", At(i), word)
			}
			if withPorts && strings.Trim(ports, "0123456789,") != "" {
				t.Errorf("@%s: bad ports in %q", At(i), word)
			}
			if seen[word] {
				t.Errorf("%q is in two groups", word)
			}
			seen[word] = true
		}
	}
	if len(seen) < 10 {
		t.Errorf("%d names: the table was not walked", len(seen))
	}
	if _, ok := Find("nothing"); ok {
		t.Error("a group that does not exist was found")
	}
}
