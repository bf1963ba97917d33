package main

import (
	"fmt"
	"slices"
	"strings"

	"box/seccompprofile"
	"box/seccompprofile/policies"
	"box/seccompprofile/policy"
)

// question is a call that a policy decides about.
type question struct {
	policy string // its name or file
	rules  *policy.Rules
	nr     uint32
	args   [6]uint64
	given  int // how many of them are known
}

// name returns the name of the call, or its number.
func (q *question) name() string {
	if name := q.rules.Arch.CallName(q.nr); name != "" {
		return name
	}
	return number0x32(q.nr)
}

// number0x32 writes the number of a call: those with marks of an architecture as bits.
func number0x32(nr uint32) string {
	if n := int32(nr); n < 1<<30 {
		return fmt.Sprint(n)
	}
	return fmt.Sprintf("%#x", nr)
}

// who returns the call with its number.
func (q *question) who() string {
	machine := q.rules.Arch.Machine
	if q.rules.Arch.CallName(q.nr) == "" {
		return fmt.Sprintf("call %s of %s", q, machine)
	}
	return fmt.Sprintf("%s, %d of %s", q, q.nr, machine)
}

// arity returns how many arguments a call has, as far as box knows it.
func arity(a *policy.Arch, name string) int {
	n := 0
	for n < 6 && a.Width(name, n) > 0 {
		n++
	}
	return n
}

// String returns the call as a program would write it, as far as its arguments are known.
func (q *question) String() string {
	var args []string
	for _, a := range q.args[:q.given] {
		args = append(args, number0x(a))
	}
	if q.given == 0 {
		return q.name()
	}
	return q.name() + "(" + strings.Join(args, ", ") + ")"
}

// number0x writes an argument as most of them are read: small ones count, the others are addresses, bits and codes.
func number0x(v uint64) string {
	const small = 10
	if v < small {
		return fmt.Sprint(v)
	}
	return fmt.Sprintf("%#x", v)
}

// call returns what the rules say of the call alone, or nil.
func (q *question) call() *policy.Call {
	at := slices.IndexFunc(q.rules.Calls, func(c policy.Call) bool { return c.Number == q.nr })
	if at < 0 {
		return nil
	}
	return &q.rules.Calls[at]
}

// decided returns the decision and the line that it comes from; the line is nil if it comes from none.
func (q *question) decided() (policy.Decision, *policy.Rule) {
	d := q.rules.Decide(q.nr, q.args)
	if d.Rule == nil && !q.rules.Arch.Foreign(q.nr) {
		return d, q.rules.Default
	}
	return d, d.Rule
}

// cited returns a line of a policy as it is cited: long lists of calls are cut down to the one that it is about.
func cited(r *policy.Rule, call string) string {
	const long = 80
	text := r.Text
	if len(text) > long && len(r.Conds) == 0 {
		text = r.Action.String() + " … " + call + " …"
	}
	return fmt.Sprintf("%s:%d: %s", r.File, r.Line, text)
}

// reason says why a call ends as it does.
func (q *question) reason() string {
	d, line := q.decided()
	if line == nil {
		return d.Why
	}
	text := cited(line, q.name())
	if line == q.rules.Default {
		return text + ": " + d.Why
	}
	if len(line.Conds) == 0 {
		return text
	}
	var are []string
	for _, c := range line.Conds {
		are = append(are, fmt.Sprintf("arg%d is %s", c.Arg, number0x(q.args[c.Arg])))
	}
	return text + ": " + strings.Join(are, ", ")
}

// variants are built-in policies that a flag chooses.
var variants = [...]struct{ flag, policy string }{{"--allow-debug", "debug"}, {"--nested-userns", seccompprofile.Nested}}

// remedy says which flag or which line of a policy would allow the call.
func (q *question) remedy() string {
	name := q.name()
	switch {
	case q.rules.Arch.Foreign(q.nr):
		return "nothing allows the calls of x32"
	case q.nr == policy.Minus1:
		return "no call has this number"
	}
	if _, line := q.decided(); line.File == policies.Setid {
		return "--allow-setid allows it"
	}
	if !isFile(q.policy) {
		for _, v := range variants {
			if q.policy == seccompprofile.Default && q.allows(v.policy) {
				return v.flag + " allows it"
			}
		}
		return fmt.Sprintf("a policy file with \"include %s\" and \"allow %s\"%s allows it", q.policy, name, q.whatever())
	}
	if _, line := q.decided(); line != q.rules.Default && line.File == q.policy {
		return fmt.Sprintf("change %s, line %d", line.File, line.Line)
	}
	return fmt.Sprintf("\"allow %s\" in %s%s allows it", name, q.policy, q.whatever())
}

// whatever says that a line takes the place of others, if there are any with conditions.
func (q *question) whatever() string {
	if c := q.call(); c != nil && len(c.Cases) > 0 {
		return " (whatever its arguments)"
	}
	return ""
}

// allows says whether a built-in policy allows the call.
func (q *question) allows(name string) bool {
	text, ok := policies.Text(name)
	if !ok {
		return false
	}
	p, err := policy.Parse(name, text, policies.Include)
	if err != nil {
		return false
	}
	r, err := p.For(q.rules.Arch)
	return err == nil && permits(r.Decide(q.nr, q.args).Action)
}
