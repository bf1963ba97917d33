package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"

	"box/internal/nearest"
	"box/seccompprofile/policy"
)

// seccompExplain says what becomes of a call.
func seccompExplain(help string, words []string) (int, error) {
	var c struct {
		policyChoice
		Call string   `arg:"" name:"call" help:"The name of a call, or its number."`
		Args []string `arg:"" name:"arg" optional:"" help:"Its arguments, numbers."`
	}
	if helped, err := parseVerb("seccomp explain", help, &c, words); helped || err != nil {
		return 0, err
	}
	rules, err := c.rules()
	if err != nil {
		return 0, err
	}
	q := question{policy: c.Policy, rules: rules[len(rules)-1], given: len(c.Args)} // i386 is the last
	if q.nr, err = callNumber(q.rules.Arch, c.Call); err != nil {
		return 0, err
	}
	if name := q.rules.Arch.CallName(q.nr); name != "" && len(c.Args) > arity(q.rules.Arch, name) || len(c.Args) > len(q.args) {
		return 0, usage("%s: the call has fewer arguments", joined(append([]string{q.name()}, c.Args...)))
	}
	for i, word := range c.Args {
		if q.args[i], err = argValue(word); err != nil {
			return 0, err
		}
	}
	return 0, printExplanation(os.Stdout, &q)
}

// callNumber returns the number of a call that is given by name or by number.
func callNumber(a *policy.Arch, word string) (uint32, error) {
	if nr, ok := a.Number(word); ok {
		return nr, nil
	}
	if nr, err := strconv.ParseInt(word, 0, 33); err == nil && nr >= -1 {
		return uint32(nr), nil
	}
	if policy.Known(word) {
		return 0, usage("%s: %s has no such call", word, a.Machine)
	}
	m := usage("%s: no such call", word)
	var names []string
	a.Numbers(func(_ uint32, name string) { names = append(names, name) })
	if near := nearest.Of(word, names); near != "" {
		m.Hint = "did you mean " + near + "?"
	}
	return 0, m
}

// argValue reads an argument: a number, which may be negative.
func argValue(word string) (uint64, error) {
	if v, err := strconv.ParseUint(word, 0, 64); err == nil {
		return v, nil
	}
	v, err := strconv.ParseInt(word, 0, 64)
	if err != nil {
		return 0, usage("%s: no number of 64 bits", word).hint("an argument is a number, such as 16 or 0x10")
	}
	return uint64(v), nil
}

// printExplanation prints what becomes of a call.
func printExplanation(file io.Writer, q *question) error {
	out := bufio.NewWriter(file)
	line := func(format string, args ...any) { fmt.Fprintln(out, visible(fmt.Sprintf(format, args...))) }
	if call := q.call(); call != nil && q.open(call) {
		line("%s: its arguments decide", q.who())
		for i := range call.Cases {
			line("  %s", cited(call.Cases[i].Rule, q.name()))
		}
		otherwise := q.rules.Default
		if call.Otherwise != nil {
			otherwise = call.Otherwise
		}
		line("  else %s", cited(otherwise, q.name()))
		return out.Flush()
	}
	d, _ := q.decided()
	line("%s: %s", q.who(), d.Action)
	line("  because %s", q.reason())
	if !permits(d.Action) {
		line("  %s", q.remedy())
	}
	return out.Flush()
}

// open says whether an argument that is not known could decide: a line may hold as far as the known ones go.
func (q *question) open(c *policy.Call) bool {
	return slices.ContainsFunc(c.Cases, func(line policy.Case) bool {
		unknown := false
		for i := range line.Conds {
			switch cond := &line.Conds[i]; {
			case cond.Arg >= q.given:
				unknown = true
			case !cond.Holds(q.args):
				return false
			}
		}
		return unknown
	})
}
