package native

import (
	"strings"

	"box/cmd/box/internal/arg"
	"box/cmd/box/internal/inputs"
	"box/cmd/box/internal/say"
	"box/cmd/box/internal/session"
	"box/internal/early"
	"box/internal/nearest"
)

// step is a flag with its arguments, as typed. words is a part of the process's
// arguments, or of an --args file. Nothing is copied, and nobody may append to
// it.
type step struct {
	flag  *Flag
	words []string // the flag itself first
}

// scan splits words into steps, in order, and the command. It stops at the first word that is not a flag, or after
// "--". The word of --help or --version ends the scan: it is returned as the last step.
//
// A scanner of our own and not kong's: flags are ordered, take up to two words whatever these look like, and every byte
// counts (docs/decisions.md).
//
// "-" alone is not a flag: it is a command's name. A file of --args may name
// further ones, which are read where they stand, and may not have a command in
// it: a caller that makes such files means flags only.
func scan(steps []step, m *session.Memory, words []string) (_ []step, command []string, err error) {
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
		if f == nil { // -it
			steps = join(steps, words[:1:1])
			words = rest
			continue
		}
		taken := len(words) - len(rest)
		// The capacity is cut as well: an append to the words would else write
		// over the caller's next one.
		s := step{f, words[:taken:taken]}
		if f.Name != word && word != "-h" {
			s.words = cutWord(m, word)
		}
		words = rest
		switch f.Name {
		case "--help", "--version":
			return early.Append(steps, s), nil, nil
		case "--args":
			more, err := readArgs(m, s)
			if err != nil {
				return nil, nil, err
			}
			inner, dropped, err := scan(steps, m, more)
			if err != nil {
				return nil, nil, err
			}
			if len(dropped) > 0 {
				return nil, nil, say.Refuse(s.words, early.Concat("a command may not stand in it: ", dropped[0]))
			}
			steps = inner
			continue
		}
		steps = early.Append(steps, s)
	}
	return steps, nil, nil
}

// cutWord returns the words of --flag=value. The value may be empty, and may
// have a "=" in it.
func cutWord(m *session.Memory, word string) []string {
	name, value, _ := strings.Cut(word, "=")
	words := early.Append(early.Append(m.Words[m.Used:m.Used], name), value)
	m.Used = min(m.Used+len(words), len(m.Words))
	return words
}

// joined are the letters of flags that may be typed as one word, such as -it.
const joined = "dit"

// isJoined reports whether a word is several of these.
func isJoined(word string) bool {
	if len(word) < 3 || word[0] != '-' {
		return false
	}
	for i := 1; i < len(word); i++ {
		if strings.IndexByte(joined, word[i]) < 0 {
			return false
		}
	}
	return true
}

// join adds the steps of such a word.
func join(steps []step, words []string) []step {
	for i := 1; i < len(words[0]); i++ {
		var name string
		switch words[0][i] {
		case 'd':
			name = "-d"
		case 'i':
			name = "-i"
		default:
			name = "-t"
		}
		steps = early.Append(steps, step{find(name), words})
	}
	return steps
}

// take finds the flag that words begin with and returns what is left after it
// and its words. The number of a flag's arguments is that of the words in its
// Args. They are taken whatever they look like: a path may begin with a dash.
func take(words []string) (*Flag, []string, error) {
	word := words[0]
	if word == "-h" {
		word = "--help"
	}
	f := find(word)
	if f == nil && isJoined(word) {
		return nil, words[1:], nil
	}
	if f == nil {
		return takeCut(words)
	}
	wanted := f.Words()
	if wanted > len(words)-1 {
		early.Ordinary()
		wanted := strings.Fields(f.Args)
		return nil, nil, say.Usagef("%s: needs %s", say.Words(words), strings.Join(wanted[len(words)-1:], " "))
	}
	return f, words[1+wanted:], nil
}

// takeCut is take for --flag=value. Only flags with one argument have this
// form: with two it would not be clear which one is meant.
func takeCut(words []string) (*Flag, []string, error) {
	if words[0] == "-p" && len(words) > 1 && strings.IndexByte(words[1], ':') >= 0 {
		early.Ordinary()
		return nil, nil, say.Usagef("unknown flag -p").Hintf("did you mean --publish %s?", words[1])
	}
	name, _, ok := strings.Cut(words[0], "=")
	f := find(name)
	if f == nil || !ok {
		early.Ordinary()
		return nil, nil, unknownFlag(words[0])
	}
	if strings.IndexByte(f.Args, ' ') >= 0 || f.Args == "" {
		early.Ordinary()
		return nil, nil, say.Usagef("%s: takes %s after a space", f.Name, orNothing(f.Args))
	}
	return f, words[1:], nil
}

// orNothing is for a message about a flag's arguments.
func orNothing(args string) string {
	if args == "" {
		return "nothing"
	}
	return args
}

// unknownFlag suggests the flag that was probably meant. It is called by
// takeCut only, which has gone the ordinary way by then.
func unknownFlag(word string) error {
	names := make([]string, len(Flags))
	for i := range Flags {
		names[i] = Flags[i].Name
	}
	m := say.Usagef("unknown flag %s", word)
	name, _, _ := strings.Cut(word, "=")
	for _, e := range elsewhere {
		if e.flag == name {
			m.Hint = "did you mean " + e.here + "?"
			return m
		}
	}
	for _, e := range lacking {
		if e.flag == name || strings.HasSuffix(e.flag, "-") && strings.HasPrefix(name, e.flag) {
			m.Hint = e.why
			return m
		}
	}
	if near := nearest.Of(word, names); near != "" {
		m.Hint = "did you mean " + near + "?"
	} else {
		m.Hint = "box --help lists the flags"
	}
	return m
}

// readArgs reads the words of an --args file: each ended by a NUL, which the
// last may lack. The words stay valid as long as the session: SplitWords does
// not copy them out of what was read.
func readArgs(m *session.Memory, s step) ([]string, error) {
	fd, err := arg.Descriptor(s.words[1], 0)
	if err != nil {
		return nil, say.Refused(s.words, err)
	}
	data, err := inputs.Read(fd)
	if err != nil {
		return nil, say.Refused(s.words, err)
	}
	return m.SplitWords(data), nil
}
