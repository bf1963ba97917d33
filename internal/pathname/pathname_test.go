package pathname

import "testing"

func TestFirstPartOfAPath(t *testing.T) {
	for path, want := range map[string]string{
		"": "", "/": "", "///": "", "a": "a", "/a": "a", "//a//b": "a", "a/b": "a", "./a": ".", "a/": "a",
	} {
		if start, end := First(path); path[start:end] != want || start > end {
			t.Errorf("First(%q) = %d, %d", path, start, end)
		}
	}
}

func TestCutAtTheLastSlash(t *testing.T) {
	for path, want := range map[string][2]string{
		"": {"", ""}, "a": {"", "a"}, "/a": {"", "a"}, "a/b": {"a", "b"}, "/a/b/c": {"/a/b", "c"}, "a//b": {"a/", "b"},
		"a/": {"a", ""},
	} {
		if above, last := Cut(path); above != want[0] || last != want[1] {
			t.Errorf("Cut(%q) = %q, %q", path, above, last)
		}
	}
}

func TestHasPart(t *testing.T) {
	for path, want := range map[string]bool{
		"": false, "/": false, "box": true, "/box": true, "/a//box/b": true, "/a/boxes": false, "/abox": false, "/a/box/": true,
	} {
		if has := HasPart(path, "box"); has != want {
			t.Errorf("HasPart(%q) = %v", path, has)
		}
	}
}
