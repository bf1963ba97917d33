// Package printer prints what would be done: the plan, call by call, or bubblewrap's line for the same.
//
// It is on the ordinary side, and writes to standard output only. All that
// others may have chosen, such as paths and arguments, is escaped by package
// say. A plan is data, so that printing it runs nothing.
package printer

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"strings"

	"box/cmd/box/internal/policyfile"
	"box/cmd/box/internal/say"
	"box/internal/kernel"
	"box/landlock"
	"box/plan"
	"box/spec"
)

// Plan prints a plan on stdout, see Write.
func Plan(p, net *plan.Plan, s *spec.Spec, left []string) error {
	return Write(os.Stdout, p, net, s, left)
}

// Write prints a plan, a line for each call with the flag that it came from.
// net is the plan of the process that carries connections, or nil: it comes
// first, since that process is started first. left are the default mounts that
// have no place. The lines that begin with #
// say what the calls do not show. The calls are in the order in which the child
// makes them, after clone3 and the acts of the parent.
func Write(file io.Writer, p, net *plan.Plan, s *spec.Spec, left []string) error {
	out := bufio.NewWriter(file)
	line := func(format string, args ...any) {
		fmt.Fprintln(out, say.Visible(strings.TrimRight(fmt.Sprintf(format, args...), " ")))
	}
	for _, without := range kernel.Substituted() {
		line("# this kernel %s", without)
	}
	if s.Limits.Quarter && s.New.Has(spec.User) && kernel.SysctlsFixed() {
		line("# /proc/sys is read-only here: the command can use up the user's inotify instances and watches")
	}
	for _, dir := range left {
		line("# no default mount for %s: the directory is missing in what is bound on /", dir)
	}
	if names := watched(&s.Project); names != "" {
		line("# new names in %s are watched for: %s", s.Project.Top, names)
	}
	for _, left := range landlock.Left(s) {
		fmt.Fprintf(out, "# %s\n", left)
	}
	for _, f := range s.Filters {
		if policyfile.IsFile(f.Policy) {
			line("# %s", policyfile.Proved("the policy "+f.Policy, f.Program))
		}
	}
	calls := func(p *plan.Plan) {
		for i := range p.Inside {
			c := &p.Inside[i]
			line("%-100s%s", c, origin(s.Origin(c.For)))
		}
	}
	if net != nil {
		if kernel.SysctlsFixed() {
			line("# /proc/sys is read-only here: the command can't listen on ports below net.ipv4.ip_unprivileged_port_start")
		}
		line("%-100s # the process that carries connections, outside", "clone3()")
		calls(net)
	}
	line("%-100s # new namespaces", "clone3("+plan.FlagsText(p.Flags)+")")
	for _, act := range p.Outside {
		line("%-100s # by the parent, while the child waits", act)
	}
	calls(p)
	return out.Flush()
}

// watched lists the names that the monitor watches for, those left out that may
// appear.
func watched(p *spec.Project) string {
	var names []string
	for _, name := range p.Names {
		if p.Top != "" && !p.Allows(name) {
			names = append(names, name)
		}
	}
	return strings.Join(names, ", ")
}

// origin returns the flag that a call is for, as a comment; "" for what every
// sandbox needs.
func origin(o spec.Origin) string {
	if text := o.String(); text != "" {
		return " # " + text
	}
	return ""
}
