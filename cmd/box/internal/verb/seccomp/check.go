package seccomp

import (
	"bufio"
	"fmt"
	"os"

	"box/cmd/box/internal/policyfile"
	"box/cmd/box/internal/say"
	"box/cmd/box/internal/verb"
	"box/seccompprofile/policy"
)

// check proves a policy for each architecture that it is for, or for the one
// that is named. A policy may have an arch line, and is for that architecture
// alone.
func check(help string, words []string) (int, error) {
	var c policyChoice
	if helped, err := verb.Parse("seccomp check", help, &c, words); helped || err != nil {
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
			return 0, policyfile.Wrong(err)
		}
	}
	out := bufio.NewWriter(os.Stdout)
	for _, rules := range all {
		program, err := policyfile.Program(c.Policy, rules)
		if err != nil {
			return 0, err
		}
		for _, r := range rules {
			text := fmt.Sprintf("%s: %s: %s; %s", c.Policy, r.Arch.Machine, counted(r), r.Default.Text)
			fmt.Fprintln(out, say.Visible(text))
		}
		fmt.Fprintln(out, say.Visible(policyfile.Proved(c.Policy, program)))
	}
	return 0, out.Flush()
}

// counted says how many calls end how.
func counted(r *policy.Rules) string {
	allowed, refused, sometimes := 0, 0, 0
	for i := range r.Calls {
		switch c := &r.Calls[i]; {
		case len(c.Cases) > 0:
			sometimes++
		case policyfile.Permits(r.Decide(c.Number, [6]uint64{}).Action):
			allowed++
		default:
			refused++
		}
	}
	return fmt.Sprintf("%d calls allowed, %d refused, %d by their arguments", allowed, refused, sometimes)
}
