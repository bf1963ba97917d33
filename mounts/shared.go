package mounts

import (
	"strings"

	"box/internal/early"
	"box/spec"
)

// share notes what the sandbox may write to on the host. What runs in it can have left links there, for this one or the next:
// below these directories a source is taken without links. bubblewrap follows them.
func (t *tree) share() {
	if t.s.Mounts.Trust {
		return
	}
	for i := range t.s.Tree {
		if source := t.s.Tree[i].Writes(); source != "" {
			t.shareDir(source)
		}
	}
}

// shareDir notes one directory.
//
//go:noinline
func (t *tree) shareDir(source string) {
	early.Ordinary()
	if t.realDirs == nil {
		t.realDirs = map[string]string{}
	}
	t.shared = append(t.shared, t.real(source))
}

// real returns the real path of a source, and remembers it.
//
//go:noinline
func (t *tree) real(source string) string {
	early.Ordinary()
	path, ok := t.realDirs[source]
	if !ok {
		path = Absolute(source)
		t.realDirs[source] = path
	}
	return path
}

// writableAbove returns the first directory on the way to source that is written to, and the rest of the path, which is not to be
// trusted; or "". It looks at where each part leads and not at how it is spelled.
func (t *tree) writableAbove(source string) (dir, rest string) {
	if len(t.shared) == 0 {
		return "", ""
	}
	return t.above(source)
}

//go:noinline
func (t *tree) above(source string) (dir, rest string) {
	early.Ordinary()
	full := Spelled(source)
	for end := 1; end < len(full); {
		next := strings.IndexByte(full[end:], '/')
		if next < 0 {
			break // the source itself: it may be bound as a whole
		}
		end += next
		for _, shared := range t.shared {
			if spec.Within(t.real(full[:end]), shared) {
				return full[:end], full[end+1:]
			}
		}
		end++
	}
	return "", ""
}
