package main

import (
	"github.com/alecthomas/kong"

	"box/cmd/box/internal/say"
)

// verb does what follows its word, and returns the exit status.
type verb func(words []string) (int, error)

// verbOf returns the verb that word is, or nil: then it begins a command line for run.
func verbOf(word string) verb {
	switch word {
	case "doctor":
		return doctor
	case "seccomp":
		return seccomp
	}
	return nil
}

// parseVerb reads the words of a verb with ordinary options into flags, a struct in the way of kong. It returns true if
// the words asked for help, which has been printed then.
func parseVerb(name, help string, flags any, words []string) (helped bool, err error) {
	exit := func(int) { helped = true }
	parser, err := kong.New(flags, kong.Name("box "+name), kong.Description(help), kong.Exit(exit))
	if err != nil {
		return false, err
	}
	if _, err := parser.Parse(words); err != nil && !helped {
		return false, say.Usagef("%s: %v", name, err).Hintf("box %s --help", name)
	}
	return helped, nil
}
