package environ

import (
	"slices"
	"testing"
)

func TestAVariableIsFoundByItsWholeName(t *testing.T) {
	env := []string{"PATHS=a", "PAT=b", "PATH", "PATH=", "PATH=c", "=d"}
	for name, want := range map[string]string{"PATHS": "a", "PAT": "b", "PATH": "", "": "d", "P": "", "PATHX": ""} {
		got, ok := Lookup(env, name)
		if got != want || ok != (name != "P" && name != "PATHX") {
			t.Errorf("%q: %q, %v", name, got, ok)
		}
		if Value(env, name) != want {
			t.Errorf("%q: %q", name, Value(env, name))
		}
	}
	if got := Without(slices.Clone(env), "PATH"); !slices.Equal(got, []string{"PATHS=a", "PAT=b", "PATH", "=d"}) {
		t.Errorf("%q", got)
	}
}
