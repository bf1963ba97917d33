// Package meta has the verbs that are about box itself.
package meta

import (
	"fmt"
	"slices"
	"strings"

	"box/cmd/box/internal/say"
	"box/cmd/box/internal/verb"
	"box/internal/nearest"
)

// Help prints what box --help prints, or the help of a verb. A verb with
// options prints its help itself, by being run with --help. Those that have
// none are described by their line in the table.
func Help(c *verb.Context) (int, error) {
	word := "run"
	if len(c.Words) > 0 && c.Words[0] != "--help" && c.Words[0] != "-h" {
		word = c.Words[0]
	}
	v := find(c.Table, word)
	switch {
	case v == nil:
		return 0, noSuchVerb(c, word)
	case len(c.Words) > 1:
		return 0, say.Usagef("help %s: takes one verb", say.Words(c.Words)).Hintf("box help %s", word)
	case v.Run == nil:
		return 0, c.Help(word)
	case word == "help" || word == "version":
		fmt.Println(strings.TrimRight("usage: box "+v.Name+" "+v.Args, " ") + "\n\n" + v.Short + ".")
		return 0, nil
	}
	c.Words = []string{"--help"}
	return v.Run(c)
}

// find returns the verb of that name, or nil.
func find(table []verb.Verb, name string) *verb.Verb {
	for i := range table {
		if table[i].Name == name {
			return &table[i]
		}
	}
	return nil
}

// noSuchVerb returns the message for a word that is not a verb.
func noSuchVerb(c *verb.Context, word string) error {
	names := make([]string, len(c.Table))
	for i := range c.Table {
		names[i] = c.Table[i].Name
	}
	if slices.Contains(c.Reserved, word) {
		return say.Usagef("help %s: the word is reserved for a verb of box", word).Hintf("verbs: %s", strings.Join(names, ", "))
	}
	m := say.Usagef("help %s: no such verb", say.Words([]string{word})).Hintf("verbs: %s", strings.Join(names, ", "))
	if near := nearest.Of(word, names); near != "" {
		m = m.Hintf("did you mean %s?", near)
	}
	return m
}

// Version prints what box --version prints.
func Version(c *verb.Context) (int, error) {
	if len(c.Words) > 0 {
		return 0, say.Usagef("version %s: takes nothing", say.Words(c.Words)).Hintf("box version")
	}
	return 0, c.PrintVersion()
}
