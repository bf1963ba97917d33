package main

import (
	"bytes"
	"strings"

	"box/internal/nearest"
)

// step is a flag with its words, as typed.
type step struct {
	flag  *flag
	words []string // the flag itself first
}

// scan splits words into steps, in order, and the command. It stops at the first word that is no flag, or after "--".
// The word of --help or --version ends the scan: it is returned as the last step.
//
// A scanner of our own and not kong's: flags are ordered, take up to two words whatever these look like, and every byte
// counts (docs/decisions.md).
func scan(words []string) (steps []step, command []string, err error) {
	for len(words) > 0 {
		word := words[0]
		if word == "--" {
			return steps, words[1:], nil
		}
		if len(word) < 2 || word[0] != '-' {
			return steps, words, nil
		}
		f, rest, err := take(words)
		if err != nil {
			return nil, nil, err
		}
		taken := len(words) - len(rest)
		s := step{f, words[:taken:taken]}
		if name, value, ok := strings.Cut(word, "="); ok && f.name != word {
			s.words = []string{name, value}
		}
		words = rest
		switch f.name {
		case "--help", "--version":
			return append(steps, s), nil, nil
		case "--args":
			more, err := readArgs(s)
			if err != nil {
				return nil, nil, err
			}
			inner, dropped, err := scan(more)
			if err != nil {
				return nil, nil, err
			}
			if len(dropped) > 0 {
				return nil, nil, usage("%s: a command may not stand in it: %s", joined(s.words), dropped[0])
			}
			steps = append(steps, inner...)
			continue
		}
		steps = append(steps, s)
	}
	return steps, nil, nil
}

// take finds the flag that words begin with and returns what is left after it and its words.
func take(words []string) (*flag, []string, error) {
	word := words[0]
	f := find(word)
	if f == nil {
		name, _, ok := strings.Cut(word, "=")
		if f = find(name); f == nil || !ok {
			return nil, nil, unknownFlag(word)
		}
		if strings.Count(f.args, " ") > 0 || f.args == "" {
			return nil, nil, usage("%s: takes %s after a space", f.name, orNothing(f.args))
		}
		return f, words[1:], nil
	}
	wanted := strings.Fields(f.args)
	if missing := len(wanted) - (len(words) - 1); missing > 0 {
		return nil, nil, usage("%s: needs %s", joined(words), strings.Join(wanted[len(wanted)-missing:], " "))
	}
	return f, words[1+len(wanted):], nil
}

func orNothing(args string) string {
	if args == "" {
		return "nothing"
	}
	return args
}

// unknownFlag suggests the flag that was probably meant.
func unknownFlag(word string) error {
	names := make([]string, len(flags))
	for i := range flags {
		names[i] = flags[i].name
	}
	m := usage("unknown flag %s", word)
	if near := nearest.Of(word, names); near != "" {
		m.Hint = "did you mean " + near + "?"
	} else {
		m.Hint = "box --help lists the flags"
	}
	return m
}

// readArgs reads the words of an --args file: each ended by a NUL, which the last may lack.
func readArgs(s step) ([]string, error) {
	fd, err := number(s.words[1], 0)
	if err != nil {
		return nil, usage("%s: %v", joined(s.words), err)
	}
	data, err := readFD(fd)
	if err != nil {
		return nil, usage("%s: %v", joined(s.words), err)
	}
	if len(data) == 0 {
		return nil, nil
	}
	return strings.Split(string(bytes.TrimSuffix(data, []byte{0})), "\x00"), nil
}
