package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"regexp"
	"strings"
	"testing"

	"box/cmd/box/internal/bwrap"
	"box/cmd/box/internal/native"
	"box/cmd/box/internal/session"
	"box/internal/early"
	"box/plan"
)

// A command line has the same plan before and after the Go runtime begins, or it goes the ordinary way before any effect. Lines are
// made of all flags with arguments that may mean something and some that don't.
func TestEarlyPlanIsTheOrdinaryPlan(t *testing.T) {
	for _, m := range []struct {
		name    string
		flags   []generatedFlag
		compile func(*session.Session, []string) (string, error)
	}{
		{"box", boxFlags(), compileBox},
		{"bwrap", bwrapFlagsToMake(), compileBwrap},
	} {
		t.Run(m.name, func(t *testing.T) {
			r := rand.New(rand.NewPCG(1, 2))
			ordinary, before := new(session.Session), new(session.Session)
			done, lines := 0, 20000
			for range lines {
				words := line1(r, m.flags)
				is, differs := samePlan(ordinary, before, words, m.compile)
				// Compiling looks at the host, where somebody may have changed something between the two.
				for tries := 0; differs != "" && tries < 5; tries++ {
					is, differs = samePlan(ordinary, before, words, m.compile)
				}
				if differs != "" {
					t.Fatalf("%q: %s", words, differs)
				}
				if is {
					done++
				}
			}
			if done < lines/10 {
				t.Errorf("%d of %d lines have an early plan: too few to say anything", done, lines)
			}
		})
	}
}

// samePlan compiles a command line both ways. It reports whether there is an early plan, and how it differs.
func samePlan(ordinary, before *session.Session, words []string,
	compile func(*session.Session, []string) (string, error),
) (is bool, differs string) {
	want, wrong := compile(ordinary, words)
	got, err := "", error(nil)
	argv := append([]string{"box"}, words...)
	if !early.Rehearse(argv, os.Environ(), func() { got, err = compile(before, words) }) {
		return false, ""
	}
	switch {
	case wrong != nil || err != nil:
		return true, fmt.Sprintf("%v early, %v ordinarily", err, wrong)
	case got != want:
		return true, "the plans differ:\n" + difference(want, got)
	}
	return true, ""
}

// generatedFlag is a flag and how its arguments are made.
type generatedFlag struct {
	name string
	args []string
}

func boxFlags() (made []generatedFlag) {
	for i := range native.Flags {
		switch f := &native.Flags[i]; f.Name {
		case "--help", "--version", "--args", "--dry-run", "--print-bwrap", "--exec-label", "--file-label":
		case "-w": // it says something
		default:
			made = append(made, generatedFlag{f.Name, strings.Fields(f.Args)[:f.Words()]})
		}
	}
	return made
}

func bwrapFlagsToMake() (made []generatedFlag) {
	for i := range bwrap.Options {
		switch f := &bwrap.Options[i]; f.Name {
		case "--help", "--version", "--args", "--exec-label", "--file-label":
		default:
			args := []string{"SRC", "DEST", "DEST"}[:f.Words]
			for _, b := range native.Flags {
				if b.Name == f.Name {
					args = strings.Fields(b.Args)
				}
			}
			made = append(made, generatedFlag{f.Name, args})
		}
	}
	return made
}

// generatedWords are what may stand for an argument of a flag.
var generatedWords = map[string][]string{
	"SRC":    {"/usr", "/usr", "/", "/bin", "/etc", "/etc/passwd", ".", "/nowhere", "/usr/bin/../bin", "/tmp", ""},
	"DEST":   {"/usr", "/a", "/a/b/c", "/tmp", "/", "/dev", "a", "/usr/x", "/..", "/etc/passwd", "/a//b/", ""},
	"PATH":   {"/a", "/tmp", "/"},
	"TARGET": {"usr/bin", "/usr", "x"},
	"DIR":    {"/", "/tmp", "/a/../b", "tmp"},
	"BYTES":  {"4096", "1", "0x1000", "0", "x"},
	"OCTAL":  {"755", "0700", "07777", "9", "10000"},
	"N":      {"0", "1000", "5", "-1", "x"},
	"FD":     {"0", "99", "x"},
	"NAME":   {"default", "A", "HOME", "a=b", "host", "strict", "PATH"},
	"VALUE":  {"", "/usr/bin", "a=b"},
	"GLOB":   {"A*"},
	"CAP":    {"ALL", "CAP_KILL"},

	"NAME[:PORT]": {
		"a.example", "A.Example.:22,443", "*.b.example", "*",
		"10.1.0.0/16:22", "[fd00::1]:80", "host:80", "@npm", "x:0", "",
	},
	"PORT:PORT":       {"8080:80", "127.0.0.1:8081:81", "[::1]:8082:82/tcp", "80"},
	"none|names|host": {"none", "names", "names"},
}

// line1 makes a command line.
func line1(r *rand.Rand, flags []generatedFlag) (words []string) {
	for range r.IntN(6) {
		f := flags[r.IntN(len(flags))]
		words = append(words, f.name)
		for _, arg := range f.args {
			choice := generatedWords[arg]
			if choice == nil {
				choice = strings.Split(arg, "|")
			}
			words = append(words, choice[r.IntN(len(choice))])
		}
	}
	return append(words, "--", "true", "x")
}

// compileBox returns the plan of a command line in box mode.
func compileBox(s *session.Session, words []string) (string, error) {
	if err := one.native.Plan(s, words); err != nil {
		return "", err
	}
	text := planText(&s.Builder)
	if s.NetPlan() != nil {
		text += planText(&s.Net)
	}
	return text, nil
}

// compileBwrap is compileBox in bwrap mode.
func compileBwrap(s *session.Session, words []string) (string, error) {
	if err := one.bwrap.Plan(s, words, os.Environ()); err != nil {
		return "", err
	}
	return planText(&s.Builder), nil
}

// stored is an address in the Builder's memory, which is another one where strings of the lines before are longer.
var stored = regexp.MustCompile(`store\(\d+\)`)

// planText returns the plan without what an early run has no need of: other CPUs than the caller's.
func planText(builder *plan.Builder) string {
	var text strings.Builder
	fmt.Fprintf(&text, "%#x\n", builder.Flags)
	for i := range builder.Inside {
		c := &builder.Inside[i]
		if c.Name() != "sched_setaffinity" {
			fmt.Fprintf(&text, "%d %s %d %v\n", c.For, stored.ReplaceAllString(c.String(), "store(…)"), c.When, c.Ignore)
		}
	}
	return text.String()
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
