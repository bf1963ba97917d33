package seccomp

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"box/cmd/box/internal/arg"
	"box/cmd/box/internal/policyfile"
	"box/cmd/box/internal/say"
	"box/cmd/box/internal/verb"
	"box/internal/kernel"
	"box/seccompprofile/oci"
	"box/seccompprofile/policy"
)

// imported turns a container engine's profile into a policy. The result is
// parsed and proven before anything is printed: a policy that box could not
// load is of no use. What could not be taken over is a comment in the text.
func imported(help string, words []string) (int, error) {
	var flags struct {
		File string   `arg:"" name:"file" help:"The profile, - for stdin."`
		Arch string   `name:"arch" placeholder:"ARCH" help:"x86_64 or aarch64; this machine's by default."`
		Cap  []string `name:"cap" sep:"none" placeholder:"CAP" help:"With the rules for a program that has this capability."`
	}
	if helped, err := verb.Parse("seccomp import", help, &flags, words); helped || err != nil {
		return 0, err
	}
	target, err := importTarget(flags.Arch, flags.Cap)
	if err != nil {
		return 0, err
	}
	profile, err := readProfile(flags.File)
	if err != nil {
		return 0, say.Usagef("%s: %v", flags.File, err)
	}
	text, notes, err := oci.Import(profile, target)
	if err != nil {
		return 0, say.Usagef("%s: %v", flags.File, err)
	}
	p, err := policy.Parse("the policy made of "+flags.File, text, nil)
	if err != nil {
		return 0, policyfile.Wrong(err)
	}
	rules, err := policyfile.RulesFor(p, []*policy.Arch{target.Arch})
	if err != nil {
		return 0, err
	}
	if _, err := policyfile.Program(flags.File, rules); err != nil {
		return 0, err
	}
	if _, err := os.Stdout.Write(text); err != nil {
		return 0, err
	}
	if len(notes) > 0 {
		say.Notef("%s: what could not be taken over is said at the beginning of the policy", flags.File)
	}
	return 0, nil
}

// importTarget returns what a profile is read for. Profiles have rules that
// depend on the architecture and on capabilities, so they mean something for
// one target only.
func importTarget(arch string, caps []string) (oci.Target, error) {
	a, err := policyfile.ArchOf(arch)
	t := oci.Target{Arch: a}
	if err != nil {
		return t, err
	}
	for _, word := range caps {
		name := strings.TrimPrefix(strings.ToLower(word), "cap_")
		if !slices.Contains(arg.CapabilityNames[:], name) {
			return t, say.Usagef("--cap %s: no such capability", word)
		}
		t.Caps = append(t.Caps, "CAP_"+strings.ToUpper(name))
	}
	if _, err := fmt.Sscanf(kernel.Release(), "%d.%d", &t.Kernel[0], &t.Kernel[1]); err != nil {
		return t, say.Usagef("this kernel's version, %s, is not of the form 6.1", kernel.Release())
	}
	return t, nil
}

// readProfile reads a file, or stdin, of which more than any profile has is not read.
func readProfile(name string) ([]byte, error) {
	const most = 16 << 20
	file := os.Stdin
	if name != "-" {
		var err error
		if file, err = os.Open(name); err != nil {
			return nil, policyfile.PlainError(err)
		}
		defer file.Close()
	}
	text, err := io.ReadAll(io.LimitReader(file, most+1))
	if err == nil && len(text) > most {
		err = fmt.Errorf("is too long for a profile")
	}
	return text, policyfile.PlainError(err)
}
