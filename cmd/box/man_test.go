package main

import (
	_ "embed"
	"flag"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"box/cmd/box/internal/native"
	"box/cmd/box/internal/verb/seccomp"
	"box/cmd/box/internal/verb/table"
)

var update = flag.Bool("update", false, "write the man page anew")

const manFile = "../../docs/box.1"

// The page is made from a text, in which a line that begins with @ stands for a table of the program's, and from what there is
// to say about flags beyond the line of --help.
var (
	//go:embed testdata/man/page.txt
	manText string
	//go:embed testdata/man/flags.txt
	manFlags string
)

// The man page is made from the tables of the program: go test ./cmd/box -update writes it.
func TestManPageIsCurrent(t *testing.T) {
	want := newManPage(t).String()
	if *update {
		if err := os.WriteFile(manFile, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(manFile)
	if err != nil || string(got) != want {
		t.Errorf("docs/box.1 is stale (%v): go test ./cmd/box -update", err)
	}
}

// The examples of the man page and of README.md are lines of a script that is run.
func TestExamplesAreRun(t *testing.T) {
	script := readText(t, "../../tests/testdata/script/examples.txtar")
	lines := strings.Split(script, "\n")
	examples := 0
	for _, file := range []string{"testdata/man/page.txt", "../../README.md"} {
		for line := range strings.SplitSeq(readText(t, file), "\n") {
			example, ok := strings.CutPrefix(line, "    ")
			example, _, _ = strings.Cut(example, "  #")
			if !ok || !strings.Contains(example, "box ") {
				continue
			}
			examples++
			if !slices.Contains(lines, strings.TrimRight(example, " ")) {
				t.Errorf("%s: not in examples.txtar: %s", file, example)
			}
		}
	}
	if examples < 15 {
		t.Errorf("only %d examples found", examples)
	}
}

// manPage is a page in the language of man(7).
type manPage struct {
	strings.Builder
	tables map[string]func(*manPage) // what a line @name stands for
	lists  map[string]string         // what the word @name stands for
	long   map[string]string         // what is said about a flag
	titled bool                      // a heading has been written
	test   *testing.T
}

func newManPage(t *testing.T) *manPage {
	const environ = "../../profile/environ.go"
	p := &manPage{test: t, long: flagTexts(t), tables: map[string]func(*manPage){
		"synopsis": (*manPage).synopsis, "flags": (*manPage).flags, "verbs": (*manPage).verbs, "policies": (*manPage).policies,
	}}
	p.lists = map[string]string{
		"reserved": strings.Join(table.Reserved[:], ", "),
		"passed":   strings.Join(stringsOf(t, environ, "passed"), ", "),
		"proxies":  strings.Join(stringsOf(t, environ, "proxies"), ", "),
		"paths":    strings.Join(stringsOf(t, environ, "paths"), ", "),
		"refused":  strings.Join(stringsOf(t, environ, "refused"), ", "),
		"locked":   strings.Join(stringsOf(t, "../../project/names.go", "Names"), ", "),

		"registries": strings.Join(stringsOf(t, "../../mounts/registries.go", "registries"), ", "),
		"withheld":   strings.Join(stringsOf(t, "../../mounts/withheld.go", "withheld"), ", "),
	}
	p.WriteString(".TH BOX 1 \"2026-11-27\" \"box\" \"User Commands\"\n")
	for block := range strings.SplitSeq(strings.TrimRight(manText, "\n"), "\n\n") {
		p.block(block)
	}
	return p
}

// block writes one block of the text: a heading, a line @table, an example, "TERM ::" with what it means, or a paragraph.
func (p *manPage) block(block string) {
	first, rest, _ := strings.Cut(block, "\n")
	switch {
	case strings.HasPrefix(block, "# "):
		p.WriteString(".SH " + block[2:] + "\n")
	case strings.HasPrefix(block, "## "):
		p.WriteString(".SS " + block[3:] + "\n")
	case p.tables[strings.TrimPrefix(block, "@")] != nil:
		p.tables[block[1:]](p)
	case strings.HasPrefix(block, "    "):
		p.WriteString(".PP\n.RS 4\n.nf\n" + roff(strings.ReplaceAll(block[4:], "\n    ", "\n")) + "\n.fi\n.RE\n")
	case strings.HasSuffix(first, " ::"):
		p.WriteString(".TP\n.B " + p.inline(strings.TrimSuffix(first, " ::"), "") + "\n" + p.inline(rest, "") + "\n")
	case p.titled: // a heading begins a paragraph
		p.WriteString(p.inline(block, "COMMAND POLICY") + "\n")
	default:
		p.WriteString(".PP\n" + p.inline(block, "COMMAND POLICY") + "\n")
	}
	p.titled = block[0] == '#'
}

// synopsis writes a line for each verb. The word run may be left out.
func (p *manPage) synopsis() {
	p.WriteString(".nf\n")
	for _, v := range table.Verbs {
		name := `\fBbox\fR \fB` + v.Name + `\fR `
		if v.Name == "run" {
			name = `\fBbox\fR [\fBrun\fR] `
		}
		p.WriteString(strings.TrimRight(name+p.words(v.Args), " ") + "\n")
	}
	p.WriteString(".fi\n")
}

func (p *manPage) flags() {
	for _, group := range native.Groups {
		title, note, _ := strings.Cut(group, " (")
		p.WriteString(".SS " + title + "\n")
		if note != "" {
			p.WriteString(p.inline(strings.ToUpper(note[:1])+strings.TrimSuffix(note[1:], ")"), "") + ".\n")
		}
		for _, f := range native.Flags {
			if f.Group == group {
				p.flag(f.Name, f.Args, f.Help)
			}
		}
	}
}

// flag writes what --help says about a flag, and what else there is to say.
func (p *manPage) flag(name, args, help string) {
	p.item(name, args, help+".")
	if long := p.long[name]; long != "" {
		p.WriteString(p.inline(long, args) + "\n")
	}
}

func (p *manPage) verbs() {
	for _, v := range table.Verbs {
		p.item(v.Name, v.Args, v.Short+".")
	}
}

func (p *manPage) policies() {
	for _, v := range seccomp.Verbs {
		p.item(v.Name, v.Args, v.Help)
	}
}

// item writes what a name with arguments means.
func (p *manPage) item(name, args, text string) {
	p.WriteString(".TP\n" + strings.TrimRight(`\fB`+roff(name)+`\fR `+p.words(args), " ") + "\n" + p.inline(text, args) + "\n")
}

var (
	upper     = regexp.MustCompile(`[A-Z][A-Z0-9]*`)
	quoted    = regexp.MustCompile("`([^`]+)`")
	starred   = regexp.MustCompile(`\*([A-Za-z]+)\*`)
	reference = regexp.MustCompile(`\b([a-z][a-z0-9_]*)\(([1-9])\)`)
	listed    = regexp.MustCompile(`@([a-z]+)`)
)

// words marks the arguments of a flag or of a verb: in capitals what a user puts something in the place of.
func (p *manPage) words(args string) string {
	return upper.ReplaceAllString(roff(args), `\fI$0\fR`)
}

// inline marks up a text: `bold`, *italic*, a page such as seccomp(2), a @list, and the names of arguments.
func (p *manPage) inline(text, args string) string {
	text = starred.ReplaceAllString(roff(text), `\fI$1\fR`)
	text = quoted.ReplaceAllString(text, `\fB$1\fR`)
	text = reference.ReplaceAllString(text, `\fB$1\fR($2)`)
	for _, name := range upper.FindAllString(args, -1) {
		text = regexp.MustCompile(`(^|[^-\w])`+name+`\b([^/]|$)`).ReplaceAllString(text, `$1\fI`+name+`\fR$2`)
	}
	return fill(listed.ReplaceAllStringFunc(text, func(name string) string {
		list, ok := p.lists[name[1:]]
		if !ok {
			p.test.Fatalf("%s: no such list", name)
		}
		return roff(list)
	}))
}

// fill breaks a text into lines of at most 80 columns, each sentence on lines of its own. A line that begins with a dot or a quote
// would be a request to roff.
func fill(text string) string {
	var out strings.Builder
	column := 0
	for word := range strings.FieldsSeq(text) {
		switch {
		case column == 0:
		case column+1+len(word) > 80:
			out.WriteByte('\n')
			column = 0
		default:
			out.WriteByte(' ')
			column++
		}
		if column == 0 && (word[0] == '.' || word[0] == '\'') {
			word = `\&` + word
		}
		out.WriteString(word)
		if column += len(word); word[len(word)-1] == '.' {
			out.WriteByte('\n')
			column = 0
		}
	}
	return strings.TrimRight(out.String(), "\n")
}

// flagTexts returns what is said about each flag. A line that begins with a dash begins the text of that flag.
func flagTexts(t *testing.T) map[string]string {
	texts := map[string]string{}
	for block := range strings.SplitSeq(strings.TrimSpace(manFlags), "\n\n") {
		name, text, _ := strings.Cut(block, "\n")
		is := func(f native.Flag) bool { return f.Name == name }
		if !slices.ContainsFunc(native.Flags[:], is) || texts[name] != "" || text == "" {
			t.Errorf("flags.txt: %q: no flag, there already, or empty", name)
		}
		texts[name] = text
	}
	return texts
}

// stringsOf returns the strings of a table of another package, which doesn't export it.
func stringsOf(t *testing.T, file, name string) (found []string) {
	source, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(source, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok || spec.Names[0].Name != name {
			return true
		}
		ast.Inspect(spec, func(n ast.Node) bool {
			if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING {
				text, err := strconv.Unquote(lit.Value)
				if err != nil {
					t.Fatal(err)
				}
				found = append(found, text)
			}
			return true
		})
		return false
	})
	if found == nil {
		t.Fatalf("%s: no table %s", file, name)
	}
	return found
}

func readText(t *testing.T, file string) string {
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// roff escapes a text for man(7).
func roff(text string) string {
	text = strings.ReplaceAll(text, `\`, `\e`)
	return strings.ReplaceAll(text, "-", `\-`)
}
