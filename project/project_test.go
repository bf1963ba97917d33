package project

import (
	"os"
	"path/filepath"
	"testing"

	"box/internal/unprivileged"
)

func TestMain(m *testing.M) { os.Exit(unprivileged.Main(m)) }

// makeTree makes files, and directories (a name with a slash at its end), and returns their directory.
func makeTree(t *testing.T, names ...string) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range names {
		path := filepath.Join(dir, name)
		above := filepath.Dir(path)
		if name[len(name)-1] == '/' {
			above = path
		}
		if err := os.MkdirAll(above, 0o755); err != nil {
			t.Fatal(err)
		}
		if above != path {
			if err := os.WriteFile(path, []byte("x"), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	return dir
}

// found returns what is the project of a directory: its path below dir.
func found(t *testing.T, dir, at string, homes ...string) (path, why, left string) {
	t.Helper()
	t.Chdir(filepath.Join(dir, at))
	c := Caller{UID: os.Getuid(), Homes: homes, Dir: filepath.Join(dir, at)}
	var p Project
	p.Find(&c)
	defer p.Close()
	if p.Left != "" {
		return "", "", p.Left
	}
	rel, err := filepath.Rel(dir, p.Dest)
	if err != nil {
		t.Fatal(err)
	}
	return rel, p.Why, ""
}

func TestFind(t *testing.T) {
	for _, c := range []struct {
		what, at  string
		files     []string
		path, why string
	}{
		{"nothing", "a/b", []string{"a/b/"}, "a/b", ""},
		{"a checkout", "a/b", []string{".git/HEAD", "a/b/"}, ".", "checkout"},
		{"a linked one", "a/b", []string{"a/.git", "a/b/"}, "a", "checkout"},
		{"an empty .git is not a repository", "a/b", []string{"a/.git/", "a/b/"}, "a/b", ""},
		{"a marker", "a/b", []string{"a/go.mod", "a/b/"}, "a", "go.mod"},
		{"the nearest marker", "a/b", []string{"go.mod", "a/package.json", "a/b/"}, "a", "package.json"},
		{"a checkout counts more than a marker", "a/b", []string{".git/HEAD", "a/package.json", "a/b/"}, ".", "checkout"},
		{"one with secrets", "a/b", []string{".git/HEAD", ".ssh/", "a/b/"}, "a/b", ""},
		{"one with secrets, and a marker", "a/b", []string{".git/HEAD", ".ssh/", "a/go.mod", "a/b/"}, "a", "go.mod"},
		{"secrets of a checkout that one is in", ".", []string{".git/HEAD", ".ssh/"}, ".", "checkout"},
		{"a directory by the name of a marker", "a", []string{"go.mod/", "a/"}, "a", ""},
	} {
		path, why, left := found(t, makeTree(t, c.files...), c.at)
		if path != c.path || why != c.why || left != "" {
			t.Errorf("%s: %q %q %q, want %q %q", c.what, path, why, left, c.path, c.why)
		}
	}
}

func TestFindRefuses(t *testing.T) {
	dir := makeTree(t, "home/.git/HEAD", "home/p/q/", "open/.git/HEAD", "open/p/")
	home := filepath.Join(dir, "home")
	for at, want := range map[string]string{
		"home": "the working directory is the home directory", ".": "the working directory holds the home directory",
	} {
		if _, _, left := found(t, dir, at, home); left != want {
			t.Errorf("%s: %q, want %q", at, left, want)
		}
	}
	if path, _, left := found(t, dir, "home/p/q", home); path != "home/p/q" || left != "" {
		t.Errorf("a home that is a checkout is no project: %q %q", path, left)
	}
	if err := os.Chmod(filepath.Join(dir, "open"), os.ModeSticky|0o777); err != nil { //nolint:gosec // others write there
		t.Fatal(err)
	}
	if path, _, left := found(t, dir, "open/p", home); path != "open/p" || left != "" {
		t.Errorf("a checkout that others write in is no project: %q %q", path, left)
	}
	if err := os.Chmod(filepath.Join(dir, "open"), 0o777); err != nil { //nolint:gosec // a tree that shows no modes
		t.Fatal(err)
	}
	if path, _, left := found(t, dir, "open/p", home); path != "open" || left != "" {
		t.Errorf("a drive of another system, all of it 0777: %q %q", path, left)
	}
}
