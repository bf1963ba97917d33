package seccompprofile

import (
	"slices"

	"box/seccompprofile/policy"
	"box/spec"

	"golang.org/x/sys/unix"
)

// RefusesOf returns what a policy refuses, on all of its architectures, that other layers refuse as well.
func RefusesOf(rules []*policy.Rules) spec.Refusals {
	refuses := spec.NewUserns | spec.Keyrings | spec.Fanotify
	for _, r := range rules {
		for _, call := range []string{"clone", "unshare"} {
			if admits(r, call, true) {
				refuses &^= spec.NewUserns
			}
		}
		if admits(r, "clone3", false) { // its flags are in memory, where no filter looks
			refuses &^= spec.NewUserns
		}
		for _, call := range []string{"keyctl", "add_key", "request_key"} {
			if admits(r, call, false) {
				refuses &^= spec.Keyrings
			}
		}
		if admits(r, "fanotify_init", false) {
			refuses &^= spec.Fanotify
		}
	}
	return refuses
}

// admits reports whether a call may be made; if its first argument is flags, with CLONE_NEWUSER among them.
func admits(r *policy.Rules, name string, flags bool) bool {
	nr, ok := r.Arch.Number(name)
	if !ok {
		return false
	}
	at := slices.IndexFunc(r.Calls, func(c policy.Call) bool { return c.Number == nr })
	if at < 0 {
		return permits(r.Default)
	}
	c := &r.Calls[at]
	for i := range c.Cases {
		if permits(c.Cases[i].Rule) && (!flags || !lacksNewUser(&c.Cases[i])) {
			return true
		}
	}
	otherwise := r.Default
	if c.Otherwise != nil {
		otherwise = c.Otherwise
	}
	return permits(otherwise) && (!flags || !refused(c.Cases))
}

func permits(r *policy.Rule) bool { return r.Action == policy.Allow || r.Action == policy.Log }

// refused reports whether one of the cases, none of which is admitted, is that of CLONE_NEWUSER whatever the other
// flags.
func refused(cases []policy.Case) bool {
	return slices.ContainsFunc(cases, func(c policy.Case) bool {
		return !permits(c.Rule) && len(c.Conds) == 1 && hasNewUser(&c.Conds[0])
	})
}

// hasNewUser reports whether a condition holds wherever the flags, the first argument, have CLONE_NEWUSER.
func hasNewUser(c *policy.Cond) bool {
	return c.Arg == 0 && c.Not && c.Mask&unix.CLONE_NEWUSER != 0 &&
		!slices.ContainsFunc(c.Values, func(v uint64) bool { return v&unix.CLONE_NEWUSER != 0 }) ||
		c.Arg == 0 && !c.Not && c.Mask == unix.CLONE_NEWUSER && slices.Contains(c.Values, unix.CLONE_NEWUSER)
}

// lacksNewUser reports whether a case holds only where the flags, the first argument, don't have CLONE_NEWUSER.
func lacksNewUser(c *policy.Case) bool {
	return slices.ContainsFunc(c.Conds, func(c policy.Cond) bool {
		if c.Arg != 0 || c.Mask&unix.CLONE_NEWUSER == 0 {
			return false
		}
		has := func(v uint64) bool { return v&unix.CLONE_NEWUSER != 0 }
		return !c.Not && !slices.ContainsFunc(c.Values, has) ||
			c.Not && c.Mask == unix.CLONE_NEWUSER && slices.ContainsFunc(c.Values, has)
	})
}
