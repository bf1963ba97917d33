package enter

import (
	"strings"

	"box/cmd/box/internal/arg"
	"box/cmd/box/internal/say"
	"box/internal/early"
)

// Help is printed by exec --help.
const Help = `usage: box exec [flags] NAME COMMAND [ARG...]

Run a command in a box that is up: with its namespaces, its files, its policy and its limits, and never with more.
Input is handed over; terminals become one of the box's own. What the command leaves behind ends with it, but for -d.

  -i, --interactive       Hand input over, which is so anyway
  -t, --tty               Fail if there is no terminal
  -d, --detach            Don't wait for it; it ends with the box
  -e, --env NAME=VALUE    Set a variable; NAME alone passes the caller's
      --env-file FILE     Set those of a file: lines NAME=VALUE, or NAME; # begins a comment
      --chdir DIR         Start in DIR instead of the directory that the box has started in
  -h, --help              Print this
`

// ErrHelp asks for Help.
const ErrHelp = say.Asked("exec help")

// scan reads flags, the name and the command.
func (b *Line) scan(words []string) error {
	for len(words) > 0 {
		word := words[0]
		if len(word) < 2 || word[0] != '-' {
			break
		}
		words = words[1:]
		if word == "--" {
			break
		}
		if b.switches(word) {
			continue
		}
		value, rest, err := b.valueOf(word, words)
		if err != nil {
			return err
		}
		words = rest
		if err := b.set(word, value); err != nil {
			return refused(word, value, err)
		}
	}
	if len(words) < 2 || words[1] == "" {
		return incomplete(words)
	}
	b.name, b.command = words[0], words[1:]
	if b.command[0] == "--" && len(b.command) > 1 {
		b.command = b.command[1:]
	}
	return nil
}

// switches takes a word of flags without a value. It reports whether the word is one.
func (b *Line) switches(word string) bool {
	switch word {
	case "--interactive":
		return true
	case "--tty":
		b.terminal = true
		return true
	case "--detach":
		b.detach = true
		return true
	}
	if word[1] == '-' {
		return false
	}
	for _, c := range []byte(word[1:]) {
		if c != 'i' && c != 't' && c != 'd' {
			return false
		}
	}
	b.terminal = b.terminal || strings.IndexByte(word, 't') >= 0
	b.detach = b.detach || strings.IndexByte(word, 'd') >= 0
	return true
}

// valueOf returns the value of a flag, --flag=value or the next word, and the words after it.
func (b *Line) valueOf(word string, words []string) (value string, rest []string, err error) {
	name := nameOf(word)
	switch name {
	case "-h", "--help":
		return "", nil, ErrHelp
	case "-e", "--env", "--env-file", "--chdir":
	case "-w", "--workdir":
		if !b.docker {
			return "", nil, unknown(name)
		}
	default:
		return "", nil, unknown(name)
	}
	if len(name) < len(word) {
		return word[len(name)+1:], words, nil
	}
	if len(words) == 0 {
		early.Ordinary()
		return "", nil, say.Usagef("exec %s: needs a value", name).Hintf("box exec --help")
	}
	return words[0], words[1:], nil
}

// set does what a flag with a value is for.
func (b *Line) set(word, value string) error {
	switch nameOf(word) {
	case "--chdir", "-w", "--workdir":
		if b.dir = value; value == "" || value[0] != '/' {
			b.dir = early.Concat("/", value)
		}
	case "--env-file":
		early.Ordinary()
		return b.readEnv(value)
	default:
		return b.setenv(value)
	}
	return nil
}

// setenv sets a variable: NAME=value, or NAME for the caller's, if there is one.
func (b *Line) setenv(variable string) error {
	name, value, is, err := arg.Variable(variable)
	if err == nil && is {
		b.env = early.Append(b.env, early.Concat(name, "=", value))
	}
	return err
}

// readEnv sets the variables of a file.
//
//go:noinline
func (b *Line) readEnv(file string) error {
	early.Ordinary()
	return arg.Variables(file, b.setenv)
}

//go:noinline
func refused(word, value string, err error) error {
	early.Ordinary()
	return say.Refused([]string{"exec", nameOf(word), value}, err)
}

//go:noinline
func incomplete(words []string) error {
	early.Ordinary()
	switch len(words) {
	case 0:
		return say.Usagef("exec: needs the name of a box and a command").Hintf("box exec --help")
	case 1:
		return say.Usagef("exec %s: needs a command", say.Words(words)).Hintf("box exec %s sh", say.Words(words))
	}
	return say.Usagef("exec %s: the command's name is empty", say.Words(words[:1]))
}

// elsewhere are flags of docker exec that box has otherwise.
var elsewhere = [...]struct{ flag, hint string }{
	{"-w", "--chdir DIR"},
	{"--workdir", "--chdir DIR"},
	{"-u", "a box has one user: the one it was started with (run --uid)"},
	{"--user", "a box has one user: the one it was started with (run --uid)"},
	{"--privileged", "what enters a box has never more than the box"},
	{"--detach-keys", "exec has none: it is not detached from; box attach has"},
	{"--setenv", "-e NAME=VALUE"},
}

//go:noinline
func unknown(name string) error {
	early.Ordinary()
	m := say.Usagef("exec: unknown flag %s", name).Hintf("box exec --help")
	for _, e := range elsewhere {
		if e.flag == name {
			m.Hint = e.hint
		}
	}
	return m
}
