package policy

import (
	"fmt"
	"slices"
)

// Error is what is wrong with the text of a policy.
type Error struct {
	File    string
	Line    int
	Word    string // the word that is wrong, empty if it is the line or the file
	Msg     string
	Nearest string // the valid word that is nearest to Word, empty if none is near
}

func (e *Error) Error() string {
	said := fmt.Sprintf("%s, line %d: %s", e.File, e.Line, e.Msg)
	if e.Word != "" {
		said = fmt.Sprintf("%s, line %d: %s: %s", e.File, e.Line, e.Word, e.Msg)
	}
	if e.Nearest != "" {
		said += fmt.Sprintf(" (nearest: %s)", e.Nearest)
	}
	return said
}

// contradiction is the error for two rules that say different things of one call.
func contradiction(a, b *Rule, call string) *Error {
	return &Error{
		File: b.File, Line: b.Line, Word: call,
		Msg: fmt.Sprintf("%q contradicts %q of %s, line %d", b.Text, a.Text, a.File, a.Line),
	}
}

// nearest returns the word that is fewest changes from another, or nothing if half of it would have to change.
func nearest(word string, valid []string) string {
	const longest = 64 // nothing valid is longer, and the time is that of the product
	best, fewest := "", min(len(word), longest)/2+1
	if len(word) > longest {
		return ""
	}
	for _, v := range valid {
		if n := changes(word, v); n < fewest {
			best, fewest = v, n
		}
	}
	return best
}

// changes counts the letters to insert, delete or replace to make b of a (Levenshtein's distance).
func changes(a, b string) int {
	row := make([]int, len(b)+1)
	for i := range row {
		row[i] = i
	}
	for i := range len(a) {
		before := slices.Clone(row)
		row[0] = i + 1
		for j := range len(b) {
			differs := 1
			if a[i] == b[j] {
				differs = 0
			}
			row[j+1] = min(before[j]+differs, before[j+1]+1, row[j]+1)
		}
	}
	return row[len(b)]
}
