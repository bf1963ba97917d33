package oci

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"box/seccompprofile/policy"
)

// add appends a line, or its value to the line before if that differs in the value only. What has been said is not said again.
func (i *importer) add(l line) {
	if slices.ContainsFunc(i.lines, l.same) {
		return
	}
	const most = 64 // values of a condition in a policy
	if n := len(i.lines); n > 0 && single(&l) && single(&i.lines[n-1]) {
		before := &i.lines[n-1]
		b, c := &before.conds[0], l.conds[0]
		if before.action == l.action && slices.Equal(before.calls, l.calls) && b.Arg == c.Arg && len(b.Values) < most {
			if !slices.Contains(b.Values, c.Values[0]) {
				b.Values = append(b.Values, c.Values[0])
			}
			return
		}
	}
	i.lines = append(i.lines, l)
}

func (l line) same(o line) bool {
	alike := func(a, b policy.Cond) bool {
		return a.Arg == b.Arg && a.Mask == b.Mask && a.Not == b.Not && slices.Equal(a.Values, b.Values)
	}
	return l.action == o.action && slices.Equal(l.calls, o.calls) && slices.EqualFunc(l.conds, o.conds, alike)
}

// single reports whether a line has one condition, that an argument is equal to something.
func single(l *line) bool {
	return len(l.conds) == 1 && !l.conds[0].Not && l.conds[0].Mask == math.MaxUint64
}

func (i *importer) note(format string, args ...any) {
	if n := fmt.Sprintf(format, args...); !slices.Contains(i.plain, n) {
		i.plain = append(i.plain, n)
	}
}

// notes returns what was left out.
func (i *importer) notes() []string {
	notes := slices.Clone(i.plain)
	list := func(what string, names []string) {
		slices.Sort(names)
		if names = slices.Compact(names); len(names) > 0 {
			notes = append(notes, what+": "+strings.Join(names, ", "))
		}
	}
	list("calls for a program with a capability", i.without)
	list("calls that "+i.target.Arch.Machine+" does not have", i.absent)
	for at, name := range i.unknown {
		i.unknown[at] = visible(name)
	}
	list("calls that are not known", i.unknown)
	return notes
}

// visible returns a name as it is if it is one, else quoted: it may have line ends.
func visible(name string) string {
	for _, c := range []byte(name) {
		if c != '_' && (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') {
			return strconv.QuoteToASCII(name)
		}
	}
	return name
}

// text returns the policy.
func (i *importer) text(notes []string) []byte {
	var out strings.Builder
	fmt.Fprintf(&out, "# Imported from a profile of a container engine, for %s.\n", i.target.Arch.Machine)
	if len(notes) > 0 {
		out.WriteString("# Left out:\n")
	}
	for _, n := range notes {
		wrap(&out, "# - ", "#   ", n)
	}
	fmt.Fprintf(&out, "version %s\narch %s\ndefault %s\n\n", policy.Version, i.target.Arch.Machine, i.fallback)
	for at := range i.lines {
		l := &i.lines[at]
		if len(l.conds) > 0 {
			fmt.Fprintf(&out, "%s %s if %s\n", l.action, strings.Join(l.calls, " "), conditions(l.conds))
			continue
		}
		wrap(&out, l.action.String()+" ", l.action.String()+" ", strings.Join(l.calls, " "))
	}
	return []byte(out.String())
}

// wrap writes words in lines of bearable length.
func wrap(out *strings.Builder, first, more, words string) {
	const width = 118
	column := 0
	for at, word := range strings.Fields(words) {
		switch {
		case at == 0:
			out.WriteString(first)
			column = len(first)
		case column+1+len(word) > width:
			out.WriteString("\n" + more)
			column = len(more)
		default:
			out.WriteByte(' ')
			column++
		}
		out.WriteString(word)
		column += len(word)
	}
	out.WriteByte('\n')
}

// conditions returns conditions as a policy has them.
func conditions(conds []policy.Cond) string {
	var all []string
	for _, c := range conds {
		text := "arg" + strconv.Itoa(c.Arg)
		if c.Mask != math.MaxUint64 {
			text += " & " + number(c.Mask)
		}
		operators := [...]string{" == ", " in "}
		if c.Not {
			operators = [...]string{" != ", " not in "}
		}
		var values []string
		for _, v := range c.Values {
			values = append(values, number(v))
		}
		all = append(all, text+operators[min(len(values)-1, 1)]+strings.Join(values, " "))
	}
	return strings.Join(all, " and ")
}

// number writes small numbers in decimal, since these count something, and the others as bits.
func number(v uint64) string {
	const small = 1000
	if v < small {
		return strconv.FormatUint(v, 10)
	}
	return "0x" + strconv.FormatUint(v, 16)
}
