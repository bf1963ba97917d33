// Package libseccomp compiles the rules of a policy through libseccomp. It is the only package that links it.
package libseccomp

import (
	"fmt"
	"os"

	"box/seccompprofile/policy"

	seccomp "github.com/seccomp/libseccomp-golang"
	"golang.org/x/sys/unix"
)

// Compile returns libseccomp's program for the rules of one architecture or of several.
//
// What libseccomp can't say is left out of it, and Holds tells what that is.
func Compile(rules ...*policy.Rules) ([]byte, error) {
	enable()
	var whole *seccomp.ScmpFilter
	defer func() {
		if whole != nil {
			whole.Release()
		}
	}()
	for _, r := range rules {
		filter, err := compile(r)
		if err != nil {
			return nil, fmt.Errorf("libseccomp: %s: %w", r.Arch.Machine, err)
		}
		if whole == nil {
			whole = filter
			continue
		}
		if err := whole.Merge(filter); err != nil { // which releases filter
			filter.Release()
			return nil, fmt.Errorf("libseccomp: %s: %w", r.Arch.Machine, err)
		}
	}
	if whole == nil {
		return nil, fmt.Errorf("libseccomp: there are no rules to compile")
	}
	return export(whole)
}

// scmpArch returns libseccomp's name of an architecture.
func scmpArch(a *policy.Arch) seccomp.ScmpArch {
	switch a {
	case policy.AMD64:
		return seccomp.ArchAMD64
	case policy.ARM64:
		return seccomp.ArchARM64
	case policy.I386:
		return seccomp.ArchX86
	}
	return seccomp.ArchInvalid
}

// compile makes the filter of one architecture.
func compile(r *policy.Rules) (filter *seccomp.ScmpFilter, err error) {
	normal := action(r.Default.Action)
	filter, err = seccomp.NewFilter(normal)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			filter.Release()
		}
	}()
	if err := only(filter, scmpArch(r.Arch)); err != nil {
		return filter, err
	}
	for i := range r.Calls {
		if err := addCall(filter, r, &r.Calls[i]); err != nil {
			return filter, fmt.Errorf("%s (%d): %w", r.Calls[i].Name, r.Calls[i].Number, err)
		}
	}
	return filter, nil
}

// only makes the filter one for arch alone, with a search tree instead of a list.
func only(filter *seccomp.ScmpFilter, arch seccomp.ScmpArch) error {
	native, err := seccomp.GetNativeArch()
	if err != nil {
		return err
	}
	if native != arch {
		if err := filter.AddArch(arch); err != nil {
			return err
		}
		if err := filter.RemoveArch(native); err != nil {
			return err
		}
	}
	if err := filter.SetBadArchAction(seccomp.ActKillProcess); err != nil {
		return err
	}
	const searchTree = 2
	return filter.SetOptimize(searchTree)
}

func action(a policy.Action) seccomp.ScmpAction {
	switch a {
	case policy.Allow:
		return seccomp.ActAllow
	case policy.Log:
		return seccomp.ActLog
	case policy.Kill:
		return seccomp.ActKillProcess
	}
	return seccomp.ActErrno.SetReturnCode(int16(a.Errno()))
}

// addCall adds the rules about one call.
func addCall(filter *seccomp.ScmpFilter, r *policy.Rules, c *policy.Call) error {
	n, ok := number(r.Arch, c.Number)
	if !ok {
		return nil
	}
	otherwise := r.Default.Action
	if c.Otherwise != nil {
		otherwise = c.Otherwise.Action
	}
	pieces, err := takeApart(c, otherwise != r.Default.Action)
	if err != nil {
		return err
	}
	if len(c.Cases) == 0 {
		if otherwise == r.Default.Action {
			return nil // libseccomp refuses a rule that says what the default says
		}
		return filter.AddRule(n, action(otherwise))
	}
	for _, p := range pieces {
		what := otherwise
		if p.rule != nil {
			what = p.rule.Action
		}
		if what == r.Default.Action {
			continue
		}
		if len(p.conds) == 0 {
			err = filter.AddRule(n, action(what))
		} else {
			err = filter.AddRuleConditional(n, action(what), p.conds)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// export returns the program of a filter.
func export(filter *seccomp.ScmpFilter) ([]byte, error) {
	fd, err := unix.MemfdCreate("filter", unix.MFD_CLOEXEC)
	if err != nil {
		return nil, err
	}
	file := os.NewFile(uintptr(fd), "filter")
	defer file.Close()
	if err := filter.ExportBPF(file); err != nil {
		return nil, err
	}
	return os.ReadFile(fmt.Sprintf("/proc/self/fd/%d", fd))
}
