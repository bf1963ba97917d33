package main

import (
	"bufio"
	"fmt"
	"os"

	"box/seccompprofile"
	"box/seccompprofile/policy"
)

// seccompCheck proves a policy for each architecture that it is for, or for the one that is named.
func seccompCheck(help string, words []string) (int, error) {
	var c policyChoice
	if helped, err := parseVerb("seccomp check", help, &c, words); helped || err != nil {
		return 0, err
	}
	all := [][]*policy.Rules{}
	if c.Arch != "" || c.Allow32bit {
		rules, err := c.rules()
		if err != nil {
			return 0, err
		}
		all = append(all, rules)
	} else {
		p, err := c.read()
		if err != nil {
			return 0, err
		}
		for _, a := range []*policy.Arch{policy.AMD64, policy.ARM64} {
			if rules, err := p.For(a); err == nil { // it is for one at least, and else it says so itself
				all = append(all, []*policy.Rules{rules})
			}
		}
		if len(all) == 0 {
			_, err := p.For(policy.AMD64)
			return 0, wrongPolicy(err)
		}
	}
	out := bufio.NewWriter(os.Stdout)
	for _, rules := range all {
		program, err := programOf(c.Policy, rules)
		if err != nil {
			return 0, err
		}
		for _, r := range rules {
			text := fmt.Sprintf("%s: %s: %s; %s", c.Policy, r.Arch.Machine, counted(r), r.Default.Text)
			fmt.Fprintln(out, visible(text))
		}
		fmt.Fprintln(out, visible(proved(c.Policy, program)))
	}
	return 0, out.Flush()
}

// proved says how long the program of a policy is, and that it is proven: there is no other.
func proved(name string, program []byte) string {
	return fmt.Sprintf("%s: %d instructions, which do what the text says", name, len(program)/seccompprofile.InstructionSize)
}

// counted says how many calls end how.
func counted(r *policy.Rules) string {
	allowed, refused, sometimes := 0, 0, 0
	for i := range r.Calls {
		switch c := &r.Calls[i]; {
		case len(c.Cases) > 0:
			sometimes++
		case permits(r.Decide(c.Number, [6]uint64{}).Action):
			allowed++
		default:
			refused++
		}
	}
	return fmt.Sprintf("%d calls allowed, %d refused, %d by their arguments", allowed, refused, sometimes)
}
