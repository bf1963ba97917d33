package libseccomp

import (
	"testing"

	"box/seccompprofile/policy"

	seccomp "github.com/seccomp/libseccomp-golang"
)

// box's table of calls has the numbers of libseccomp's, both ways.
func TestNumbersAreLibseccomps(t *testing.T) {
	for _, a := range []*policy.Arch{policy.AMD64, policy.ARM64, policy.I386} {
		both := 0
		a.Numbers(func(nr uint32, name string) {
			got, err := seccomp.GetSyscallFromNameByArch(name, scmpArch(a))
			if err != nil || got < 0 {
				return // newer than libseccomp, or one that i386 has two ways for: the other direction tells
			}
			if both++; uint32(got) != nr {
				t.Errorf("%s is %d on %s, and libseccomp says %d", name, nr, a.Name, got)
			}
		})
		if both < 280 {
			t.Errorf("only %d calls of %s are compared", both, a.Name)
		}
		for nr := range seccomp.ScmpSyscall(600) {
			name, err := nr.GetNameByArch(scmpArch(a))
			if err != nil {
				continue
			}
			if got, ok := a.Number(name); !ok || got != uint32(nr) {
				t.Errorf("%d on %s is %s, and the table has %q", nr, a.Name, name, a.CallName(uint32(nr)))
			}
		}
	}
}
