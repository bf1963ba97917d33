// Package oci makes policies of the seccomp profiles that container engines read: the profile of an OCI runtime's
// configuration, alone or as linux.seccomp of a whole one, and Docker's, whose rules may depend on architecture, kernel
// and capabilities.
//
// What comes out means the same or is stricter. What has no like in a policy is refused, with the reason; what could be
// left out is in the notes.
package oci

import (
	"fmt"
	"slices"
	"strings"

	"box/seccompprofile/policy"
)

// Target is what a profile is read for: its rules may depend on it.
type Target struct {
	Arch   *policy.Arch
	Kernel [2]int   // the version of Linux
	Caps   []string // the capabilities of the program: CAP_SYS_ADMIN
}

// Import reads a profile and returns the text of a policy that says the same, with notes on what was left out.
func Import(profile []byte, t Target) (text []byte, notes []string, err error) {
	p, err := read(profile)
	if err != nil {
		return nil, nil, err
	}
	i := importer{target: t, known: map[string]said{}}
	if err := i.head(p); err != nil {
		return nil, nil, err
	}
	for at := range p.Syscalls {
		if err := i.rule(&p.Syscalls[at]); err != nil {
			return nil, nil, fmt.Errorf("syscalls[%d]%s: %w", at, p.Syscalls[at].names(), err)
		}
	}
	notes = i.notes()
	return i.text(notes), notes, nil
}

// importer is an import that is being made.
type importer struct {
	target   Target
	fallback policy.Action // the default
	lines    []line
	known    map[string]said // what the rules say of a call so far
	plain    []string        // notes
	absent   []string        // calls that the architecture doesn't have
	unknown  []string        // calls that box doesn't know
	without  []string        // calls for who has a capability
}

// line is a line of the policy.
type line struct {
	action policy.Action
	calls  []string
	conds  []policy.Cond
}

// said is what the lines say of a call: its action whatever the arguments, and its action under conditions.
type said struct {
	always, sometimes *policy.Action
	lacks             []string // what always is about the lack of: capabilities
}

// head reads what is not about calls.
func (i *importer) head(p *profile) error {
	if p.DefaultAction == "" {
		return fmt.Errorf("defaultAction: is missing, and a profile must have a default")
	}
	action, err := actionOf(p.DefaultAction, p.DefaultErrnoRet, p.DefaultErrno)
	if err != nil {
		return fmt.Errorf("defaultAction: %w", err)
	}
	i.fallback = action
	if len(p.Flags) > 0 {
		i.note("its flags: %q", p.Flags)
	}
	if p.ListenerPath != "" {
		i.note("its listener: no rule asks one")
	}
	return i.architectures(p)
}

// rule reads one element of syscalls.
func (i *importer) rule(r *rule) error {
	if len(r.Names) == 0 && r.Name == "" {
		return fmt.Errorf("names: is empty")
	}
	action, err := actionOf(r.Action, r.ErrnoRet, r.Errno)
	if err != nil {
		return fmt.Errorf("action: %w", err)
	}
	if applies, err := i.applies(r); !applies || err != nil {
		return err
	}
	if r.Action == "SCMP_ACT_KILL" || r.Action == "SCMP_ACT_KILL_THREAD" {
		i.note("that %s ends a thread only: it ends the process", r.Action)
	}
	var always []string
	for _, name := range append(slices.Clip(r.Names), r.Name) {
		if name == "" && r.Name == "" {
			continue
		}
		if has, err := i.has(name, action); !has || err != nil {
			if err != nil {
				return err
			}
			continue
		}
		if len(r.Args) == 0 {
			if i.stricter(name, action, r.Excludes.Caps) {
				continue
			}
			always = append(always, name)
			if err := i.say(name, action, false); err != nil {
				return err
			}
			s := i.known[name]
			s.lacks = r.Excludes.Caps
			i.known[name] = s
			continue
		}
		if err := i.conditional(name, action, r.Args); err != nil {
			return err
		}
	}
	if len(always) > 0 {
		i.lines = append(i.lines, line{action: action, calls: always})
	}
	return nil
}

// has reports whether the architecture has a call. A call that is not known can be left out where that refuses more,
// and not where it allows more.
func (i *importer) has(name string, action policy.Action) (bool, error) {
	if _, ok := i.target.Arch.Number(name); ok {
		return true, nil
	}
	if policy.Known(name) {
		i.absent = append(i.absent, name)
		return false, nil
	}
	if permits(i.fallback) && !permits(action) {
		return false, fmt.Errorf("%q: no such call, so that it can't be refused, and the default allows it", name)
	}
	i.unknown = append(i.unknown, name)
	return false, nil
}

// permits reports whether a call is made under an action.
func permits(a policy.Action) bool { return a == policy.Allow || a == policy.Log }

// stricter settles a contradiction that Podman's profile has: a call is allowed, and refused to a program without a capability. The
// refusal holds, whichever comes first. It reports whether a rule is left out, that says this of the call and holds without lacks.
func (i *importer) stricter(name string, action policy.Action, lacks []string) bool {
	s := i.known[name]
	if s.always == nil || s.sometimes != nil || permits(*s.always) == permits(action) {
		return false
	}
	refused, out := lacks, permits(action)
	if out {
		refused = s.lacks
	}
	if len(refused) == 0 {
		return false
	}
	i.note("that %s is allowed: another rule refuses it to a program without %s", name, visible(strings.Join(refused, ", ")))
	if !out {
		i.forget(name)
	}
	return out
}

// forget takes back what was said of a call.
func (i *importer) forget(name string) {
	delete(i.known, name)
	for at := range i.lines {
		l := &i.lines[at]
		l.calls = slices.DeleteFunc(slices.Clone(l.calls), func(call string) bool { return call == name })
	}
	i.lines = slices.DeleteFunc(i.lines, func(l line) bool { return len(l.calls) == 0 })
}

// say notes what a rule says of a call. A rule without conditions beside another with conditions is refused if their actions
// differ: in libseccomp the first decides always or neither is taken, and in a policy it decides where the other does not.
func (i *importer) say(name string, action policy.Action, sometimes bool) error {
	s := i.known[name]
	for _, other := range []*policy.Action{s.always, s.sometimes} {
		if other == nil || *other == action || sometimes && other == s.sometimes {
			continue
		}
		return fmt.Errorf("%s: another rule says %s: which of the two holds depends on the library that reads them", name, *other)
	}
	if sometimes {
		s.sometimes = &action
	} else {
		s.always = &action
	}
	i.known[name] = s
	return nil
}
