package libseccomp

import (
	"testing"

	"box/seccompprofile/policy"
)

// The Go binding wants to ask libseccomp at the start of the program, and isn't let before something is compiled. This is
// the first test of the package, and no other may come before it.
func TestStartAsksNothing(t *testing.T) {
	if wanted, let := Asked(); wanted == 0 || let != 0 {
		t.Errorf("at the start libseccomp was called %d times and let %d times, want at least 1 and 0", wanted, let)
	}
	p, err := policy.Parse("p", []byte("version 1\ndefault allow\nerrno EPERM mount\n"), nil)
	if err != nil {
		t.Fatal(err)
	}
	r, err := p.For(policy.AMD64)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Compile(r); err != nil {
		t.Fatal(err)
	}
	if _, let := Asked(); let == 0 {
		t.Error("libseccomp was not asked when something was compiled")
	}
}
