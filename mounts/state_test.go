package mounts

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"box/plan"
	"box/spec"
)

// The links on a way are noted by where they really are, and the way by where it really leads.
func TestLinksOnTheWay(t *testing.T) {
	top, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{"home/.local", "data/state", "dot/deep"} {
		if err := os.MkdirAll(filepath.Join(top, dir), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for name, target := range map[string]string{
		"home/state": filepath.Join(top, "data/state"), "home/.config": "../dot//./deep", "home/first": "../dot/second/",
		"dot/second": "deep/../../data", "home/missing": "../none/x", "home/circle": "circle", "up": "home",
	} {
		if err := os.Symlink(target, filepath.Join(top, name)); err != nil {
			t.Fatal(err)
		}
	}
	for dir, want := range map[string][]string{
		"home/.local/box":            {"home/.local/box"},
		"home//.local/../.local/box": {"home/.local/box"},
		"home/.local/none/box":       {"home/.local/none/box"},
		"home/state/box":             {"data/state/box", "home/state"},
		"home/state/../box":          {"data/box", "home/state"},
		"home/.config/a/box":         {"dot/deep/a/box", "home/.config"},
		"up/first/state/box":         {"data/state/box", "up", "home/first", "dot/second"},
		"home/missing/box":           {"none/x/box", "home/missing"},
		"home/circle/box":            {"home/circle/box", "home/circle"},
	} {
		s := spec.Spec{}
		s.Mounts.Own[0].Path = top + "/" + dir
		found := tree{b: new(plan.Builder), s: &s}
		found.findOwn()
		a := &found.above
		for i := range want {
			want[i] = filepath.Join(top, want[i])
		}
		if got := append([]string{a.own[0]}, a.link[:a.nlink]...); !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", dir, got, want)
		}
		for _, link := range want[1:] {
			if above := filepath.Dir(link); !a.has(above) || !a.has(top) || !a.has("/") {
				t.Errorf("%s: what leads to %s is not noted: %q", dir, link, a.path[:a.n])
			}
		}
	}
}
