package arg

import "strings"

// Number reads a number without a sign; base 0 takes the prefixes 0x, 0o, 0b
// and 0 for octal. It is strconv.ParseUint without an error to be allocated. A
// number beyond 64 bits is not taken. Underscores are not taken in any base.
func Number(word string, base uint64) (n uint64, ok bool) {
	if base == 0 {
		base, word = baseOf(word)
	}
	if word == "" {
		return 0, false
	}
	for i := range len(word) {
		d := uint64(word[i])
		switch {
		case d >= '0' && d <= '9':
			d -= '0'
		case d|0x20 >= 'a' && d|0x20 <= 'f':
			d = d | 0x20 - 'a' + 10
		default:
			return 0, false
		}
		if d >= base || n > (1<<64-1-d)/base {
			return 0, false
		}
		n = n*base + d
	}
	return n, true
}

// baseOf returns the base that a number's prefix says, and the number without
// it. A lone "0" is decimal.
func baseOf(word string) (base uint64, digits string) {
	if len(word) < 2 || word[0] != '0' {
		return 10, word
	}
	switch word[1] | 0x20 {
	case 'x':
		return 16, word[2:]
	case 'o':
		return 8, word[2:]
	case 'b':
		return 2, word[2:]
	}
	return 8, word[1:]
}

// Strtol reads a decimal number as strtol(3) does: blanks and a sign may stand
// in front. Unlike strtol(3) it takes no number with something behind it, and
// none that does not fit.
func Strtol(word string) (int64, bool) {
	for word != "" && (word[0] == ' ' || word[0] >= '\t' && word[0] <= '\r') {
		word = word[1:]
	}
	minus := strings.HasPrefix(word, "-")
	if minus || strings.HasPrefix(word, "+") {
		word = word[1:]
	}
	n, ok := Number(word, 10)
	if !ok || n > 1<<63-1 {
		return 0, false
	}
	if minus {
		return -int64(n), true
	}
	return int64(n), true
}
