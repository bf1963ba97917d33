package native

import (
	"runtime"

	"box/cmd/box/internal/policyfile"
	"box/cmd/box/internal/say"
	"box/internal/early"
	"box/seccompprofile"
	"box/seccompprofile/policy"
	"box/spec"
)

// policy notes the policy's name. A file is read by Finish, when all flags that
// change a policy are known. The name of a built-in one is checked at once, so
// that the message can have the words of the flag.
func (b *Line) policy(w []string) error {
	if !policyfile.IsFile(w[0]) && !seccompprofile.Known(w[0]) {
		return b.unknownPolicy(w[0])
	}
	b.policyName, b.policyFrom.Words = w[0], b.step.words
	return nil
}

// unknownPolicy takes the hint of policyfile.NoSuch, and names the flag in the
// headline.
//
//go:noinline
func (b *Line) unknownPolicy(word string) error {
	early.Ordinary()
	m := policyfile.NoSuch(word)
	m.Headline = say.Words(b.step.words) + ": no such policy"
	return m
}

// allow32bit lets i386 calls in. Other architectures have no such calls, so the
// flag would have no effect there.
func (b *Line) allow32bit([]string) error {
	if runtime.GOARCH != "amd64" {
		return say.Bad("there are no 32-bit calls to allow on " + runtime.GOARCH)
	}
	b.calls.bits32 = true
	return nil
}

// The flags that change the policy only set a bit here: the variants of a
// built-in policy are compiled when box is built, and chosen by all bits
// together.
func (b *Line) allowDebug([]string) error {
	b.calls.debug = true
	return nil
}

func (b *Line) allowSetid([]string) error {
	b.calls.setid = true
	return nil
}

func (b *Line) seccompLog([]string) error {
	b.calls.log = true
	return nil
}

// callFlags are the flags that change the policy.
type callFlags struct{ bits32, debug, setid, log bool }

// variant returns the built-in variant that the flags choose. 0 is the policy
// as it is. log chooses none: the filter asks then, see spec.Filter.
func (c *callFlags) variant() (v seccompprofile.Variant) {
	if c.bits32 {
		v |= seccompprofile.Allow32bit
	}
	if c.debug {
		v |= seccompprofile.AllowDebug
	}
	if c.setid {
		v |= seccompprofile.AllowSetid
	}
	return v
}

// String returns the flags that choose a variant. It joins by early.Concat and
// not fmt, since the note of a plain --allow-debug is made before the Go
// runtime.
func (c *callFlags) String() string {
	text := ""
	for _, f := range [...]struct {
		given bool
		name  string
	}{{c.bits32, "--allow-32bit"}, {c.debug, "--allow-debug"}, {c.setid, "--allow-setid"}} {
		switch {
		case !f.given:
		case text == "":
			text = f.name
		default:
			text = early.Concat(text, " and ", f.name)
		}
	}
	return text
}

// filters puts the policy in front of the raw programs. The order is that of
// loading. The kernel runs all programs at each call, and the strictest answer
// counts, see seccomp(2): a raw program can't loosen the policy. --seccomp and
// --add-seccomp-fd exclude each other, so there is either b.raw or b.last.
func (b *Line) filters() error {
	if b.policyName == "" {
		b.policyName, b.policyFrom.Note = seccompprofile.Default, "the default policy (--seccomp-policy off leaves it out)"
	}
	f, err := b.policyFilter()
	if err != nil {
		return err
	}
	b.spec.Filters = early.Append(b.spec.Filters, f)
	for _, raw := range b.raw {
		b.spec.Filters = early.Append(b.spec.Filters, raw)
	}
	if b.last.Given {
		b.spec.Filters = early.Append(b.spec.Filters, b.last.Value)
	}
	return nil
}

// policyFilter returns the filter of the policy. A built-in has a program for
// each of its variants; what a file says is read, compiled and proven here.
// What the filter is known to refuse goes with it (Refuses): other parts of box
// rely on that, and limited asks for it.
func (b *Line) policyFilter() (spec.Filter, error) {
	f := spec.Filter{Policy: b.policyName, Origin: b.policyFrom, Ask: b.calls.log}
	if f.Policy == seccompprofile.Off {
		if f.Ask {
			return f, say.Refuse(nil, "--seccomp-log: the policy is off, which refuses nothing")
		}
		b.noPolicy()
		return f, nil
	}
	if policyfile.IsFile(f.Policy) || f.Ask {
		return b.ruledFilter(f)
	}
	if f.Program = seccompprofile.Program(f.Policy, b.calls.variant()); f.Program == nil {
		return f, b.noVariant(f.Policy)
	}
	f.Refuses = seccompprofile.Refuses(f.Policy)
	if b.calls.variant() != 0 && f.Origin.Note != "" {
		f.Origin.Note = b.calls.note()
	}
	return f, nil
}

// ruledFilter is policyFilter for one whose rules are needed: they are read,
// compiled and proven, or asked for a reason later. The program of a built-in
// policy is not compiled again for --seccomp-log: the rules are read only to
// tell which line has refused a call.
//
//go:noinline
func (b *Line) ruledFilter(f spec.Filter) (spec.Filter, error) {
	early.Ordinary()
	if !policyfile.IsFile(f.Policy) {
		if f.Program = seccompprofile.Program(f.Policy, b.calls.variant()); f.Program == nil {
			return f, b.noVariant(f.Policy)
		}
		f.Refuses = seccompprofile.Refuses(f.Policy)
	}
	rules, err := b.policyRules(f.Policy)
	if err != nil {
		return f, err
	}
	if policyfile.IsFile(f.Policy) {
		if f.Program, err = policyfile.Program(f.Policy, rules); err != nil {
			return f, err
		}
		f.Refuses = seccompprofile.RefusesOf(rules)
	}
	if f.Ask {
		b.refused = &policyfile.Refusals{Policy: f.Policy, Rules: rules}
		// The descriptor by which the monitor is asked about calls is sent to
		// it by sendmsg(2), after the filter is loaded. Under a policy that
		// refuses this call it would itself be a question that nobody answers.
		if nr, ok := rules[0].Arch.Number("sendmsg"); !ok || !policyfile.Permits(rules[0].Decide(nr, [6]uint64{}).Action) {
			return f, say.Usagef("--seccomp-log: the policy %s refuses sendmsg, "+
				"by which the sandbox hands over what tells of the others", f.Policy)
		}
	}
	return f, nil
}

// noPolicy says what becomes of the flags for a policy when there is none. Both
// are told and not refused: a user may turn the policy off for one run of a
// longer command line.
func (b *Line) noPolicy() {
	if b.calls.variant() != 0 {
		say.Tell(b.calls.String(), ": has no effect, the policy is off")
	}
	say.Tell("--seccomp-policy off: the command may make every system call")
}

// noVariant is the error for a built-in policy that was not compiled with these
// flags.
//
//go:noinline
func (b *Line) noVariant(policy string) error {
	early.Ordinary()
	return say.Usagef("there is no policy %s with %s", policy, &b.calls)
}

// note returns where a policy comes from that no flag names.
func (c *callFlags) note() string { return early.Concat("the default policy with ", c.String()) }

// policyRules returns what the policy says, with the flags: on this machine's
// architecture first. With --allow-32bit those of i386 are the second.
func (b *Line) policyRules(name string) ([]*policy.Rules, error) {
	p, err := policyfile.ReadWith(name, b.calls.debug, b.calls.setid)
	if err != nil {
		return nil, err
	}
	return policyfile.RulesFor(p, policyfile.Arches(b.calls.bits32))
}
