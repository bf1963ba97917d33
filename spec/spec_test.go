package spec

import "testing"

func TestWithinGoesByWholeNames(t *testing.T) {
	for _, c := range []struct {
		path, dir string
		want      bool
	}{
		{"/usr", "/usr", true},
		{"/usr/bin", "/usr", true},
		{"/usrbin", "/usr", false},
		{"usr/", "/usr", true},
		{"/", "/usr", false},
		{"/anything", "/", true},
		{"/", "/", true},
		{"/a/b", "a/b/c", false},
	} {
		if got := Within(c.path, c.dir); got != c.want {
			t.Errorf("Within(%q, %q) = %v", c.path, c.dir, got)
		}
	}
}

func TestLookupFindsTheLastEntryThatCovers(t *testing.T) {
	s := &Spec{Tree: []Entry{
		{Kind: Bind, Source: "/usr", Dest: "/usr"},
		{Kind: Tmpfs, Dest: "/usr/local"},
		{Kind: Chmod, Dest: "/usr/local/bin"},
	}}
	if e, ok := s.Lookup("/usr/local/bin/x"); !ok || e.Kind != Tmpfs {
		t.Errorf("below the tmpfs: %v, %v", e.Kind, ok)
	}
	if e, ok := s.Lookup("/usr/bin/x"); !ok || e.Kind != Bind {
		t.Errorf("beside it: %v, %v", e.Kind, ok)
	}
	if _, ok := s.Lookup("/etc"); ok {
		t.Error("/etc: nothing brings it in")
	}
}

func TestQuoteIsWhatAShellReads(t *testing.T) {
	for want, words := range map[string][]string{
		"--ro-bind /usr /usr":  {"--ro-bind", "/usr", "/usr"},
		"''":                   {""},
		`'a b' 'it'\''s' '$x'`: {"a b", "it's", "$x"},
	} {
		if got := Quote(words); got != want {
			t.Errorf("Quote(%q) = %s, want %s", words, got, want)
		}
	}
}

// Every wish can be asked for its origin, whatever its kind.
func TestOriginOfEachRef(t *testing.T) {
	s := New()
	words := Origin{Words: []string{"--dev", "/dev"}}
	s.Tree = []Entry{{Kind: Dev, Dest: "/dev", Origin: words}}
	s.Filters = []Filter{{Origin: Origin{Note: "a filter"}}}
	s.IDs.Origin.Note, s.Command.Origin.Note, s.Command.Argv = "ids", "dir", []string{"sh", "-c", "a b"}
	for ref, want := range map[Ref]string{
		Box: "", Identity: "ids", Directory: "dir", Program: "sh -c 'a b'", Terminal: "",
		EntryRef(0): "--dev /dev", FilterRef(0): "a filter",
	} {
		if got := s.Origin(ref).String(); got != want {
			t.Errorf("ref %#x: %q, want %q", ref, got, want)
		}
	}
	if s.Entry(EntryRef(0)) == nil || s.Entry(FilterRef(0)) != nil || s.Entry(Program) != nil {
		t.Error("Entry: only refs of entries name one")
	}
}
