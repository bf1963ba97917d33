package oci

import (
	"fmt"

	"box/seccompprofile/policy"

	"golang.org/x/sys/unix"
)

// named returns the errno of a rule by its number, or by the name that Podman has beside it.
func named(number *uint, name string) (*uint, error) {
	if name == "" {
		return number, nil
	}
	for e := unix.Errno(1); e <= 0xfff; e++ {
		if unix.ErrnoName(e) != name {
			continue
		}
		if number != nil && *number != uint(e) {
			return nil, fmt.Errorf("errnoRet %d is not %s", *number, name)
		}
		n := uint(e)
		return &n, nil
	}
	return nil, fmt.Errorf("errno: %q is no errno", name)
}

// actionOf returns the action of a SCMP_ACT_* word with its errno, which is EPERM where none is given.
func actionOf(word string, number *uint, name string) (policy.Action, error) {
	errno, err := named(number, name)
	if err != nil {
		return 0, err
	}
	if errno != nil && word != "SCMP_ACT_ERRNO" && word != "SCMP_ACT_TRACE" && *errno != 0 {
		return 0, fmt.Errorf("errnoRet %d has no meaning for %s", *errno, word)
	}
	switch word {
	case "SCMP_ACT_ALLOW":
		return policy.Allow, nil
	case "SCMP_ACT_LOG":
		return policy.Log, nil
	case "SCMP_ACT_KILL", "SCMP_ACT_KILL_THREAD", "SCMP_ACT_KILL_PROCESS":
		return policy.Kill, nil
	case "SCMP_ACT_ERRNO":
		e := unix.EPERM
		if errno != nil {
			e = unix.Errno(*errno)
		}
		if e == 0 || e > 0xfff || unix.ErrnoName(e) == "" {
			return 0, fmt.Errorf("errnoRet %d is no errno", uint(e))
		}
		return policy.Errno(e), nil
	case "SCMP_ACT_TRAP":
		return 0, fmt.Errorf("%s: a policy has no signal for refused calls; "+
			"SCMP_ACT_ERRNO or SCMP_ACT_KILL_PROCESS refuses them", word)
	case "SCMP_ACT_TRACE":
		return 0, fmt.Errorf("%s: there is no tracer that would answer", word)
	case "SCMP_ACT_NOTIFY":
		return 0, fmt.Errorf("%s: there is nobody who would answer", word)
	case "":
		return 0, fmt.Errorf("is missing")
	}
	return 0, fmt.Errorf("%q: no such action", word)
}
