package policyfile

import (
	"fmt"
	"slices"
	"strings"

	"box/seccompprofile"
	"box/seccompprofile/policies"
	"box/seccompprofile/policy"
)

// Question is a call that a policy decides about. An argument that is not known
// is 0 in Args, and Open reports whether it matters.
type Question struct {
	Policy string // its name or file
	Rules  *policy.Rules
	Number uint32 // of the call
	Args   [6]uint64
	Given  int // how many of them are known
}

// Name returns the name of the call, or its number.
func (q *Question) Name() string {
	if name := q.Rules.Arch.CallName(q.Number); name != "" {
		return name
	}
	return number0x32(q.Number)
}

// number0x32 writes the number of a call: those with marks of an architecture as bits.
func number0x32(nr uint32) string {
	if n := int32(nr); n < 1<<30 {
		return fmt.Sprint(n)
	}
	return fmt.Sprintf("%#x", nr)
}

// Who returns the call with its number.
func (q *Question) Who() string {
	machine := q.Rules.Arch.Machine
	if q.Rules.Arch.CallName(q.Number) == "" {
		return fmt.Sprintf("call %s of %s", q, machine)
	}
	return fmt.Sprintf("%s, %d of %s", q, q.Number, machine)
}

// Arity returns how many arguments a call has, as far as box knows it.
func Arity(a *policy.Arch, name string) int {
	n := 0
	for n < 6 && a.Width(name, n) > 0 {
		n++
	}
	return n
}

// String returns the call as a program would write it, as far as its arguments are known.
func (q *Question) String() string {
	var args []string
	for _, a := range q.Args[:q.Given] {
		args = append(args, number0x(a))
	}
	if q.Given == 0 {
		return q.Name()
	}
	return q.Name() + "(" + strings.Join(args, ", ") + ")"
}

// number0x writes an argument as most of them are read: small ones count, the others are addresses, bits and codes.
func number0x(v uint64) string {
	const small = 10
	if v < small {
		return fmt.Sprint(v)
	}
	return fmt.Sprintf("%#x", v)
}

// Call returns what the rules say of the call alone, or nil. nil means that the
// default decides.
func (q *Question) Call() *policy.Call {
	at := slices.IndexFunc(q.Rules.Calls, func(c policy.Call) bool { return c.Number == q.Number })
	if at < 0 {
		return nil
	}
	return &q.Rules.Calls[at]
}

// Decided returns the decision and the line that it comes from; the line is nil
// if it comes from none. A number of another kind of call (x32) is decided by
// no line.
func (q *Question) Decided() (policy.Decision, *policy.Rule) {
	d := q.Rules.Decide(q.Number, q.Args)
	if d.Rule == nil && !q.Rules.Arch.Foreign(q.Number) {
		return d, q.Rules.Default
	}
	return d, d.Rule
}

// Cited returns a line of a policy as it is cited: long lists of calls are cut down to the one that it is about.
func Cited(r *policy.Rule, call string) string {
	const long = 80
	text := r.Text
	if len(text) > long && len(r.Conds) == 0 {
		text = r.Action.String() + " … " + call + " …"
	}
	return fmt.Sprintf("%s:%d: %s", r.File, r.Line, text)
}

// Reason says why a call ends as it does.
func (q *Question) Reason() string {
	d, line := q.Decided()
	if line == nil {
		return d.Why
	}
	text := Cited(line, q.Name())
	if line == q.Rules.Default {
		return text + ": " + d.Why
	}
	if len(line.Conds) == 0 {
		return text
	}
	var are []string
	for _, c := range line.Conds {
		are = append(are, fmt.Sprintf("arg%d is %s", c.Arg, number0x(q.Args[c.Arg])))
	}
	return text + ": " + strings.Join(are, ", ")
}

// variants are built-in policies that a flag chooses.
var variants = [...]struct{ flag, policy string }{{"--allow-debug", "debug"}, {"--nested-userns", seccompprofile.Nested}}

// Flag returns the flag that would allow the call, or "" if none does.
func (q *Question) Flag() string {
	if q.Rules.Arch.Foreign(q.Number) || q.Number == policy.Minus1 {
		return ""
	}
	if _, line := q.Decided(); line.File == policies.Setid {
		return "--allow-setid"
	}
	for _, v := range variants {
		if q.Policy == seccompprofile.Default && q.allows(v.policy) {
			return v.flag
		}
	}
	return ""
}

// Remedy says which flag or which line of a policy would allow the call. A flag
// is named where one is enough. Else it is a line for a policy file, since a
// built-in policy can't be changed.
func (q *Question) Remedy() string {
	name := q.Name()
	switch {
	case q.Rules.Arch.Foreign(q.Number):
		return "nothing allows the calls of x32"
	case q.Number == policy.Minus1:
		return "no call has this number"
	}
	if flag := q.Flag(); flag != "" {
		return flag + " allows it"
	}
	if !IsFile(q.Policy) {
		return fmt.Sprintf("a policy file with \"include %s\" and \"allow %s\"%s allows it", q.Policy, name, q.whatever())
	}
	if _, line := q.Decided(); line != q.Rules.Default && line.File == q.Policy {
		return fmt.Sprintf("change %s, line %d", line.File, line.Line)
	}
	return fmt.Sprintf("\"allow %s\" in %s%s allows it", name, q.Policy, q.whatever())
}

// whatever says that a line takes the place of others, if there are any with conditions.
func (q *Question) whatever() string {
	if c := q.Call(); c != nil && len(c.Cases) > 0 {
		return " (whatever its arguments)"
	}
	return ""
}

// allows reports whether a built-in policy allows the call. It is asked of the
// text and not of the program, with the same arguments.
func (q *Question) allows(name string) bool {
	text, ok := policies.Text(name)
	if !ok {
		return false
	}
	p, err := policy.Parse(name, text, policies.Include)
	if err != nil {
		return false
	}
	r, err := p.For(q.Rules.Arch)
	return err == nil && Permits(r.Decide(q.Number, q.Args).Action)
}

// Open reports whether an argument that is not known could decide: a line may hold as far as the known ones go.
func (q *Question) Open(c *policy.Call) bool {
	return slices.ContainsFunc(c.Cases, func(line policy.Case) bool {
		unknown := false
		for i := range line.Conds {
			switch cond := &line.Conds[i]; {
			case cond.Arg >= q.Given:
				unknown = true
			case !cond.Holds(q.Args):
				return false
			}
		}
		return unknown
	})
}
