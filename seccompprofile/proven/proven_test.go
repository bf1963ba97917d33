package proven

import (
	"testing"

	"box/seccompprofile/bpf"
	"box/seccompprofile/libseccomp"
	"box/seccompprofile/policies"
	"box/seccompprofile/policy"
)

func rulesOf(t *testing.T, name string, arches ...*policy.Arch) []*policy.Rules {
	t.Helper()
	text, ok := policies.Text(name)
	if !ok {
		t.Fatal("no text of", name)
	}
	p, err := policy.Parse(name, text, policies.Include)
	if err != nil {
		t.Fatal(err)
	}
	var rules []*policy.Rules
	for _, a := range arches {
		r, err := p.For(a)
		if err != nil {
			t.Fatal(err)
		}
		rules = append(rules, r)
	}
	return rules
}

// All built-in policies are proven on all architectures.
func TestBuiltinsAreProven(t *testing.T) {
	for _, name := range policies.Names() {
		for _, arches := range [][]*policy.Arch{
			{policy.AMD64}, {policy.ARM64}, {policy.I386}, {policy.AMD64, policy.I386},
		} {
			rules := rulesOf(t, name, arches...)
			own, err := Compile(rules...)
			if err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			theirs, _ := libseccomp.Compile(rules...)
			if len(own) >= len(theirs) {
				t.Errorf("%s: the program is no shorter than libseccomp's", name)
			}
			t.Logf("%s %s%v: %d instructions, libseccomp's has %d", name, arches[0].Name, len(arches), len(own)/8, len(theirs)/8)
		}
	}
	_ = bpf.Data{}
}
