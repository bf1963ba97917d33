// Package environ looks things up in an environment: a list of NAME=value, see environ(7). It may run before the Go runtime.
package environ

// Is reports whether e is NAME=value for a name.
func Is(e, name string) bool {
	return len(e) > len(name) && e[len(name)] == '=' && e[:len(name)] == name
}

// Lookup returns the value of a variable, and whether there is one of that name.
func Lookup(env []string, name string) (value string, ok bool) {
	for _, e := range env {
		if Is(e, name) {
			return e[len(name)+1:], true
		}
	}
	return "", false
}

// Value returns the value of a variable, or "".
func Value(env []string, name string) string {
	value, _ := Lookup(env, name)
	return value
}

// Has reports whether there is a variable of a name.
func Has(env []string, name string) bool {
	_, ok := Lookup(env, name)
	return ok
}

// Without returns env without a variable, in the same memory.
func Without(env []string, name string) []string {
	kept := env[:0]
	for _, e := range env {
		if !Is(e, name) {
			kept = kept[:len(kept)+1]
			kept[len(kept)-1] = e
		}
	}
	return kept
}
