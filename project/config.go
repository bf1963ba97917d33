package project

import (
	"fmt"
	"strings"

	"box/internal/early"
)

// ConfigError is returned for a git configuration that can't be read: what it has git run is then not known.
type ConfigError struct {
	Path   string
	Line   int
	Reason string
}

func (e *ConfigError) Error() string { return fmt.Sprintf("%s, line %d: %s", e.Path, e.Line, e.Reason) }

// maxConfigs bounds the files of one repository. Git ends with an error where they nest deeper than 10.
const maxConfigs = 64

// configs are the files that are still to be read, and those that have been: none is read twice, so a loop ends.
type configs struct {
	path [maxConfigs]string
	n    int
}

func (f *configs) add(path string) bool {
	for i := range f.n {
		if f.path[i] == path {
			return true
		}
	}
	if f.n == len(f.path) {
		return false
	}
	f.path[f.n] = path
	f.n++
	return true
}

// configuration locks what the configuration at path, and those that it includes, name for the repository of the directory dir. A
// path that is relative begins at the project.
func (l *locker) configuration(path, dir string) {
	var files configs
	var r reader
	files.add(path)
	for i := 0; i < files.n && l.found.err == nil; i++ {
		if !r.open(l.fd, files.path[i]) {
			continue
		}
		for r.next() {
			key, value := r.key.String(), r.whole.String()
			if isInclude(key) && !r.whole.Full() && !files.add(l.included(files.path[i], value)) {
				r.wrong = "too many files are included"
			}
			if !harmless(key) {
				l.value(key, value, dir, files.path[i])
			}
		}
		r.close()
		if r.wrong != "" {
			l.found.err = unreadable(files.path[i], r.line, r.wrong)
		}
	}
}

//go:noinline
func unreadable(path string, line int, reason string) error {
	early.Ordinary()
	return &ConfigError{path, line, reason}
}

// isInclude reports whether the value of a variable is a file that is read as well. The conditions of includeIf are taken to be
// true: they may be another time.
func isInclude(key string) bool {
	return key == "include.path" || strings.HasPrefix(key, "includeif.") && strings.HasSuffix(key, ".path")
}

// included returns the path of a file that another one includes.
func (l *locker) included(from, path string) string {
	switch {
	case path == "" || path[0] == '/':
		return early.Concat(path)
	case strings.HasPrefix(path, "~/"):
		return early.Concat(l.c.Home, path[1:])
	}
	return early.Concat(from[:strings.LastIndexByte(from, '/')+1], path)
}

// plainVariables are those whose values are names of people, branches and colours, by their first words. Nothing of them is run, or
// read as a file, and a project may well have a directory by the name of main.
var plainVariables = [...]string{
	"user.", "author.", "committer.", "color.", "branch.", "init.defaultbranch", "push.default", "submodule.active",
	"core.worktree",
}

// plainEnds are the same for variables of a section with a name, by their last words.
var plainEnds = [...]struct{ section, variable string }{
	{"remote.", ".fetch"}, {"remote.", ".push"}, {"submodule.", ".active"}, {"submodule.", ".branch"},
}

func harmless(key string) bool {
	for i := range plainVariables {
		if strings.HasPrefix(key, plainVariables[i]) {
			return true
		}
	}
	for i := range plainEnds {
		if e := &plainEnds[i]; strings.HasPrefix(key, e.section) && strings.HasSuffix(key, e.variable) {
			return true
		}
	}
	return false
}

// isPath reports whether the value of a variable is one path, of what need not exist yet.
func isPath(key string) bool {
	return isInclude(key) || key == "core.hookspath" || key == "core.attributesfile"
}

// value locks the paths that a value names: the whole of it, its words, and what shells take apart.
func (l *locker) value(key, value, dir, file string) {
	l.word(key, value, dir, file)
	for start := 0; start < len(value); {
		end := start
		for end < len(value) && !isSpace(int(value[end])) && !isQuote(value[end]) {
			end++
		}
		if word := value[start:end]; word != "" && len(word) < len(value) {
			l.word(key, word, dir, file)
		}
		l.pieces(key, value[start:end], dir, file)
		start = end + 1
	}
}

// pieces locks the paths that are parts of a word, between characters that mean something to a shell or in an option.
func (l *locker) pieces(key, word, dir, file string) {
	for start := 0; start < len(word); {
		end := start
		for end < len(word) && strings.IndexByte("!$&()*:;<=>?@[]^`{|},%", word[end]) < 0 {
			end++
		}
		if piece := word[start:end]; piece != "" && len(piece) < len(word) {
			l.word(key, piece, dir, file)
		}
		start = end + 1
	}
}

func isQuote(c byte) bool { return c == '"' || c == '\'' }

// word locks what a word of a value names, if it is the path of something in the project: below the repository's directory, beside
// the file of the configuration, from the root, or at home. It may be a path below the top that only looks like one from the root:
// "$(git rev-parse --show-toplevel)/hooks".
func (l *locker) word(key, word, dir, file string) {
	if strings.IndexByte(word, 0) >= 0 {
		return
	}
	path := &l.absolute
	path.Reset()
	if strings.HasPrefix(word, "~/") && l.c.Home != "" {
		path.Add(l.c.Home)
		word = word[1:]
	}
	path.Add(word)
	for _, top := range [...]string{l.Path, l.Dest} {
		if full := path.String(); full != "" && full[0] == '/' && within(full, top) {
			l.named(key, dir, full[len(top):])
			return
		}
	}
	l.beside(key, dir, dir, word)
	if cut := strings.LastIndexByte(file, '/'); cut >= 0 {
		switch above := file[:cut]; {
		case file[0] != '/':
			l.beside(key, dir, above, word)
		case within(above, l.Path):
			l.beside(key, dir, above[len(l.Path):], word)
		}
	}
}

// beside locks what word names in the directory at below the top.
func (l *locker) beside(key, dir, at, word string) {
	path := &l.candidate
	path.Reset()
	path.Add(at)
	path.Add("/")
	path.Add(word)
	if !path.Full() {
		l.named(key, dir, path.String())
	}
}

// named locks what is at a path below the top. Of one that does not exist, and is to be read or run when it does, the directory is
// locked that it would be in, if that is not the repository's own; at the top its name is watched for.
func (l *locker) named(key, dir, path string) {
	why := reason{key: key}
	found, above, missing := l.path(path, why)
	switch {
	case found || missing == "" || !isPath(key):
	case above != "" && above != dir:
		l.add(above, why)
	case above == "":
		l.watch(missing)
	}
}
