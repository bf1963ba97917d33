package proven

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"box/seccompprofile/libseccomp"
	"box/seccompprofile/policies"
	"box/seccompprofile/policy"
)

func rulesOf(t *testing.T, name, text string, arches ...*policy.Arch) []*policy.Rules {
	t.Helper()
	p, err := policy.Parse(name, []byte(text), policies.Include)
	if err != nil {
		t.Fatalf("%s\n%v", text, err)
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

// All built-in policies are proven on all architectures, and box's programs are a third of libseccomp's.
func TestBuiltinsAreProven(t *testing.T) {
	for _, name := range policies.Names() {
		text, ok := policies.Text(name)
		if !ok {
			t.Fatal("no text of", name)
		}
		for _, arches := range [][]*policy.Arch{{policy.AMD64}, {policy.ARM64}, {policy.I386}, {policy.AMD64, policy.I386}} {
			rules := rulesOf(t, name, string(text), arches...)
			own, err := Compile(rules...)
			if err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			theirs, err := libseccomp.Compile(rules...)
			if err != nil || 2*len(own) > len(theirs) {
				t.Errorf("%s: %d instructions, and libseccomp's program has %d (%v)", name, len(own)/8, len(theirs)/8, err)
			}
		}
	}
}

// The text about set-user-ID files and the one in its place are about the same calls, and with the latter each is allowed.
func TestSetid(t *testing.T) {
	part, ok := policies.Text(policies.Setid)
	if !ok {
		t.Fatal("there is no such text")
	}
	for _, a := range []*policy.Arch{policy.AMD64, policy.ARM64, policy.I386} {
		with := rulesOf(t, policies.Setid, string(part), a)[0]
		without := rulesOf(t, "--allow-setid", policies.AllowSetid, a)[0]
		if len(with.Calls) != len(without.Calls) || len(with.Calls) < 6 {
			t.Errorf("%s: %d calls, and %d in its place", a.Name, len(with.Calls), len(without.Calls))
			continue
		}
		for i := range with.Calls {
			c := &without.Calls[i]
			if c.Number != with.Calls[i].Number || len(c.Cases) > 0 || c.Otherwise.Action != policy.Allow {
				t.Errorf("%s: %s and %s", a.Name, with.Calls[i].Name, c.Name)
			}
		}
	}
}

// Policies of all shapes are proven: what is compared here is box's compiler, libseccomp and the plain meaning.
func TestShapesAreProven(t *testing.T) {
	for _, text := range []string{
		"default allow",
		"default errno ENOSYS\nallow read",
		"default kill\nallow 700 701 5000 0x3fffffff",
		"default log\nkill socket if arg0 not in 1 2\nerrno EPERM socket if arg0 == 1 and arg1 & 0xf == 3",
		"default errno EPERM\nallow mount if arg3 in 0 1 0x100000000 0x1ffffffff",
		"default errno EPERM\nallow mount if arg3 & 0xff00000000 == 0x1200000000",
		"default errno EPERM\nallow mount if arg3 & 0xff00000001 in 0 1 0x1200000000",
		"default allow\nerrno EINVAL mount if arg3 not in 1 0x500000000",
		"default allow\nerrno EINVAL clone if arg0 & 0x7e020000 != 0\nlog clone if arg0 & 0x7e020000 == 0 and arg1 == 0",
		"default allow\nkill close if arg0 & 0 == 0",
		"default allow\nkill close if arg0 & 0 != 0",
		"default allow\nkill chmod if arg1 & 06000 != 0\nlog chmod if arg1 & 06000 == 0 and arg1 & 01 == 1",
		"default allow\nerrno EPERM close if arg0 == -1\nlog close if arg0 == 0x7fffffff",
		"default errno EPERM\nallow socket if arg0 == 1\nallow socket if arg0 in 1 2\nallow socket if arg1 == 1",
		"default errno EPERM\nerrno ENOSYS @mount\nallow mount",
		"default errno ENOSYS\nerrno EINVAL socket if arg0 == 16 and arg2 == 9\nallow socket if arg2 != 9\n" +
			"allow socket if arg0 != 16",
	} {
		for _, arches := range [][]*policy.Arch{{policy.AMD64}, {policy.ARM64}, {policy.AMD64, policy.I386}} {
			if _, err := Compile(rulesOf(t, "p", "version 1\n"+text+"\n", arches...)...); err != nil {
				t.Errorf("%q: %v", text, err)
			}
		}
	}
}

// So are policies that nobody has thought of, long ones too: their jumps are longer than a condition can jump.
func TestRandomPoliciesAreProven(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	actions := []string{"allow", "errno EPERM", "errno ENOSYS", "log", "kill"}
	action := func() string { return actions[random.IntN(len(actions))] }
	for range 5 {
		text := strings.Builder{}
		fmt.Fprintf(&text, "version 1\ndefault %s\n", action())
		policy.AMD64.Numbers(func(_ uint32, name string) {
			switch width := policy.AMD64.Width(name, 0); {
			case random.IntN(4) == 0:
			case width >= 32 && random.IntN(40) == 0:
				fmt.Fprintf(&text, "%s %s if arg0 in %d %d\n", action(), name, random.IntN(5), 5+random.IntN(5))
				fmt.Fprintf(&text, "%s %s if arg0 & %d == 0x10\n", action(), name, 0x10|random.IntN(1<<7)<<5)
				fallthrough
			default:
				fmt.Fprintf(&text, "%s %s\n", action(), name)
			}
		})
		if _, err := Compile(rulesOf(t, "random", text.String(), policy.AMD64)...); err != nil {
			t.Errorf("%s\n%v", text.String(), err)
		}
	}
}

// What libseccomp can't hold, and what is too long for the kernel, is refused and not loaded in part.
func TestTooComplex(t *testing.T) {
	values := func(from int) string {
		list := make([]string, 60)
		for i := range list {
			list[i] = fmt.Sprint(from + 97*i)
		}
		return strings.Join(list, " ")
	}
	text := "version 1\ndefault errno EPERM\n"
	for arg := range 3 {
		text += fmt.Sprintf("allow mount if arg%d not in %s and arg%d not in %s\n", arg, values(arg), arg+1, values(arg))
	}
	if _, err := Compile(rulesOf(t, "p", text, policy.AMD64)...); err == nil {
		t.Error("a policy that falls apart into too many pieces is taken")
	}
	if _, err := Compile(); err == nil {
		t.Error("nothing is taken for a policy")
	}
}
