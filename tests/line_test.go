package tests

import (
	"regexp"
	"slices"
	"strings"
)

// line is a generated command line for bubblewrap.
type line struct {
	before   string     // what the caller does before, in a shell
	groups   [][]string // options with their operands
	from, to int        // which groups come by --args, of descriptor 13
	cut      bool       // what comes by --args doesn't end with a zero
	command  []string
}

// words returns the words of the command line, and what comes by --args.
func (l line) words() (words []string, args string) {
	for i, group := range l.groups {
		switch {
		case i < l.from || i >= l.to:
			words = append(words, group...)
			continue
		case i == l.from:
			words = append(words, "--args", "13")
		}
		for _, word := range group {
			args += word + "\x00"
		}
	}
	if l.cut {
		args = strings.TrimSuffix(args, "\x00")
	}
	return append(words, l.command...), args
}

// without returns the line without one of its groups.
func (l line) without(i int) line {
	l.groups = slices.Delete(slices.Clone(l.groups), i, i+1)
	if l.from > i {
		l.from--
	}
	if l.to > i {
		l.to--
	}
	return l
}

// shrink returns the smallest line that it finds for which wrong still says true.
func (l line) shrink(wrong func(line) bool) line {
	try := func(smaller line) {
		if wrong(smaller) {
			l = smaller
		}
	}
	if l.to > l.from {
		plain := l
		plain.from, plain.to = 0, 0
		try(plain)
	}
	if l.before != "" {
		plain := l
		plain.before = ""
		try(plain)
	}
	for i := len(l.groups) - 1; i >= 0; i-- {
		try(l.without(i))
	}
	for i := len(l.groups) - 1; i >= 0; i-- { // what was needed for something that is gone now
		try(l.without(i))
	}
	return l
}

// plain is a word that a shell takes as it is.
var plain = regexp.MustCompile(`^[\w@%+=:,./-]+$`)

// String returns the line as a shell takes it.
func (l line) String() string {
	var text strings.Builder
	if l.before != "" {
		text.WriteString(l.before + "; ")
	}
	text.WriteString("bwrap")
	words, args := l.words()
	for _, word := range words {
		text.WriteString(" " + quote(word))
	}
	if args != "" {
		text.WriteString(" 13< <(printf " + quote(strings.ReplaceAll(args, "\x00", `\0`)) + ")")
	}
	return text.String()
}

func quote(word string) string {
	if plain.MatchString(word) {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}
