package policyfile

import (
	"os"
	"strings"
	"testing"

	"box/seccompprofile"
	"box/seccompprofile/policies"
	"box/seccompprofile/policy"

	"golang.org/x/sys/unix"
)

// The policy that docs/seccomp.md shows is one.
func TestDocumentedPolicy(t *testing.T) {
	page, err := os.ReadFile("../../../../docs/seccomp.md")
	if err != nil {
		t.Fatal(err)
	}
	_, text, found := strings.Cut(string(page), "```\nversion 1")
	text, _, ended := strings.Cut(text, "```")
	if !found || !ended {
		t.Fatal("the page shows no policy")
	}
	p, err := policy.Parse("seccomp.md", []byte("version 1"+text), policies.Include)
	if err != nil {
		t.Fatal(err)
	}
	r, err := p.For(policy.AMD64)
	if err != nil {
		t.Fatal(err)
	}
	for call, want := range map[string]string{
		"read": "allow", "mkdir": "errno EACCES", "reboot": "kill", "uname": "log", "mount": "errno EPERM",
	} {
		nr, _ := policy.AMD64.Number(call)
		if got := r.Decide(nr, [6]uint64{}).Action.String(); got != want {
			t.Errorf("%s: %s, want %s", call, got, want)
		}
	}
}

// Each remedy that is given is true: what it says allows the call does.
func TestRemedies(t *testing.T) {
	for _, word := range policies.Names() {
		p, err := Read(word)
		if err != nil {
			t.Fatal(err)
		}
		r, err := p.For(policy.AMD64)
		if err != nil {
			t.Fatal(err)
		}
		told := 0
		policy.AMD64.Numbers(func(nr uint32, name string) {
			for _, args := range [][6]uint64{{1 << 28, 0x5412}, {1 << 28, unix.O_CREAT, unix.O_CREAT | 0o6000, 0o6000}} {
				q := Question{Policy: word, Rules: r, Number: nr, Args: args, Given: Arity(policy.AMD64, name)}
				if d, _ := q.Decided(); !Permits(d.Action) {
					told++
					checkRemedy(t, &q)
				}
			}
		})
		if told == 0 {
			t.Errorf("%s refuses nothing: this test looks at the wrong thing", word)
		}
	}
}

// checkRemedy follows the remedy for a refused call.
func checkRemedy(t *testing.T, q *Question) {
	t.Helper()
	var with *policy.Policy
	var err error
	switch says := q.Remedy(); says {
	case "--allow-debug allows it":
		with, err = Read(seccompprofile.Debug)
	case "--nested-userns allows it":
		with, err = Read(seccompprofile.Nested)
	case "--allow-setid allows it":
		with, err = ReadWith(q.Policy, false, true)
	default:
		if !strings.HasPrefix(says, "a policy file with \"include "+q.Policy+"\" and \"allow "+q.Name()+"\"") {
			t.Errorf("%s: %s: %s", q.Policy, q, says)
		}
		with, err = policyWith(q.Policy, "a.txt", "allow "+q.Name())
	}
	if err != nil {
		t.Fatal(err)
	}
	allowed, err := with.For(policy.AMD64)
	if err != nil {
		t.Fatal(err)
	}
	if d := allowed.Decide(q.Number, q.Args); !Permits(d.Action) {
		t.Errorf("%s: %s: %s, and it is %s", q.Policy, q, q.Remedy(), d.Action)
	}
}
