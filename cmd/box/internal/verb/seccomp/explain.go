package seccomp

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"strconv"

	"box/cmd/box/internal/policyfile"
	"box/cmd/box/internal/say"
	"box/cmd/box/internal/verb"
	"box/internal/nearest"
	"box/seccompprofile/policy"
)

// explain says what becomes of a call. Arguments that are not given are
// unknown. If they could decide, all lines about the call are printed instead
// of an answer.
func explain(help string, words []string) (int, error) {
	var c struct {
		policyChoice
		Call string   `arg:"" name:"call" help:"The name of a call, or its number."`
		Args []string `arg:"" name:"arg" optional:"" help:"Its arguments, numbers."`
	}
	if helped, err := verb.Parse("seccomp explain", help, &c, words); helped || err != nil {
		return 0, err
	}
	rules, err := c.rules()
	if err != nil {
		return 0, err
	}
	q := policyfile.Question{Policy: c.Policy, Rules: rules[len(rules)-1], Given: len(c.Args)} // i386 is the last
	if q.Number, err = callNumber(q.Rules.Arch, c.Call); err != nil {
		return 0, err
	}
	name := q.Rules.Arch.CallName(q.Number)
	if name != "" && len(c.Args) > policyfile.Arity(q.Rules.Arch, name) || len(c.Args) > len(q.Args) {
		return 0, say.Usagef("%s: the call has fewer arguments", say.Words(append([]string{q.Name()}, c.Args...)))
	}
	for i, word := range c.Args {
		if q.Args[i], err = argValue(word); err != nil {
			return 0, err
		}
	}
	return 0, printExplanation(os.Stdout, &q)
}

// callNumber returns the number of a call that is given by name or by number.
// -1 is what a tracer writes to skip a call, see ptrace(2).
func callNumber(a *policy.Arch, word string) (uint32, error) {
	if nr, ok := a.Number(word); ok {
		return nr, nil
	}
	if nr, err := strconv.ParseInt(word, 0, 33); err == nil && nr >= -1 {
		return uint32(nr), nil
	}
	if policy.Known(word) {
		return 0, say.Usagef("%s: %s has no such call", word, a.Machine)
	}
	m := say.Usagef("%s: no such call", word)
	var names []string
	a.Numbers(func(_ uint32, name string) { names = append(names, name) })
	if near := nearest.Of(word, names); near != "" {
		m.Hint = "did you mean " + near + "?"
	}
	return 0, m
}

// argValue reads an argument: a number, which may be negative. A negative one
// is written as the kernel sees it, with 64 bits.
func argValue(word string) (uint64, error) {
	if v, err := strconv.ParseUint(word, 0, 64); err == nil {
		return v, nil
	}
	v, err := strconv.ParseInt(word, 0, 64)
	if err != nil {
		return 0, say.Usagef("%s: no number of 64 bits", word).Hintf("an argument is a number, such as 16 or 0x10")
	}
	return uint64(v), nil
}

// printExplanation prints what becomes of a call.
func printExplanation(file io.Writer, q *policyfile.Question) error {
	out := bufio.NewWriter(file)
	line := func(format string, args ...any) { fmt.Fprintln(out, say.Visible(fmt.Sprintf(format, args...))) }
	if call := q.Call(); call != nil && q.Open(call) {
		line("%s: its arguments decide", q.Who())
		for i := range call.Cases {
			line("  %s", policyfile.Cited(call.Cases[i].Rule, q.Name()))
		}
		otherwise := q.Rules.Default
		if call.Otherwise != nil {
			otherwise = call.Otherwise
		}
		line("  else %s", policyfile.Cited(otherwise, q.Name()))
		return out.Flush()
	}
	d, _ := q.Decided()
	line("%s: %s", q.Who(), d.Action)
	line("  because %s", q.Reason())
	if !policyfile.Permits(d.Action) {
		line("  %s", q.Remedy())
	}
	return out.Flush()
}
