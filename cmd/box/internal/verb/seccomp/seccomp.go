// Package seccomp shows, checks and converts system call policies.
//
// It compiles nothing that it does not prove, and loads nothing: all verbs only
// read and print.
package seccomp

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"strings"

	"box/cmd/box/internal/policyfile"
	"box/cmd/box/internal/say"
	"box/cmd/box/internal/verb"
	"box/internal/host"
	"box/internal/nearest"
	"box/seccompprofile"
	"box/seccompprofile/policies"
	"box/seccompprofile/policy"
)

// Verb is what can be done with a policy. do gets the sentence of Help for its
// own --help, and the words after the verb.
type Verb struct {
	Name, Args, Help string
	do               func(help string, words []string) (int, error)
}

// Verbs are in the order of the help.
var Verbs = [...]Verb{
	{"ls", "", "List the built-in policies.", list},
	{"show", "POLICY", "Print the text of a policy.", show},
	{"check", "POLICY", "Read a policy, compile it, and prove that the program does what the text says.", check},
	{"explain", "POLICY CALL [ARG...]", "Say what becomes of a call, and which line decides.", explain},
	{"export", "POLICY", "Write the program (raw BPF) to stdout, for seccomp(2) or bwrap --seccomp.", export},
	{"import", "FILE", "Turn a profile of Docker or of an OCI runtime into a policy, on stdout.", imported},
}

// Run does what the word after the verb says. These verbs have no kong model in
// common: each parses its own words, so that a start pays for one only.
func Run(c *verb.Context) (int, error) {
	words := c.Words
	var names []string
	for _, v := range Verbs {
		if len(words) > 0 && words[0] == v.Name {
			return v.do(v.Help, words[1:])
		}
		names = append(names, v.Name)
	}
	switch {
	case len(words) == 0:
		return 0, say.Usagef("seccomp: needs one of %s", strings.Join(names, ", ")).Hintf("box seccomp --help")
	case words[0] == "--help" || words[0] == "-h":
		return 0, help(os.Stdout)
	}
	m := say.Usagef("seccomp %s: no such verb", words[0]).Hintf("box seccomp --help")
	if near := nearest.Of(words[0], names); near != "" {
		m.Hint = "did you mean " + near + "?"
	}
	return 0, m
}

// help prints all of Verbs, and points to the description of the format.
func help(file io.Writer) error {
	out := bufio.NewWriter(file)
	fmt.Fprint(out, "usage: box seccomp VERB ...\n\n"+
		"POLICY is the name of a built-in policy, or a file: its name has a / or a . in it.\n\n")
	for _, v := range Verbs {
		fmt.Fprintf(out, "  %-32s %s\n", strings.TrimRight(v.Name+" "+v.Args, " "), v.Help)
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
		return nil, say.Usagef("off: loads nothing: there is no such policy to look at")
	}
	return policyfile.ReadWith(c.Policy, c.AllowDebug, c.AllowSetid)
}

// rules returns what the policy says on the architecture that was chosen.
func (c *policyChoice) rules() ([]*policy.Rules, error) {
	p, err := c.read()
	if err != nil {
		return nil, err
	}
	arch, err := policyfile.ArchOf(c.Arch)
	if err != nil {
		return nil, err
	}
	arches := []*policy.Arch{arch}
	if c.Allow32bit {
		if arch != policy.AMD64 {
			return nil, say.Usagef("--allow-32bit: there are no 32-bit calls to allow on %s", arch.Machine)
		}
		arches = append(arches, policy.I386)
	}
	return policyfile.RulesFor(p, arches)
}

// list prints the built-in policies, each with the first sentence of its text.
// "off" has no text, and comes last.
func list(help string, words []string) (int, error) {
	var flags struct{}
	if helped, err := verb.Parse("seccomp ls", help, &flags, words); helped || err != nil {
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

// show prints a policy's text, byte by byte unless stdout is a terminal. The
// policy is read first, so one that is wrong is told about and not shown.
func show(help string, words []string) (int, error) {
	var flags struct {
		Policy string `arg:"" name:"policy" help:"A built-in policy or a file."`
	}
	if helped, err := verb.Parse("seccomp show", help, &flags, words); helped || err != nil {
		return 0, err
	}
	c := policyChoice{Policy: flags.Policy}
	if _, err := c.read(); err != nil {
		return 0, err
	}
	text, err := policyfile.Text(flags.Policy)
	if err != nil {
		return 0, say.Usagef("%s: %v", flags.Policy, err)
	}
	if host.IsTerminal(1) { // who reads it wants to see all of it: the file may be somebody else's
		text = []byte(say.VisibleText(string(text)))
	}
	_, err = os.Stdout.Write(text)
	return 0, err
}

// export writes the program as struct sock_filter[], which is what seccomp(2)
// and bubblewrap take.
func export(help string, words []string) (int, error) {
	var c policyChoice
	if helped, err := verb.Parse("seccomp export", help, &c, words); helped || err != nil {
		return 0, err
	}
	if host.IsTerminal(1) {
		return 0, say.Usagef("seccomp export: stdout is a terminal, and this is a program").
			Hintf("box seccomp export %s > FILE", say.Words([]string{c.Policy}))
	}
	rules, err := c.rules()
	if err != nil {
		return 0, err
	}
	program, err := policyfile.Program(c.Policy, rules)
	if err != nil {
		return 0, err
	}
	_, err = os.Stdout.Write(program)
	return 0, err
}
