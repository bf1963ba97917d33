package launch

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"box/internal/host"
	"box/spec"

	"golang.org/x/sys/unix"
)

// lay makes files below dir: "path" is an empty file, "path=text" one with a text, "path/" a directory, "path->target" a link.
func lay(t *testing.T, dir string, entries ...string) {
	t.Helper()
	for _, e := range entries {
		var err error
		path := func(name string) string {
			full := filepath.Join(dir, name)
			if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
				t.Fatal(err)
			}
			return full
		}
		if name, target, is := strings.Cut(e, "->"); is {
			err = os.Symlink(target, path(name))
		} else if name, text, is := strings.Cut(e, "="); is {
			err = os.WriteFile(path(name), []byte(text), 0o644)
		} else if strings.HasSuffix(e, "/") {
			err = os.MkdirAll(path(e), 0o755)
		} else {
			err = os.WriteFile(path(e), nil, 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// swept is a sweep through dir, and what it has told.
type swept struct {
	sweep
	news []News
}

// sweepOf returns a sweep for a project in which all that there is counts as new.
func sweepOf(t *testing.T, dir string, tree ...spec.Entry) *swept {
	t.Helper()
	top, err := unix.Open(dir, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	var pipe [2]int
	if err := unix.Pipe2(pipe[:], unix.O_CLOEXEC|unix.O_NONBLOCK); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Close(pipe[0]); unix.Close(pipe[1]) })
	s := new(swept)
	s.b = &Sandbox{spec: &spec.Spec{Tree: tree}, signal: pipe[0]}
	s.b.names.top, s.uid = top, uint32(os.Getuid())
	s.b.OnNews(func(n *News) bool {
		told := *n
		told.Name, told.As = strings.Clone(n.Name), strings.Clone(n.As)
		s.news = append(s.news, told)
		return true
	})
	return s
}

// initial is what git init writes.
var initial = []string{
	".git/HEAD=ref: refs/heads/main\n", ".git/config=[core]\n\tbare = false\n", ".git/description", ".git/hooks/pre-commit.sample",
	".git/info/exclude", ".git/objects/info/", ".git/objects/pack/", ".git/refs/heads/", ".git/refs/tags/", ".git/branches/",
}

// A repository as git makes it keeps its name. One by which git, started in it, would run something doesn't.
func TestHarmless(t *testing.T) {
	for name, more := range map[string][]string{
		"nothing more": nil,
		"a commit": {
			".git/index", ".git/COMMIT_EDITMSG", ".git/logs/HEAD", ".git/objects/ab/cdef", ".git/refs/heads/a/b/c",
		},
		"a clone": {
			".git/packed-refs", ".git/ORIG_HEAD", ".git/FETCH_HEAD", ".git/shallow", ".git/config=[remote \"o\"]\nurl=/x\n",
		},
		"other files beside it":   {"hooks/pre-commit", "config=[core]\nfsmonitor=x\n", "modules/x"},
		"its samples, all of git": {".git/hooks/a.sample", ".git/hooks/fsmonitor-watchman.sample"},
	} {
		dir := t.TempDir()
		lay(t, dir, append(slices.Clone(initial), more...)...)
		s := sweepOf(t, dir)
		s.walk()
		if len(s.news) != 0 {
			t.Errorf("%s: %+v", name, s.news)
		}
		if _, err := os.Stat(dir + "/.git/HEAD"); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, more := range map[string][]string{
		"a hook":                      {".git/hooks/post-checkout"},
		"a hook called .sample":       {".git/hooks/.sample"},
		"a hook that is a link":       {".git/hooks/post-checkout->/bin/sh"},
		"a directory of hooks":        {".git/hooks/x.sample/"},
		"a key that runs something":   {".git/config=[core]\nfsmonitor = x\n"},
		"no configuration to read":    {".git/config/"},
		"a configuration elsewhere":   {".git/commondir=../x\n"},
		"one for the worktree":        {".git/config.worktree"},
		"a rebase that goes on":       {".git/rebase-merge/git-rebase-todo=exec x\n"},
		"modules":                     {".git/modules/x/config"},
		"something among branches":    {".git/branches/x"},
		"a link among objects":        {".git/objects/ab/x->/etc/passwd"},
		"a link in the place of refs": {".git/refs/heads/x->/etc"},
		"objects from elsewhere":      {".git/objects/info/alternates->/x"},
		"refs that are too deep":      {".git/refs/" + strings.Repeat("d/", maxInner) + "x"},
		"a long configuration":        {".git/config=" + strings.Repeat("#\n", maxConfig/2)},
		"a file of another name":      {".git/sharedindex"},
	} {
		dir := t.TempDir()
		lay(t, dir, initial...)
		if name == "no configuration to read" {
			if err := os.Remove(dir + "/.git/config"); err != nil {
				t.Fatal(err)
			}
		}
		lay(t, dir, more...)
		s := sweepOf(t, dir)
		s.walk()
		if len(s.news) != 1 || s.news[0].What != Held || s.news[0].Name != ".git" || s.news[0].As != ".git"+held {
			t.Errorf("%s: %+v", name, s.news)
		}
		if _, err := os.Lstat(dir + "/.git"); !os.IsNotExist(err) {
			t.Errorf("%s: it has its name: %v", name, err)
		}
		if _, err := os.Stat(dir + "/.git" + held + "/HEAD"); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// What git writes itself is harmless, whatever its version.
func TestGitsOwnAreHarmless(t *testing.T) {
	dir := t.TempDir()
	git := func(words ...string) {
		t.Helper()
		cmd := exec.Command("git", words...)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "HOME="+dir, "GIT_CONFIG_NOSYSTEM=1", "GIT_AUTHOR_NAME=a", "GIT_AUTHOR_EMAIL=a@b",
			"GIT_COMMITTER_NAME=a", "GIT_COMMITTER_EMAIL=a@b")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("git %q: %v: %s", words, err, out)
		}
	}
	git("init", "-q", "one")
	git("-C", "one", "commit", "-q", "--allow-empty", "-m", "x")
	git("-C", "one", "branch", "a/b")
	git("-C", "one", "tag", "v1")
	git("-C", "one", "gc", "-q")
	git("clone", "-q", "one", "two")
	git("clone", "-q", "--bare", "one", "three")
	s := sweepOf(t, dir)
	s.walk()
	if len(s.news) != 0 {
		t.Errorf("%+v", s.news)
	}
	// The control: the same sweep finds a hook in each.
	lay(t, dir, "one/.git/hooks/post-commit", "two/.git/hooks/post-commit", "three/hooks/post-commit")
	s = sweepOf(t, dir)
	s.walk()
	var names []string
	for _, n := range s.news {
		names = append(names, n.Name)
	}
	slices.Sort(names)
	if want := []string{"one/.git", "three/HEAD", "two/.git"}; !slices.Equal(names, want) {
		t.Errorf("%q, want %q", names, want)
	}
}

// Below the top each .git is looked at, and each directory that is a repository itself. Links are not entered, and neither is what
// has been held already.
func TestSweep(t *testing.T) {
	dir := t.TempDir()
	lay(
		t, dir, "a/b/c/.git/hooks/x", "file/.git=gitdir: /x\n", "link/.git->/x", "loop->..", "a/loop->../..",
		"bare/HEAD", "bare/objects/", "bare/refs/", "bare/hooks/x", "common/HEAD", "common/commondir", "nohead/objects/",
		"nohead/refs/", "nohead/hooks/x", "half/HEAD", "half/objects/", ".git"+held+"/.git/hooks/x", "ignored/git/hooks/x",
	)
	s := sweepOf(t, dir)
	s.walk()
	var got []string
	for _, n := range s.news {
		if n.What != Held {
			t.Errorf("%+v", n)
		}
		got = append(got, n.Name+" "+n.As)
	}
	slices.Sort(got)
	var want []string
	for _, name := range []string{"a/b/c/.git", "bare/HEAD", "common/HEAD", "file/.git", "link/.git"} {
		want = append(want, name+" "+name+held)
	}
	if !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	// A second walk finds nothing.
	s = sweepOf(t, dir)
	if s.walk(); len(s.news) != 0 {
		t.Errorf("again: %+v", s.news)
	}
}

// What is older than the sandbox is the user's, and so is what an entry names.
func TestWhatIsTheUsers(t *testing.T) {
	dir := t.TempDir()
	lay(t, dir, "old/.git/hooks/x", "bound/.git/hooks/x")
	s := sweepOf(t, dir, spec.Entry{Kind: spec.Lock, Source: dir + "/bound/.git"})
	s.walk()
	if len(s.news) != 1 || s.news[0].Name != "old/.git" {
		t.Errorf("%+v", s.news)
	}
	dir = t.TempDir()
	lay(t, dir, "old/.git/hooks/x")
	s = sweepOf(t, dir)
	s.b.names.began = host.RealTime()
	s.b.names.began.Sec += 10
	s.walk()
	if len(s.news) != 0 {
		t.Errorf("an old one: %+v", s.news)
	}
	// A file system with whole seconds: what has changed in the second before may have changed after.
	for _, c := range []struct {
		sec, nsec int64
		want      bool
	}{{99, 0, true}, {98, 0, false}, {99, 999, false}, {100, 4, false}, {100, 5, true}, {101, 1, true}} {
		s.b.names.began = unix.Timespec{Sec: 100, Nsec: 5}
		if got := s.isNew(&host.File{Changed: unix.Timespec{Sec: c.sec, Nsec: c.nsec}}); got != c.want {
			t.Errorf("%d.%d: %v", c.sec, c.nsec, got)
		}
	}
}

// A directory that can't be read is told, some of them, and the walk goes on; so it does where names or paths are long.
func TestSweepGoesOn(t *testing.T) {
	dir := t.TempDir()
	for i := range maxUnread + 3 {
		lay(t, dir, "closed"+strconv.Itoa(i)+"/")
		if err := os.Chmod(dir+"/closed"+strconv.Itoa(i), 0); err != nil {
			t.Fatal(err)
		}
	}
	long := strings.Repeat("n", 255)
	lay(t, dir, long+"/"+long+"/.git/hooks/x", "z/.git/hooks/x")
	s := sweepOf(t, dir)
	s.walk()
	kinds := map[NewsKind]int{}
	for _, n := range s.news {
		kinds[n.What]++
	}
	if kinds[Unread] != maxUnread || kinds[Held] != 2 {
		t.Errorf("%v", kinds)
	}
}

// A walk that has too much to look at ends, and says where; one that is deeper than it goes says so.
func TestSweepEnds(t *testing.T) {
	dir := t.TempDir()
	lay(t, dir, strings.Repeat("d/", maxDepth+1), "z/.git/hooks/x")
	s := sweepOf(t, dir)
	s.walk()
	kinds := map[NewsKind]int{}
	for _, n := range s.news {
		kinds[n.What]++
	}
	if kinds[Unread] != 1 || kinds[Held] != 1 {
		t.Errorf("%v", kinds)
	}
	s = sweepOf(t, dir)
	s.dirs = maxDirs - 1
	s.walk()
	if len(s.news) == 0 || s.news[len(s.news)-1].What != TooMany {
		t.Errorf("%+v", s.news)
	}
}

// What has a name already is never replaced: the next free one is taken.
func TestHold(t *testing.T) {
	dir := t.TempDir()
	s := sweepOf(t, dir)
	for i, want := range []string{".git" + held, ".git" + held + ".2", ".git" + held + ".3"} {
		lay(t, dir, ".git="+strconv.Itoa(i))
		if errno := s.b.hold(s.b.names.top, ".git"); errno != 0 || s.b.names.name.String() != want {
			t.Errorf("%v, %q, want %q", errno, s.b.names.name.String(), want)
		}
	}
	for i, name := range []string{".git" + held, ".git" + held + ".2", ".git" + held + ".3"} {
		if text, err := os.ReadFile(dir + "/" + name); err != nil || string(text) != strconv.Itoa(i) {
			t.Errorf("%s: %q, %v", name, text, err)
		}
	}
	if errno := s.b.hold(s.b.names.top, ".git"); errno != unix.ENOENT {
		t.Errorf("what is gone: %v", errno)
	}
	s.b.reportHeld("a", ".git", unix.ENOENT)
	s.b.reportHeld("a", ".git", unix.EROFS)
	if len(s.news) != 1 || s.news[0].What != NotHeld || s.news[0].Name != "a/.git" || s.news[0].Errno != unix.EROFS {
		t.Errorf("%+v", s.news)
	}
}
