// Package environ looks at lists of NAME=value, see environ(7), without the heap.
package environ

// Without returns env without the variables of a name. It changes env.
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

// Value returns the value of a variable, or "".
func Value(env []string, name string) string {
	for _, e := range env {
		if Is(e, name) {
			return e[len(name)+1:]
		}
	}
	return ""
}

// Has reports whether env has a variable of that name.
func Has(env []string, name string) bool {
	for _, e := range env {
		if Is(e, name) {
			return true
		}
	}
	return false
}

// Is reports whether e is NAME=value for that name.
func Is(e, name string) bool {
	return len(e) > len(name) && e[len(name)] == '=' && e[:len(name)] == name
}
