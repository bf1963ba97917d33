package native

import (
	"strings"

	"box/cmd/box/internal/arg"
	"box/cmd/box/internal/say"
	"box/cmd/box/internal/session"
	"box/internal/early"
	"box/launch"
)

// box container run: the same flags as docker spells them. They become box's
// own words, which the scanner then reads, and which a later start of the box
// reads.

// dockerValue says what becomes of the value of a flag of docker's.
type dockerValue uint8

const (
	noValue      dockerValue = iota // there is none
	sameValue                       // it stays
	capability                      // NET_ADMIN is CAP_NET_ADMIN
	hostSpace                       // host is the flag itself, private is nothing
	tmpfsOptions                    // DEST:size=64m,mode=700
	security                        // no-new-privileges is so anyway
	ids                             // UID or UID:GID
)

// dockerFlag is a flag that docker spells otherwise than box, or gives another
// value. One that is not in the table means what it means to box, or is refused
// by the scanner with a hint.
type dockerFlag struct {
	name   string
	letter byte // 0: it has only a name
	value  dockerValue
	box    string // "" is nothing: it is so anyway
}

var dockerFlags = [...]dockerFlag{
	{"--detach", 'd', noValue, "-d"},
	{"--interactive", 'i', noValue, "-i"},
	{"--tty", 't', noValue, "-t"},
	{"--rm", 0, noValue, "--rm"},
	{"--init", 0, noValue, ""},
	{"--read-only", 0, noValue, ""},
	{"--name", 0, sameValue, "--name"},
	{"--env", 'e', sameValue, "-e"},
	{"--volume", 'v', sameValue, "-v"},
	{"--workdir", 'w', sameValue, "--chdir"},
	{"--hostname", 'h', sameValue, "--hostname"},
	{"--publish", 'p', sameValue, "--publish"},
	{"--network", 0, sameValue, "--net"},
	{"--cap-add", 0, capability, "--cap-add"},
	{"--cap-drop", 0, capability, "--cap-drop"},
	{"--pid", 0, hostSpace, "--share-pid"},
	{"--ipc", 0, hostSpace, "--share-ipc"},
	{"--uts", 0, hostSpace, "--share-uts"},
	{"--cgroupns", 0, hostSpace, "--share-cgroup"},
	{"--userns", 0, hostSpace, "--share-user"},
	{"--tmpfs", 0, tmpfsOptions, "--tmpfs"},
	{"--security-opt", 0, security, ""},
	{"--user", 'u', ids, "--uid"},
}

// RunContainer is Run for words in docker's spelling. As with docker, a
// container that has no name is given one.
func (b *Line) RunContainer(s *session.Session, words []string) (launch.Status, error) {
	b.Begin(s)
	b.docker = true
	words, err := undocker(lists.docker[:0], words)
	if err != nil {
		return launch.Status{}, err
	}
	return b.run(words)
}

// undocker appends box's words for docker's to list.
func undocker(list, words []string) ([]string, error) {
	for len(words) > 0 {
		word := words[0]
		if len(word) < 2 || word[0] != '-' {
			break
		}
		if words = words[1:]; word == "--" {
			list = early.Append(list, word)
			break
		}
		var err error
		if word[1] != '-' {
			list, words, err = dockerLetters(list, word, words)
		} else {
			list, words, err = dockerWord(list, word, words)
		}
		if err != nil {
			return nil, err
		}
	}
	for _, word := range words {
		list = early.Append(list, word)
	}
	return list, nil
}

// dockerLetters does one word of flags of a letter: -it, -p80:80, -e A=B. What
// is no letter of docker's goes to the scanner.
func dockerLetters(list []string, word string, words []string) ([]string, []string, error) {
	for i := 1; i < len(word); i++ {
		f := byLetter(word[i])
		if f == nil {
			rest := word
			if i > 1 {
				rest = early.Concat("-", word[i:])
			}
			return boxWord(list, rest, words)
		}
		if f.value == noValue {
			list = early.Append(list, f.box)
			continue
		}
		value := word[i+1:]
		switch {
		case value != "" && value[0] == '=':
			value = value[1:]
		case value == "":
			if len(words) == 0 {
				return nil, nil, needsValue(word)
			}
			value, words = words[0], words[1:]
		}
		list, err := dockerValued(list, f, value)
		return list, words, err
	}
	return list, words, nil
}

