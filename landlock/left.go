package landlock

import (
	"box/internal/early"
	"box/plan"
	"box/spec"
)

// Left returns, a sentence each, what a domain would forbid and that of s doesn't: for whoever asks before a start.
//
//go:noinline
func Left(s *spec.Spec) (left []string) {
	early.Ordinary()
	if !s.Confine.Use {
		return nil
	}
	if Files(s) == 0 {
		why := "no Landlock that can be used"
		if s.Mounting() {
			why = "no Landlock domain for files, in which nothing could be mounted"
		}
		left = append(left, why+": the command can open what is on its descriptors again with other rights; "+
			"a file on 0, 1 or 2 that is open for reading only is read-only all the same")
	}
	abi := plan.LandlockABI()
	if s.Callers(spec.Net) && scopes(abi)&scopeAbstract == 0 {
		left = append(left, "no Landlock scopes (Linux 6.12): the command reaches the abstract sockets of the caller's network")
	}
	if s.Callers(spec.PID) && scopes(abi)&scopeSignal == 0 {
		left = append(left, "no Landlock scopes (Linux 6.12): the command can signal the caller's processes")
	}
	return left
}
