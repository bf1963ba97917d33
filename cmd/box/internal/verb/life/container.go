package life

import (
	"os"
	"strings"

	"box/cmd/box/internal/say"
	"box/cmd/box/internal/verb"
	"box/internal/nearest"
)

// Container is box container VERB: docker's long form, with docker's words, for verbs that box has under another name, or not as a
// first word: ls and rm are programs, too, and box ls runs that. run and exec are done by main, before the Go runtime.
func Container(c *verb.Context) (int, error) {
	if len(c.Words) == 0 {
		return 0, say.Usagef("container: needs a verb").Hintf("box container --help")
	}
	word := c.Words[0]
	if word == "--help" || word == "-h" {
		return 0, containerHelp(c)
	}
	inner := *c
	name := word
	for i := range dockerVerbs {
		if d := &dockerVerbs[i]; d.docker == word {
			words, err := d.translate(c.Words[1:])
			if err != nil {
				return 0, err
			}
			inner.Words, name = words, d.box
			if d.run != nil {
				return d.run(&inner)
			}
			break
		}
	}
	names := []string{"run"} // which is read elsewhere
	for i := range c.Table {
		v := &c.Table[i]
		if v.Group != Group || v.Name == "container" {
			continue
		}
		names = append(names, v.Name)
		if v.Name == name && v.Run != nil {
			if name == word && len(inner.Words) == len(c.Words) {
				inner.Words = c.Words[1:]
			}
			return v.Run(&inner)
		}
	}
	m := say.Usagef("container %s: no such verb", say.Words([]string{word})).Hintf("box container --help")
	for _, l := range lackingVerbs {
		if l.docker == word {
			m.Hint = l.why
			return 0, m
		}
	}
	for i := range dockerVerbs {
		names = append(names, dockerVerbs[i].docker)
	}
	if near := nearest.Of(word, names); near != "" {
		m.Hint = "did you mean box container " + near + "?"
	}
	return 0, m
}

// Group is the title of the verbs for boxes in box help.
const Group = "Boxes"

func containerHelp(c *verb.Context) error {
	var text strings.Builder
	text.WriteString("usage: box container VERB ...\n\nThe verbs for boxes, in docker's words: see docs/coming-from-docker.md.\n\n")
	line := func(name, short string) {
		text.WriteString("  " + name + strings.Repeat(" ", max(12-len(name), 1)) + short + "\n")
	}
	line("run", "Run a command in a sandbox; -p publishes, -w is the directory, -h the host name")
	for i := range dockerVerbs {
		if d := &dockerVerbs[i]; d.help != "" {
			line(d.docker, d.help)
		}
	}
	for i := range c.Table {
		if v := &c.Table[i]; v.Group == Group && v.Name != "container" {
			line(v.Name, v.Short)
		}
	}
	_, err := os.Stdout.WriteString(text.String())
	return err
}
