package tests

import (
	"fmt"
	"math/rand/v2"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// grammar is what generated command lines are made of: testdata/bwrap/grammar.txt.
type grammar map[string][]possibility

// possibility is one line of a section.
type possibility struct {
	weight int
	text   string
}

// readGrammar reads the grammar for root or for an ordinary user.
func readGrammar(who string) (grammar, error) {
	data, err := os.ReadFile("testdata/bwrap/grammar.txt")
	g, section := grammar{}, ""
	for line := range strings.Lines(string(data)) {
		line = strings.TrimSuffix(line, "\n")
		if line == "" || line[0] == '#' {
			continue
		}
		if line[0] == '[' {
			section = strings.Trim(line, "[]")
			continue
		}
		name, only, _ := strings.Cut(section, ".")
		number, text, _ := strings.Cut(line, " ")
		weight, err := strconv.Atoi(number)
		if err != nil {
			return nil, fmt.Errorf("grammar: %q has no weight: %w", line, err)
		}
		if only == "" || only == who {
			g[name] = append(g[name], possibility{weight, text})
		}
	}
	return g, err
}

// generator makes lines. The same seed makes the same lines.
type generator struct {
	*rand.Rand
	grammar
}

func (g generator) one(section string) string {
	sum := 0
	for _, p := range g.grammar[section] {
		sum += p.weight
	}
	left := g.IntN(sum)
	for _, p := range g.grammar[section] {
		if left -= p.weight; left < 0 {
			return p.text
		}
	}
	panic("not reached")
}

// words returns the words of a possibility, with those that name a section replaced by one of its possibilities.
func (g generator) words(section string) (words []string) {
	for _, word := range splitWords(g.one(section)) {
		if g.grammar[word] != nil && word == strings.ToUpper(word) {
			words = append(words, g.words(word)...)
		} else {
			words = append(words, word)
		}
	}
	return words
}

// line makes a command line. Most are good, some have a mistake in them, and some have options that come by --args.
func (g generator) line() line {
	l := line{before: g.one("before"), groups: [][]string{g.words("start")}, command: g.words("command")}
	for range 1 + g.IntN(9) {
		l.groups = append(l.groups, g.words("option"))
	}
	if g.IntN(12) == 0 {
		g.spoil(&l)
	}
	if g.IntN(10) == 0 {
		l.from = g.IntN(len(l.groups))
		l.to = l.from + 1 + g.IntN(len(l.groups)-l.from)
		l.cut = g.IntN(5) == 0
	}
	if g.IntN(30) == 0 {
		l.command = slices.Insert(l.command, 0, "--")
	}
	return l
}

// spoil makes a mistake: a bad option, a word too few, or a group too many.
func (g generator) spoil(l *line) {
	at := g.IntN(len(l.groups))
	switch group := l.groups[at]; {
	case g.IntN(3) > 0 || len(group) == 0:
		l.groups = slices.Insert(l.groups, at+g.IntN(2), g.words("bad"))
	case g.IntN(2) == 0:
		word := g.IntN(len(group))
		l.groups[at] = slices.Delete(slices.Clone(group), word, word+1)
	default:
		l.groups = slices.Insert(l.groups, at, group)
	}
}

// word is one word as a shell reads it: bare, or between single quotes.
var word = regexp.MustCompile(`'[^']*'|[^ ']+`)

// splitWords splits a line as a shell does where it has blanks and single quotes only, and quotes around whole words.
func splitWords(text string) []string {
	words := word.FindAllString(text, -1)
	for i := range words {
		words[i] = strings.Trim(words[i], "'")
	}
	return words
}
