package launch

import (
	"box/internal/early"
	"box/internal/host"
)

// maxConfig bounds a configuration that git init or git clone has written, in bytes.
const maxConfig = 16 << 10

// keys are the keys that these write; named says that the section has a name, too: a remote or a branch.
var keys = [...]struct {
	section string
	named   bool
	key     string
}{
	{"core", false, "repositoryformatversion"},
	{"core", false, "filemode"},
	{"core", false, "bare"},
	{"core", false, "logallrefupdates"},
	{"core", false, "symlinks"},
	{"core", false, "ignorecase"},
	{"core", false, "precomposeunicode"},
	{"extensions", false, "objectformat"},
	{"extensions", false, "compatobjectformat"},
	{"extensions", false, "refstorage"},
	{"remote", true, "url"},
	{"remote", true, "fetch"},
	{"remote", true, "tagopt"},
	{"branch", true, "remote"},
	{"branch", true, "merge"},
	{"branch", true, "rebase"},
	{"submodule", false, "active"},
	{"submodule", true, "active"},
	{"submodule", true, "url"},
}

// plainConfig reports whether the configuration of a repository has these keys only. It knows no more of git's syntax than
// what git writes there: anything else is not plain.
func (s *sweep) plainConfig(fd int) bool {
	file, errno := host.OpenIn(fd, "config", 0)
	if errno != 0 {
		return false
	}
	size := 0
	for size < len(s.config) {
		n, errno := host.Read(file, s.config[size:])
		if errno != 0 || n == 0 {
			break
		}
		size += n
	}
	host.Close(file)
	if size == len(s.config) {
		return false
	}
	return plainKeys(early.String(s.config[:size]))
}

// plainKeys is plainConfig for its text.
func plainKeys(text string) bool {
	section, named := "", false
	for text != "" {
		end := 0
		for end < len(text) && text[end] != '\n' {
			end++
		}
		line := trimmed(text[:end])
		text = text[min(end+1, len(text)):]
		switch {
		case line == "" || line[0] == '#' || line[0] == ';':
		case line[0] == '[':
			var ok bool
			if section, named, ok = sectionIn(line); !ok {
				return false
			}
		case !plainKey(section, named, line):
			return false
		}
	}
	return true
}

// sectionIn reads [section] or [section "name"], with nothing behind it.
func sectionIn(line string) (section string, named, ok bool) {
	end := 1
	for end < len(line) && isKeyByte(line[end]) {
		end++
	}
	section, rest := line[1:end], line[end:]
	if rest == "]" {
		return section, false, true
	}
	if len(rest) < 4 || rest[0] != ' ' || rest[1] != '"' {
		return "", false, false
	}
	at := 2
	for ; at < len(rest) && rest[at] != '"'; at++ {
		if rest[at] == '\\' {
			at++
		}
	}
	return section, true, at < len(rest) && rest[at:] == `"]`
}

// plainKey reports whether a line has one of the keys, and a value that is spelled plainly and ends with the line. A URL with two
// colons names a program, see gitremote-helpers(7).
func plainKey(section string, named bool, line string) bool {
	end := 0
	for end < len(line) && isKeyByte(line[end]) {
		end++
	}
	key, value := line[:end], trimmed(line[end:])
	if value == "" || value[0] != '=' {
		return false
	}
	for i := 1; i < len(value); i++ {
		switch c := value[i]; {
		case c < ' ' && c != '\t', c == '"', c == '\\', c == ':' && value[i-1] == ':':
			return false
		}
	}
	for i := range keys {
		k := &keys[i]
		if k.named == named && len(section) == len(k.section) && equalFold(section, k.section) &&
			len(key) == len(k.key) && equalFold(key, k.key) {
			return true
		}
	}
	return false
}

// isKeyByte reports whether a byte may be in the name of a section or of a key.
func isKeyByte(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-'
}

// trimmed returns text without the blanks around it.
func trimmed(text string) string {
	blank := func(c byte) bool { return c == ' ' || c == '\t' || c == '\r' }
	for text != "" && blank(text[0]) {
		text = text[1:]
	}
	for text != "" && blank(text[len(text)-1]) {
		text = text[:len(text)-1]
	}
	return text
}
