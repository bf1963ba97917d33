package tests

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// difference is one that is known, with its reason: testdata/bwrap/differences.txt.
type difference struct {
	reason     string
	maybe      bool           // no line need show it
	who        string         // root or user, if it is one of them only
	line       *regexp.Regexp // which command lines it is in; nil: any
	bwrap, box *regexp.Regexp
	both       *regexp.Regexp
	instead    string // what box shows where bwrap matches, or what both are made to show
	before     string // the version of bubblewrap that has it no longer; "" if all have it
	met        int
}

// readDifferences returns the differences to a version of bubblewrap.
func readDifferences(t *testing.T, ref reference) (list []*difference) {
	data, err := os.ReadFile("testdata/bwrap/differences.txt")
	if err != nil {
		t.Fatal(err)
	}
	var d *difference
	for text := range strings.Lines(string(data)) {
		key, value, _ := strings.Cut(strings.TrimSuffix(text, "\n"), " ")
		if key == "!" || key == "?" {
			d = &difference{reason: value, maybe: key == "?"}
			list = append(list, d)
		}
		switch key {
		case "before":
			d.before = value
		case "who":
			d.who = value
		case "line":
			d.line = regexp.MustCompile(value)
		case "bwrap":
			d.bwrap = regexp.MustCompile("(?m)" + value)
		case "box":
			d.box = regexp.MustCompile("(?m)" + value)
		case "both":
			d.both = regexp.MustCompile("(?m)" + value)
		case "as":
			d.instead = strings.ReplaceAll(value, `\n`, "\n")
		case "!", "?", "#", "":
		default:
			t.Fatalf("differences: what is %q?", text)
		}
	}
	return slices.DeleteFunc(list, func(d *difference) bool { return !ref.before(d.before) })
}

// settle returns what the two have shown without the differences in the list, so that it must be the same. A
// difference that says what box shows instead is found to be gone when box no longer shows that.
func settle(list []*difference, l line, bwrap, box string) (want, got string) {
	l.from, l.to = 0, 0 // the same options, wherever they come from
	text := l.String()
	for _, d := range list {
		if d.line != nil && !d.line.MatchString(text) {
			continue
		}
		switch {
		case d.both != nil:
			if !slices.Equal(d.both.FindAllString(bwrap, -1), d.both.FindAllString(box, -1)) {
				d.met++
			}
			bwrap, box = d.both.ReplaceAllString(bwrap, d.instead), d.both.ReplaceAllString(box, d.instead)
		case !d.bwrap.MatchString(bwrap):
		case d.box == nil:
			d.met++
			bwrap = d.bwrap.ReplaceAllString(bwrap, d.instead)
		case d.box.MatchString(box) && bwrap != box:
			d.met++
			return box, box
		}
	}
	return bwrap, box
}

// unmet returns the differences that no line had, of those that root or a user must meet.
func unmet(list []*difference, ref reference, who string) (found []*difference) {
	for _, d := range list {
		if d.met == 0 && !d.maybe && ref.must(d.before) && (d.who == "" || d.who == who) {
			found = append(found, d)
		}
	}
	return found
}
