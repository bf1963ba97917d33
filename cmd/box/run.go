package main

import (
	"bufio"
	"fmt"
	"os"
	"strings"

	"box/cmd/box/internal/failure"
	"box/cmd/box/internal/policyfile"
	"box/cmd/box/internal/say"
	"box/internal/early"
	"box/internal/host"
	"box/internal/inherited"
	"box/internal/kernel"
	"box/landlock"
	"box/launch"
	"box/plan"
	"box/spec"

	"golang.org/x/sys/unix"
)

// builder has the plan. It is a variable and not a local because its memory must not move.
var builder plan.Builder

// line is the one command line of a process, in box's own manners.
var line build

// runCommand runs a command in a sandbox: words are flags and the command.
func runCommand(words []string) (int, error) {
	b := &line
	b.begin(&plainRoom)
	steps, command, err := scan(b.room.steps[:0], words)
	if err != nil {
		return 0, err
	}
	for i := range steps {
		switch s := &steps[i]; s.flag.name {
		case "--help", "--version":
			return 0, printText(s.flag.name)
		default:
			if err := b.do(s); err != nil {
				return 0, err
			}
		}
	}
	if err := b.finish(command); err != nil {
		return 0, err
	}
	if b.print {
		return 0, b.printBwrapLine()
	}
	if err := b.compile(); err != nil {
		return 0, err
	}
	if b.tell.wanted() {
		builder.Outside = early.Append(builder.Outside, plan.Act(&b.tell))
	}
	if b.dry {
		return 0, b.printPlan()
	}
	if b.refused != nil {
		return b.startLogged()
	}
	return b.start()
}

// compile writes the plan.
func (b *build) compile() error {
	if err := launch.Compile(&builder, b.spec); err != nil {
		return explained(err, b.spec)
	}
	return nil
}

// begin begins an empty command line.
func (b *build) begin(r *room) {
	r.used = 0
	say.Forget()
	*b = build{room: r, spec: &r.spec}
	*b.spec = spec.Plain()
	b.spec.Confine.Use = true
	b.spec.Tree, b.spec.Filters, b.spec.Life.Keep = r.tree[:0], r.filters[:0], r.keep[:0]
	b.env, b.raw, b.data, b.spec.Life.Locks = r.envs[:0], r.raw[:0], r.kept[:0], r.locks[:0]
	if unix.Getuid() == 0 {
		b.spec.Mounts.Guard = spec.GuardAll
	}
	b.spec.IDs.UID, b.spec.IDs.GID = uint32(unix.Getuid()), uint32(unix.Getgid())
}

//go:noinline
func printText(flag string) error {
	early.Ordinary()
	if flag == "--help" {
		return help(os.Stdout)
	}
	return printVersion(os.Stdout)
}

// start runs the plan and waits for the command.
func (b *build) start() (int, error) {
	signals, err := inherited.Catch(launch.Signals())
	if err != nil {
		return 0, err
	}
	if text := say.Told(); text != "" {
		host.Say(text)
	}
	box, err := launch.Start(&builder.Plan, b.spec, signals)
	if err != nil {
		return 0, b.explained(err)
	}
	b.tell.box = box
	b.tell.release()
	status, err := box.Wait()
	say.Left(status.Left)
	if err != nil {
		return 0, b.explained(err)
	}
	b.tell.ended(status.Exit())
	return status.Exit(), nil
}

// startLogged is start with --seccomp-log.
//
//go:noinline
func (b *build) startLogged() (int, error) {
	early.Ordinary()
	signals, err := inherited.Catch(launch.Signals())
	if err != nil {
		return 0, err
	}
	box, err := launch.Start(&builder.Plan, b.spec, signals)
	if err != nil {
		return 0, b.explained(err)
	}
	box.OnNotice(b.refused.Notice)
	b.tell.box = box
	b.tell.release()
	status, err := box.Wait()
	b.refused.Report(status)
	say.Left(status.Left)
	if err != nil {
		return 0, b.explained(err)
	}
	b.tell.ended(status.Exit())
	return status.Exit(), nil
}

// explained returns an error of package launch, or of an act, in the user's words.
//
//go:noinline
func (b *build) explained(err error) error {
	early.Ordinary()
	if words, cause := b.tell.refusal(err); cause != nil {
		return say.Usagef("%s: it can't be written: %v", words, cause)
	}
	return explained(err, b.spec)
}

//go:noinline
func (b *build) printBwrapLine() error {
	early.Ordinary()
	return printBwrapLine(os.Stdout, b.spec, &b.tell)
}

//go:noinline
func explained(err error, s *spec.Spec) error {
	early.Ordinary()
	return failure.Explain(err, s)
}

// printPlan prints the plan, a line for each call with the words that it came from.
//
//go:noinline
func (b *build) printPlan() error {
	early.Ordinary()
	return printPlan(os.Stdout, b)
}

func printPlan(file *os.File, b *build) error {
	out := bufio.NewWriter(file)
	line := func(format string, args ...any) {
		fmt.Fprintln(out, say.Visible(strings.TrimRight(fmt.Sprintf(format, args...), " ")))
	}
	for _, without := range kernel.Substituted() {
		line("# this kernel has no %s", without)
	}
	if s := b.spec; s.Limits.Quarter && s.New.Has(spec.User) && kernel.SysctlsFixed() {
		line("# /proc/sys is read-only here: the command can use up the user's inotify instances and watches")
	}
	for _, dir := range b.left {
		line("# no courtesy for %s: the directory is missing in what is bound on /", dir)
	}
	for _, left := range landlock.Left(b.spec) {
		fmt.Fprintf(out, "# %s\n", left)
	}
	for _, f := range b.spec.Filters {
		if policyfile.IsFile(f.Policy) {
			line("# %s", policyfile.Proved("the policy "+f.Policy, f.Program))
		}
	}
	line("%-100s # new namespaces", "clone3("+plan.FlagsText(builder.Flags)+")")
	for _, act := range builder.Outside {
		line("%-100s # by the parent, while the child waits", act)
	}
	for i := range builder.Inside {
		c := &builder.Inside[i]
		line("%-100s%s", c, origin(b.spec.Origin(c.For)))
	}
	return out.Flush()
}

func origin(o spec.Origin) string {
	if text := o.String(); text != "" {
		return " # " + text
	}
	return ""
}
