// Package nearest finds the word that was probably meant.
package nearest

// Of returns the first candidate that is one off, else the one with the smallest edit distance to word, or "" if none is near:
// more than a third of its letters would have to change, or it is longer than any candidate can be.
func Of(word string, candidates []string) string {
	const longest = 64 // the time is that of the product
	if len(word) > longest {
		return ""
	}
	best, found := len(word)/3+1, ""
	for _, c := range candidates {
		if OneOff(word, c) {
			return c
		}
		if d := distance(word, c); d < best {
			best, found = d, c
		}
	}
	return found
}

// distance returns the number of insertions, deletions and substitutions that make b out of a (Levenshtein).
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}

// OneOff reports whether two different words become the same by one letter more, less, changed, or exchanged with the next. Words
// of two letters of which one is changed don't count, nor does a word of one letter: too many words are that near. It may run
// before the Go runtime.
func OneOff(a, b string) bool {
	if len(a) > len(b) {
		a, b = b, a
	}
	if len(b)-len(a) > 1 || a == b || len(a) < 2 {
		return false
	}
	i := 0
	for i < len(a) && a[i] == b[i] {
		i++
	}
	switch {
	case len(a) < len(b):
		return a[i:] == b[i+1:]
	case a[i+1:] == b[i+1:]:
		return len(a) > 2
	}
	return i+1 < len(a) && a[i] == b[i+1] && a[i+1] == b[i] && a[i+2:] == b[i+2:]
}
