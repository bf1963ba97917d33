// Package nearest finds the word that was probably meant.
package nearest

// Of returns the candidate with the smallest edit distance to word, or "" if none is near: more than a third of its
// letters would have to change.
func Of(word string, candidates []string) string {
	best, found := len(word)/3+1, ""
	for _, c := range candidates {
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
