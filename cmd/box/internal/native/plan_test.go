package native

import (
	"bytes"
	goflag "flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"box/cmd/box/internal/printer"
	"box/cmd/box/internal/session"
	"box/spec"

	"github.com/rogpeppe/go-internal/txtar"
)

var update = goflag.Bool("update", false, "write the golden plans anew")

// Each file of ../../testdata/plans has the words of a command line (args), the files of a tree in which it is compiled, and
// the plan that must come out, or how it differs from another's (changes; than has the words of that, if it
// is not the smallest sandbox). Compiling looks at the host, so sources are relative to the tree. With files of absolute names it
// is compiled in a root that has these and nothing else.
func TestGoldenPlans(t *testing.T) {
	files, err := filepath.Glob("../../testdata/plans/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatal("no golden plans", err)
	}
	for _, file := range files {
		file, err := filepath.Abs(file)
		if err != nil {
			t.Fatal(err)
		}
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) { golden(t, file) })
	}
}

func golden(t *testing.T, file string) {
	archive, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if hasRoot(archive) && os.Getenv(rootVar) == "" {
		inRoot(t)
		return
	}
	// Opened before there is another root.
	to, err := os.OpenFile(file, os.O_RDWR, 0)
	if err != nil && *update {
		t.Fatal(err)
	}
	defer to.Close()
	tree := ownTree
	if hasRoot(archive) {
		makeRoot(t, archive, os.Getenv(rootVar))
	} else {
		t.Setenv("TMPDIR", "/tmp") // a working directory is found at the end of its path
		tree = t.TempDir()
	}
	args, than := []string(nil), smallest
	for _, f := range archive.Files {
		switch f.Name {
		case "args":
			args = strings.Fields(string(f.Data))
		case "than":
			than = strings.Fields(string(f.Data))
		case "plan", "changes":
		default:
			path := filepath.Join(tree, f.Name)
			if filepath.IsAbs(f.Name) {
				continue
			}
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				t.Fatal(err)
			}
			if target, ok := strings.CutPrefix(strings.TrimSpace(string(f.Data)), "-> "); ok {
				err = os.Symlink(target, path)
			} else {
				err = os.WriteFile(path, f.Data, 0o644)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	t.Chdir(tree)
	args = withDescriptors(t, args)
	compiled := func(args []string) string {
		return temporary.ReplaceAllString(strings.ReplaceAll(compileText(t, args), tree, "DIR"), "TREE")
	}
	got := compiled(args)
	last := len(archive.Files) - 1
	if archive.Files[last].Name == "changes" {
		got = changes(compiled(than), got)
	}
	if *update {
		archive.Files[last].Data = []byte(got)
		if _, err := to.WriteAt(txtar.Format(archive), 0); err != nil {
			t.Fatal(err)
		}
		if err := to.Truncate(int64(len(txtar.Format(archive)))); err != nil {
			t.Fatal(err)
		}
	}
	if want := string(archive.Files[last].Data); got != want {
		t.Errorf("the plan has changed; go test ./cmd/box/internal/native -update, then look at the difference\n%s",
			difference(want, got))
	}
}

// compileText returns the plan for a command line as --dry-run prints it, without what differs between machines.
func compileText(t *testing.T, args []string) string {
	t.Helper()
	steps, command, err := scan(nil, new(session.Memory), args)
	if err != nil {
		t.Fatal(err)
	}
	b := new(Line)
	b.Begin(new(session.Session))
	b.ptyOff, b.spec.Mounts.Guard = true, spec.NoGuard
	b.spec.IDs.UID, b.spec.IDs.GID = 1000, 1000 // whoever runs the test
	for i := range steps {
		if err := b.do(&steps[i]); err != nil {
			t.Fatal(err)
		}
	}
	if err := b.Finish(command); err != nil {
		t.Fatal(err)
	}
	b.spec.Command.Env = []string{"PATH=/usr/bin"}
	for fd := range b.spec.Life.Stdio {
		b.spec.Life.Stdio[fd] = spec.Description{Kind: spec.DeviceFile, Reads: fd == 0, Writes: fd != 0}
	}
	if err := b.Compile(); err != nil {
		t.Fatal(err)
	}
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		_ = printer.Write(write, &b.session.Builder.Plan, b.session.NetPlan(), b.spec, b.left)
		_ = write.Close()
	}()
	var text bytes.Buffer
	if _, err := text.ReadFrom(read); err != nil {
		t.Fatal(err)
	}
	return neutral(text.String())
}

var (
	// The name of a directory as the package testing makes it.
	temporary = regexp.MustCompile(`TestGoldenPlans[\w-]+`)

	callers = regexp.MustCompile(`(?m)^(prlimit64\([nsm]|rt_sig|wipe|sched_setaffinity).*\n`)
	spaces  = regexp.MustCompile(` {2,}#`)
	numbers = regexp.MustCompile(`size=\d{6,}|"\d+ \d+ 1\\n"|` +
		`if done: write\(r\d+, "\d+"\)|\(\d+ bytes\)|nr_inodes=\d+|state_directory\(.*\)`)
)

func neutral(text string) string {
	text = callers.ReplaceAllString(text, "")
	text = numbers.ReplaceAllString(text, "…")
	return spaces.ReplaceAllString(text, " #")
}

// difference returns the lines that only one of two texts has.
func difference(want, got string) string {
	var out strings.Builder
	has := func(text, line string) bool { return strings.Contains("\n"+text+"\n", "\n"+line+"\n") }
	for line := range strings.Lines(want) {
		if !has(got, strings.TrimSuffix(line, "\n")) {
			out.WriteString("- " + line)
		}
	}
	for line := range strings.Lines(got) {
		if !has(want, strings.TrimSuffix(line, "\n")) {
			out.WriteString("+ " + line)
		}
	}
	return out.String()
}