// dockerWord does one flag with a long name: --rm, --rm=false, --name=web or
// --name web.
func dockerWord(list []string, word string, words []string) ([]string, []string, error) {
	name, value, cut := strings.Cut(word, "=")
	f := byName(name)
	if f == nil {
		return boxWord(list, word, words)
	}
	if f.value == noValue {
		switch value {
		case "true", "1", "":
			if f.box != "" {
				list = early.Append(list, f.box)
			}
		case "false", "0":
		default:
			return nil, nil, say.Refuse(one(word), "not true or false")
		}
		return list, words, nil
	}
	if !cut {
		if len(words) == 0 {
			return nil, nil, needsValue(word)
		}
		value, words = words[0], words[1:]
	}
	list, err := dockerValued(list, f, value)
	return list, words, err
}

// boxWord passes a flag of box's own, with the words that follow it. One that
// is no flag is refused by the scanner, with all that comes after it.
func boxWord(list []string, word string, words []string) ([]string, []string, error) {
	list = early.Append(list, word)
	f := find(word)
	if f == nil {
		return list, words, nil
	}
	for range min(f.Words(), len(words)) {
		list = early.Append(list, words[0])
		words = words[1:]
	}
	return list, words, nil
}

// dockerValued adds the words for a flag with a value.
func dockerValued(list []string, f *dockerFlag, value string) ([]string, error) {
	switch f.value {
	case capability:
		if value != "ALL" && value != "all" && !strings.HasPrefix(value, "CAP_") && !strings.HasPrefix(value, "cap_") {
			value = early.Concat("CAP_", value)
		}
	case hostSpace:
		switch value {
		case "host":
			return early.Append(list, f.box), nil
		case "private", "shareable":
			return list, nil
		}
		return early.Append(early.Append(list, f.name), value), nil
	case tmpfsOptions:
		return dockerTmpfs(list, value)
	case ids:
		uid, gid, both := strings.Cut(value, ":")
		if list = early.Append(early.Append(list, f.box), uid); both {
			list = early.Append(early.Append(list, "--gid"), gid)
		}
		return list, nil
	case security:
		if value == "no-new-privileges" || value == "no-new-privileges:true" || value == "no-new-privileges=true" {
			return list, nil
		}
		return nil, noSecurity(value)
	}
	return early.Append(early.Append(list, f.box), value), nil
}

// dockerTmpfs adds the words for --tmpfs DEST or DEST:OPTIONS. The base view is
// asked for beside it: to box a --tmpfs says that all files are named.
func dockerTmpfs(list []string, value string) ([]string, error) {
	dest, options, _ := strings.Cut(value, ":")
	list = early.Append(early.Append(list, "--base"), "full")
	mode := "1777"
	for options != "" {
		var option string
		option, options, _ = strings.Cut(options, ",")
		key, is, _ := strings.Cut(option, "=")
		switch key {
		case "size":
			n, ok := arg.Size(is)
			if !ok {
				return nil, say.Refuse(two("--tmpfs", value), "not a size, such as 64m")
			}
			size := early.String(early.Digits(early.Buffer(early.MaxDigits), n, 10))
			list = early.Append(early.Append(list, "--size"), size)
		case "mode":
			mode = is
		case "rw", "nosuid", "nodev":
		default:
			return nil, say.Refuse(two("--tmpfs", value), "box knows size=BYTES and mode=OCTAL")
		}
	}
	list = early.Append(early.Append(list, "--perms"), mode)
	return early.Append(early.Append(list, "--tmpfs"), dest), nil
}

// byLetter and byName return the flag, or nil.
func byLetter(letter byte) *dockerFlag {
	for i := range dockerFlags {
		if dockerFlags[i].letter == letter {
			return &dockerFlags[i]
		}
	}
	return nil
}

func byName(name string) *dockerFlag {
	for i := range dockerFlags {
		if dockerFlags[i].name == name {
			return &dockerFlags[i]
		}
	}
	return nil
}

//go:noinline
func one(word string) []string {
	early.Ordinary()
	return []string{word}
}

//go:noinline
func two(word, value string) []string {
	early.Ordinary()
	return []string{word, value}
}

//go:noinline
func needsValue(word string) error {
	early.Ordinary()
	return say.Usagef("container run %s: needs a value", say.Words([]string{word}))
}

//go:noinline
func noSecurity(value string) error {
	early.Ordinary()
	m := say.Usagef("--security-opt %s: box has no such option", say.Words([]string{value}))
	if strings.HasPrefix(value, "seccomp") {
		m.Hint = "--seccomp-policy NAME|FILE; box seccomp import FILE reads a profile of docker's"
	}
	return m
}
