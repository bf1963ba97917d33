package launch

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"box/plan"

	"golang.org/x/sys/unix"
)

// sandboxRole starts a plain sandbox again and again.
func sandboxRole([]string) {
	numbers := []uint32{marker, unix.SYS_CLONE}
	b := new(plan.Builder)
	must(Compile(b, plain("/usr/bin/true")))
	for _, c := range b.Inside {
		if nr := uint32(c.Nr); nr < plan.Fork && !slices.Contains(numbers, nr) {
			numbers = append(numbers, nr)
		}
	}
	each(numbers, func() (func() uintptr, func() string) {
		var status Status
		var err error
		return func() uintptr {
				status, err = run(plain("/usr/bin/true"))
				if f, ok := errors.AsType[*Failure](err); ok {
					return uintptr(f.Errno)
				}
				return 0
			}, func() string {
				if err == nil {
					return fmt.Sprint("ran-", status.Exit())
				}
				return "failed"
			}
	})
}

// A call of the set-up that fails is the end of the set-up: the command does not run with a layer less. This holds for each call of
// pid 1, and of the command's process until it executes. Calls that may fail say so in the plan.
func TestNoCommandAfterACallThatFailed(t *testing.T) {
	const errno = unix.EPERM
	b := new(plan.Builder)
	if err := Compile(b, plain("/usr/bin/true")); err != nil {
		t.Fatal(err)
	}
	may := map[uint32]int{unix.SYS_CLOSE: 1} // plan.CloseRest closes the descriptor of /proc, which is gone whatever is returned
	for _, c := range b.Inside {
		if slices.Contains(c.Ignore[:], uint8(errno)) {
			may[uint32(c.Nr)]++
		}
	}
	forceAs(t, trial{at: -1, child: true}, 0, []unix.Errno{errno}, func(c trial, got outcome) {
		if got.left != 0 {
			t.Errorf("%v: %d descriptors stay open", c, got.left)
		}
		switch {
		case c.at < 0:
			if got.note != "ran-0" || c.made < len(b.Inside)/2 {
				t.Fatalf("undisturbed: %v after %d calls", got, c.made)
			}
		case got.note == "failed" && got.errno == errno:
		case got.note == "ran-0" && slices.Contains(substituted, c.nr): // the same by other calls: see make older
		case got.note == "ran-0" && !c.all && may[c.nr] > 0:
			may[c.nr]--
		default:
			t.Errorf("%v: %v, %s", c, got.errno, got.note)
		}
	}, "sandbox")
}
