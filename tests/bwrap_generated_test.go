package tests

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// How many lines are generated, and from which seed on. Thousands of others are for a night.
const (
	linesVar     = "BOXTEST_LINES"
	linesDefault = 500
	seedVar      = "BOXTEST_SEED"
	seedDefault  = 1
)

// mostReported is how many lines that differ are shrunk and printed, and mostLines how much of what differs in each.
const (
	mostReported = 40
	mostLines    = 30
)

func TestBwrapGeneratedLines(t *testing.T) { compareGenerated(t) }

func TestRootBwrapGeneratedLines(t *testing.T) {
	if uid := os.Geteuid(); uid != 0 {
		t.Skipf("needs root, and this is user %d", uid)
	}
	compareGenerated(t)
}

// compareGenerated runs generated lines with bubblewrap and with box by its name, and compares all that can be seen of them.
func compareGenerated(t *testing.T) {
	for _, ref := range references(t) {
		t.Run(ref.version, func(t *testing.T) { compareGeneratedWith(t, ref) })
	}
}

func compareGeneratedWith(t *testing.T, ref reference) {
	who := map[bool]string{false: "user", true: "root"}[os.Geteuid() == 0]
	g, err := readGrammar(who)
	if err != nil {
		t.Fatal(err)
	}
	r, listed := newRig(t), readDifferences(t, ref)
	box := filepath.Join(boxDir, "box")
	differs := func(l line) string {
		return diff(settle(listed, l, r.run(l, ref.path), r.run(l, box)))
	}
	reported := map[string]bool{}
	seed := setting(seedVar, seedDefault)
	for i := range setting(linesVar, linesDefault) {
		l := generator{rand.New(rand.NewPCG(uint64(seed), uint64(i))), g}.line()
		found := differs(l)
		if found == "" {
			continue
		}
		if len(reported) == mostReported {
			t.Fatal("and there are more")
		}
		small := l.shrink(func(l line) bool { return alike(differs(l), found) })
		if smallest := differs(small); !reported[smallest] {
			reported[smallest] = true
			t.Errorf("line %d of seed %d: %s\n%s\nin short: %s\n%s", i, seed, l, head(found), small, head(smallest))
		}
	}
	if setting(linesVar, linesDefault) < linesDefault || seed != seedDefault {
		return // these need not show every difference
	}
	for _, d := range unmet(listed, ref, who) {
		t.Errorf("is listed as different, and no line shows it: %s", d.reason)
	}
}

// alike reports whether two differences have a line in common: that line then is what they are about.
func alike(a, b string) bool {
	lines := strings.Split(b, "\n")
	return slices.ContainsFunc(strings.Split(a, "\n"), func(line string) bool { return line != "" && slices.Contains(lines, line) })
}

// head returns the first lines of a long text.
func head(text string) string {
	if lines := strings.SplitAfter(text, "\n"); len(lines) > mostLines {
		return strings.Join(lines[:mostLines], "") + "  …\n"
	}
	return text
}

// setting returns a number from the environment, or else the default.
func setting(name string, otherwise int) int {
	if n, err := strconv.Atoi(os.Getenv(name)); err == nil {
		return n
	}
	return otherwise
}

// diff returns what only bubblewrap showed, after a -, and what only box showed, after a +.
func diff(bwrap, box string) (text string) {
	a, b := strings.SplitAfter(bwrap, "\n"), strings.SplitAfter(box, "\n")
	if slices.Equal(a, b) {
		return ""
	}
	for _, line := range added(b, a) {
		text += "  - " + line
	}
	for _, line := range added(a, b) {
		text += "  + " + line
	}
	if text == "" {
		text = fmt.Sprintf("  the order:\n%s  and:\n%s", bwrap, box)
	}
	return text
}
