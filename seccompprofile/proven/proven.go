// Package proven makes the programs that box loads, and lets none pass that doesn't do what its policy says.
package proven

import (
	"fmt"

	"box/seccompprofile/bpf"
	"box/seccompprofile/libseccomp"
	"box/seccompprofile/policy"
	"box/seccompprofile/proof"
)

// Compile returns the program for the rules of one architecture or of several. It is box's own, which is short; it has
// been run against the plain meaning of the rules, so has libseccomp's for the same rules, and both against each other.
// Each difference is an error.
func Compile(rules ...*policy.Rules) ([]byte, error) {
	own, err := bpf.Compile(rules...)
	if err != nil {
		return nil, err
	}
	if err := proof.CheckAll(own, nil, rules...); err != nil {
		return nil, err
	}
	theirs, err := libseccomp.Compile(rules...)
	if err != nil {
		return nil, err
	}
	if err := proof.CheckAll(theirs, unheld, rules...); err != nil {
		return nil, fmt.Errorf("libseccomp: %w", err)
	}
	if err := proof.Same(own, theirs, unheld, rules...); err != nil {
		return nil, fmt.Errorf("libseccomp: %w", err)
	}
	return own, nil
}

func unheld(a *policy.Arch, nr uint32) bool { return !libseccomp.Holds(a, nr) }
