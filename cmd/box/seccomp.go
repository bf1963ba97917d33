package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"strings"

	"box/internal/host"
	"box/internal/nearest"
	"box/seccompprofile"
	"box/seccompprofile/policies"
	"box/seccompprofile/policy"
)

// seccompVerbs are what can be done with policies.
var seccompVerbs = [...]struct {
	name, args, help string
	do               func(help string, words []string) (int, error)
}{
	{"ls", "", "List the built-in policies.", seccompList},
	{"show", "POLICY", "Print the text of a policy.", seccompShow},
	{"check", "POLICY", "Read a policy, compile it, and prove that the program does what the text says.", seccompCheck},
	{"explain", "POLICY CALL [ARG...]", "Say what becomes of a call, and which line decides.", seccompExplain},
	{"export", "POLICY", "Write the program (raw BPF) to stdout, for seccomp(2) or bwrap --seccomp.", seccompExport},
	{"import", "FILE", "Turn a profile of Docker or of an OCI runtime into a policy, on stdout.", seccompImport},
}

// seccomp shows, checks and converts system call policies.
func seccomp(words []string) (int, error) {
	var names []string
	for _, v := range seccompVerbs {
		if len(words) > 0 && words[0] == v.name {
			return v.do(v.help, words[1:])
		}
		names = append(names, v.name)
	}
	switch {
	case len(words) == 0:
		return 0, usage("seccomp: needs one of %s", strings.Join(names, ", ")).hint("box seccomp --help")
	case words[0] == "--help" || words[0] == "-h":
		return 0, seccompHelp(os.Stdout)
	}
	m := usage("seccomp %s: no such verb", words[0]).hint("box seccomp --help")
	if near := nearest.Of(words[0], names); near != "" {
		m.Hint = "did you mean " + near + "?"
	}
	return 0, m
}

func seccompHelp(file io.Writer) error {
	out := bufio.NewWriter(file)
	fmt.Fprint(out, "usage: box seccomp VERB ...\n\n"+
		"POLICY is the name of a built-in policy, or a file: its name has a / or a . in it.\n\n")
	for _, v := range seccompVerbs {
		fmt.Fprintf(out, "  %-32s %s\n", strings.TrimRight(v.name+" "+v.args, " "), v.help)
	}
	fmt.Fprint(out, "\nThe format of policies is described in docs/seccomp.md.\n")
	return out.Flush()
}

// policyChoice are the words by which verbs choose a policy and what it is compiled for.
type policyChoice struct {
	Policy     string `arg:"" name:"policy" help:"A built-in policy or a file."`
	Arch       string `name:"arch" placeholder:"ARCH" help:"x86_64 or aarch64; this machine's by default."`
	Allow32bit bool   `name:"allow-32bit" help:"With the calls of i386, as box --allow-32bit."`
	AllowDebug bool   `name:"allow-debug" help:"As box --allow-debug."`
	AllowSetid bool   `name:"allow-setid" help:"As box --allow-setid."`
}

// read reads the policy that was chosen.
func (c *policyChoice) read() (*policy.Policy, error) {
	if c.Policy == seccompprofile.Off {
		return nil, usage("off: loads nothing: there is no such policy to look at")
	}
	return readPolicyWith(c.Policy, c.AllowDebug, c.AllowSetid)
}

// rules returns what the policy says on the architecture that was chosen.
func (c *policyChoice) rules() ([]*policy.Rules, error) {
	p, err := c.read()
	if err != nil {
		return nil, err
	}
	arch, err := archOf(c.Arch)
	if err != nil {
		return nil, err
	}
	arches := []*policy.Arch{arch}
	if c.Allow32bit {
		if arch != policy.AMD64 {
			return nil, usage("--allow-32bit: there are no 32-bit calls to allow on %s", arch.Machine)
		}
		arches = append(arches, policy.I386)
	}
	return rulesFor(p, arches)
}

func seccompList(help string, words []string) (int, error) {
	var flags struct{}
	if helped, err := parseVerb("seccomp ls", help, &flags, words); helped || err != nil {
		return 0, err
	}
	out := bufio.NewWriter(os.Stdout)
	for _, name := range policies.Names() {
		text, _ := policies.Text(name)
		fmt.Fprintf(out, "%-8s %s\n", name, summary(string(text)))
	}
	fmt.Fprintf(out, "%-8s No policy: every call may be made.\n", seccompprofile.Off)
	return 0, out.Flush()
}

// summary returns the first sentence of a policy's first comment.
func summary(text string) string {
	var words []string
	for line := range strings.Lines(text) {
		comment, ok := strings.CutPrefix(line, "# ")
		if !ok {
			if words != nil {
				break
			}
			continue
		}
		words = append(words, strings.Fields(comment)...)
	}
	sentence, _, _ := strings.Cut(strings.Join(words, " "), ". ")
	return strings.TrimRight(sentence, ".:") + "."
}

func seccompShow(help string, words []string) (int, error) {
	var flags struct {
		Policy string `arg:"" name:"policy" help:"A built-in policy or a file."`
	}
	if helped, err := parseVerb("seccomp show", help, &flags, words); helped || err != nil {
		return 0, err
	}
	c := policyChoice{Policy: flags.Policy}
	if _, err := c.read(); err != nil {
		return 0, err
	}
	text, err := policyText(flags.Policy)
	if err != nil {
		return 0, usage("%s: %v", flags.Policy, err)
	}
	if host.IsTerminal(1) { // who reads it wants to see all of it: the file may be somebody else's
		text = []byte(visibleText(string(text)))
	}
	_, err = os.Stdout.Write(text)
	return 0, err
}

func seccompExport(help string, words []string) (int, error) {
	var c policyChoice
	if helped, err := parseVerb("seccomp export", help, &c, words); helped || err != nil {
		return 0, err
	}
	if host.IsTerminal(1) {
		return 0, usage("seccomp export: stdout is a terminal, and this is a program").
			hint("box seccomp export %s > FILE", joined([]string{c.Policy}))
	}
	rules, err := c.rules()
	if err != nil {
		return 0, err
	}
	program, err := programOf(c.Policy, rules)
	if err != nil {
		return 0, err
	}
	_, err = os.Stdout.Write(program)
	return 0, err
}
