package spec

import "strings"

// Quote joins words to a line that a POSIX shell would split into the same words.
func Quote(words []string) string {
	var line strings.Builder
	for i, w := range words {
		if i > 0 {
			line.WriteByte(' ')
		}
		line.WriteString(quote(w))
	}
	return line.String()
}

func quote(word string) string {
	if word != "" && strings.IndexFunc(word, special) < 0 {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}

func special(r rune) bool {
	switch {
	case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9':
		return false
	}
	return !strings.ContainsRune("_-+./,:=@%^", r)
}
