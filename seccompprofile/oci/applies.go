package oci

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"box/seccompprofile/policy"
)

// archName returns libseccomp's name of an architecture.
func archName(a *policy.Arch) string {
	switch a {
	case policy.AMD64:
		return "SCMP_ARCH_X86_64"
	case policy.ARM64:
		return "SCMP_ARCH_AARCH64"
	}
	return "SCMP_ARCH_X86"
}

// architectures checks that the profile is for the target. Other architectures beside it are left out: their calls end the
// process.
func (i *importer) architectures(p *profile) error {
	own := archName(i.target.Arch)
	others := slices.Clone(p.Architectures)
	if len(others) > 0 && !slices.Contains(others, own) {
		return fmt.Errorf("architectures: the profile is not for %s: %q", i.target.Arch.Machine, others)
	}
	for _, m := range p.ArchMap {
		if m.Architecture == own {
			others = append(others, m.SubArchitectures...)
		}
	}
	others = slices.DeleteFunc(others, func(name string) bool { return name == own })
	if len(others) > 0 {
		i.note("the architectures beside %s: %q", i.target.Arch.Machine, others)
	}
	return nil
}

// applies reports whether a rule is for the target.
func (i *importer) applies(r *rule) (bool, error) {
	in, ex := &r.Includes, &r.Excludes
	arch := i.target.Arch.Name
	if len(in.Arches) > 0 && !slices.Contains(in.Arches, arch) || slices.Contains(ex.Arches, arch) {
		return false, nil // nothing is lost
	}
	for _, c := range in.Caps {
		if !slices.Contains(i.target.Caps, c) {
			for _, name := range append(slices.Clip(r.Names), r.Name) {
				if name != "" {
					i.without = append(i.without, visible(name)+" ("+visible(c)+")")
				}
			}
			return false, nil
		}
	}
	for _, c := range ex.Caps {
		if slices.Contains(i.target.Caps, c) {
			return false, nil
		}
	}
	if ex.MinKernel != "" {
		reached, err := i.reached(ex.MinKernel)
		if reached || err != nil {
			return false, err
		}
	}
	if in.MinKernel == "" {
		return true, nil
	}
	reached, err := i.reached(in.MinKernel)
	if err == nil && !reached {
		i.note("rules for Linux %s and later: this is %d.%d", in.MinKernel, i.target.Kernel[0], i.target.Kernel[1])
	}
	return reached, err
}

// reached reports whether the kernel is at least as new as a version.
func (i *importer) reached(version string) (bool, error) {
	major, minor, both := strings.Cut(version, ".")
	a, err := strconv.ParseUint(major, 10, 16)
	b, err2 := strconv.ParseUint(minor, 10, 16)
	if err != nil || err2 != nil || !both {
		return false, fmt.Errorf("minKernel: %q is no version such as 4.8", version)
	}
	return slices.Compare(i.target.Kernel[:], []int{int(a), int(b)}) >= 0, nil
}
