package life

import (
	"os"
	"strings"

	"box/cmd/box/internal/say"
	"box/cmd/box/internal/verb"
	"box/internal/nearest"
)

// Container is box container VERB: docker's long form, for verbs that box has under another name, or not as a first word: ls and rm
// are programs, too, and box ls runs that.
func Container(c *verb.Context) (int, error) {
	if len(c.Words) == 0 {
		return 0, say.Usagef("container: needs a verb").Hintf("box container --help")
	}
	word := c.Words[0]
	if word == "--help" || word == "-h" {
		return 0, containerHelp(c)
	}
	name := word
	for _, a := range aliases {
		if a.docker == word {
			name = a.box
		}
	}
	var names []string
	for i := range c.Table {
		v := &c.Table[i]
		if v.Group != Group {
			continue
		}
		names = append(names, v.Name)
		if v.Name == name && v.Run != nil {
			inner := *c
			inner.Words = c.Words[1:]
			return v.Run(&inner)
		}
	}
	m := say.Usagef("container %s: no such verb", say.Words([]string{word})).Hintf("box container --help")
	switch near := nearest.Of(word, names); {
	case word == "run" || word == "exec":
		m = say.Usagef("container %s: the word container is left out here", word).Hintf("box %s ...", word)
	case near != "":
		m.Hint = "did you mean box container " + near + "?"
	}
	return 0, m
}

// Group is the title of the verbs for boxes in box help.
const Group = "Boxes"

// aliases are docker's words for verbs of box.
var aliases = [...]struct{ docker, box string }{
	{"ls", "ps"}, {"list", "ps"}, {"rm", "remove"},
}

func containerHelp(c *verb.Context) error {
	var text strings.Builder
	text.WriteString("usage: box container VERB ...\n\nThe verbs for boxes, as docker spells them: ls is ps, rm is remove.\n\n")
	for i := range c.Table {
		if v := &c.Table[i]; v.Group == Group && v.Run != nil && v.Name != "container" {
			text.WriteString("  " + v.Name + strings.Repeat(" ", max(12-len(v.Name), 1)) + v.Short + "\n")
		}
	}
	_, err := os.Stdout.WriteString(text.String())
	return err
}
