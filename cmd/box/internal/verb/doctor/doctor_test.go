package doctor

import (
	"encoding/json"
	"errors"
	"io"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"box/cmd/box/internal/say"
	"box/cmd/box/internal/verb"
	"box/internal/kernel"
)

// printed returns what doctor prints, and its status, where a sandbox can't be made for the reason err.
func printed(t *testing.T, err error, words ...string) (out string, status int) {
	t.Helper()
	read, write, failed := os.Pipe()
	if failed != nil {
		t.Fatal(failed)
	}
	stdout := os.Stdout
	os.Stdout = write
	defer func() { os.Stdout = stdout }()
	text := make(chan string)
	go func() {
		data, _ := io.ReadAll(read)
		text <- string(data)
	}()
	try := func() error { return err }
	status, failed = Run(&verb.Context{Words: words, Build: "early start", Entry: true, Try: try, TryNetwork: try})
	_ = write.Close()
	if failed != nil {
		t.Fatal(failed)
	}
	return <-text, status
}

// The terminal shows one line a finding: ok, missing for what box can do without, FAIL for what it can't, and what to do below.
func TestFindingsOnATerminal(t *testing.T) {
	var out strings.Builder
	if err := printFindings(&out, []finding{
		{Name: "kernel", OK: true, Required: true, Detail: "Linux 6.1"},
		{Name: "sandbox", Required: true, Detail: "does not start", Fix: "do this\nand that"},
		{Name: "ids", Detail: "none"},
	}); err != nil {
		t.Fatal(err)
	}
	const want = `ok       kernel: Linux 6.1
FAIL     sandbox: does not start
         do this
         and that
missing  ids: none
`
	if out.String() != want {
		t.Errorf("%s\nwant\n%s", out.String(), want)
	}
}

// The document has a schema and findings with these members, and nothing else; fix is left out where there is nothing to fix.
func TestJSON(t *testing.T) {
	for name, err := range map[string]error{"works": nil, "fails": errors.New("no sandbox")} {
		out, status := printed(t, err, "--json")
		var document map[string]any
		if err := json.Unmarshal([]byte(out), &document); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		if len(document) != 2 || document["schema"] != 1.0 {
			t.Errorf("%s: members %v, schema %v", name, document, document["schema"])
		}
		findings, _ := document["findings"].([]any)
		if len(findings) != len(examinations) {
			t.Errorf("%s: %d findings of %d examinations", name, len(findings), len(examinations))
		}
		for _, f := range findings {
			checkFinding(t, f)
		}
		if (status == 1) != (err != nil) {
			t.Errorf("%s: status %d", name, status)
		}
	}
}

// checkFinding looks whether a finding has the members that it must have, each with its kind of value.
func checkFinding(t *testing.T, f any) {
	t.Helper()
	members, ok := f.(map[string]any)
	if !ok {
		t.Fatalf("%v", f)
	}
	kinds := map[string]reflect.Kind{
		"name": reflect.String, "ok": reflect.Bool, "required": reflect.Bool, "detail": reflect.String, "fix": reflect.String,
	}
	for name, value := range members {
		if reflect.TypeOf(value).Kind() != kinds[name] || value == "" {
			t.Errorf("%s: %v", name, value)
		}
		delete(kinds, name)
	}
	delete(kinds, "fix")
	if len(kinds) > 0 {
		t.Errorf("%v: without %v", members, kinds)
	}
}

// A sandbox that does not start is the end of it: FAIL, the reason with its cause, the hint as what to do, status 1.
func TestSandboxThatDoesNotStart(t *testing.T) {
	m := &say.Message{Headline: "cannot create a user namespace", Cause: "user.max_user_namespaces is 0", Hint: "as root: sysctl"}
	out, status := printed(t, m)
	lines := strings.Split(out, "\n")
	const want = "FAIL     sandbox: cannot create a user namespace; cause: user.max_user_namespaces is 0"
	i := slices.Index(lines, want)
	fix := m.Hint
	if kernel.AppArmorRestricts() { // which is what to do something about then
		fix, _, _ = strings.Cut(appArmorFix(), "\n")
	}
	if i < 0 || strings.TrimSpace(lines[i+1]) != fix || status != 1 {
		t.Errorf("status %d\n%s", status, out)
	}
	out, status = printed(t, nil)
	if !strings.Contains(out, "\nok       sandbox: starts\n") || status != 0 || strings.Contains(out, "FAIL") {
		t.Errorf("status %d\n%s", status, out)
	}
}

// What comes from the machine can't steer a terminal.
func TestFindingsAreVisible(t *testing.T) {
	out, _ := printed(t, errors.New("bad \x1b[31mtext"))
	if strings.Contains(out, "\x1b") || !strings.Contains(out, "bad ") {
		t.Errorf("%q", out)
	}
}

// How this program starts, and why not early.
func TestBuild(t *testing.T) {
	for _, c := range []struct {
		entry bool
		off   string
		want  string
	}{
		{true, "", "x: a plain command line begins before the Go runtime"},
		{true, "1", "x, which BOX_NO_EARLY turns off"},
		{false, "", "x: make build on amd64 makes one that takes about half of the time"},
	} {
		t.Setenv("BOX_NO_EARLY", c.off)
		f := examineBuild(&verb.Context{Build: "x", Entry: c.entry})
		if f.Detail != c.want || !f.OK || f.Required {
			t.Errorf("entry %v, BOX_NO_EARLY=%s: %+v", c.entry, c.off, f)
		}
	}
}

// Words that doctor doesn't have are misuse.
func TestMisuse(t *testing.T) {
	for _, words := range [][]string{{"--nosuch"}, {"word"}, {"--json=maybe"}} {
		_, err := Run(&verb.Context{Words: words, Try: func() error { return nil }})
		m, ok := errors.AsType[*say.Message](err)
		if !ok || !strings.HasPrefix(m.Headline, "doctor: ") || m.Hint != "box doctor --help" || m.Status != say.StatusBox {
			t.Errorf("%q: %+v", words, err)
		}
	}
}
