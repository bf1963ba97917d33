package mounts

import (
	"fmt"
	"testing"

	"box/plan"
	"box/spec"
)

// The set never says no where spec.Within says yes, and seldom yes where it says no.
func TestPrefixesMissNothing(t *testing.T) {
	b := new(plan.Builder)
	b.Reset()
	in := []string{"/usr", "a//b/", "/x/y/z", "relative/path"}
	p := newPrefixes(b, 1000)
	for _, path := range in {
		p.add(path)
	}
	asked := []string{
		"/usr", "usr/", "/usr/bin", "/usrbin", "/a/b", "/a/bc", "/a", "/x/y/z/w", "/x/y", "/", "",
		"//relative//path/x",
	}
	wrong := 0
	for i := range 2000 {
		asked = append(asked, fmt.Sprintf("/some/%d/path", i))
	}
	for _, path := range asked {
		want := false
		for _, dir := range in {
			want = want || spec.Within(collapse(path), collapse(dir))
		}
		switch got := p.mayCover(path); {
		case want && !got:
			t.Errorf("%s is missed", path)
		case got && !want:
			wrong++
		}
	}
	if wrong > 20 {
		t.Errorf("%d of %d are taken for members", wrong, len(asked))
	}
	root := newPrefixes(b, 4)
	root.add("/")
	if !root.mayCover("/anything/below") || !root.mayCover("") {
		t.Error("everything lies below the root")
	}
}

func collapse(path string) string {
	var out []byte
	for i := range len(path) {
		if path[i] != '/' || i > 0 && path[i-1] != '/' {
			out = append(out, path[i])
		}
	}
	return string(out)
}
