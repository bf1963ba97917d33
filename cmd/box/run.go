package main

import (
	"bufio"
	"fmt"
	"os"
	"runtime"
	"strings"

	"box/internal/inherited"
	"box/launch"
	"box/plan"
	"box/spec"

	"golang.org/x/sys/unix"
)

// builder has the plan. It is a variable and not a local because its memory must not move.
var builder plan.Builder

// runCommand runs a command in a sandbox: words are flags and the command.
func runCommand(words []string) (int, error) {
	steps, command, err := scan(words)
	if err != nil {
		return 0, err
	}
	b := build{spec: spec.New()}
	if unix.Getuid() == 0 {
		b.spec.Mounts.Guard = spec.GuardAll
	}
	b.spec.IDs.UID, b.spec.IDs.GID = uint32(unix.Getuid()), uint32(unix.Getgid())
	for _, s := range steps {
		switch s.flag.name {
		case "--help":
			return 0, help(os.Stdout)
		case "--version":
			return 0, printVersion(os.Stdout)
		}
		if err := b.do(s); err != nil {
			return 0, err
		}
	}
	if err := b.finish(command); err != nil {
		return 0, err
	}
	if b.print {
		return 0, printBwrapLine(os.Stdout, b.spec, &b.tell)
	}
	if err := launch.Compile(&builder, b.spec); err != nil {
		return 0, explained(err, b.spec)
	}
	if b.tell.wanted() {
		builder.Outside = append(builder.Outside, &b.tell)
	}
	if b.dry {
		return 0, printPlan(os.Stdout, &b)
	}
	return start(b.spec, &b.tell, b.refused)
}

// start runs the plan and waits for the command. What is refused it is told to refused, if that is not nil.
func start(s *spec.Spec, tell *informer, refused *refusals) (int, error) {
	runtime.LockOSThread() // the sandbox dies with the thread that made it
	signals, err := inherited.Catch(launch.Signals())
	if err != nil {
		return 0, err
	}
	box, err := launch.Start(&builder.Plan, s, signals)
	if err != nil {
		return 0, explained(err, s)
	}
	if refused != nil {
		box.OnNotice(refused.notice)
	}
	tell.box = box
	tell.release()
	status, err := box.Wait()
	if refused != nil {
		refused.report(status)
	}
	if words, cause := tell.refusal(err); cause != nil {
		return 0, usage("%s: it can't be written: %v", words, cause)
	}
	if err != nil {
		return 0, explained(err, s)
	}
	tell.ended(status.Exit())
	return status.Exit(), nil
}

func explained(err error, s *spec.Spec) error {
	return &message{launch.Explain(err, s)}
}

// printPlan prints the plan, a line for each call with the words that it came from.
func printPlan(file *os.File, b *build) error {
	out := bufio.NewWriter(file)
	for _, dir := range b.left {
		fmt.Fprintf(out, "# no courtesy for %s: the directory is missing in what is bound on /\n", dir)
	}
	for _, f := range b.spec.Filters {
		if isFile(f.Policy) {
			fmt.Fprintf(out, "# %s\n", proved("the policy "+f.Policy, f.Program))
		}
	}
	fmt.Fprintf(out, "%-100s # new namespaces\n", "clone3("+plan.FlagsText(builder.Flags)+")")
	for _, act := range builder.Outside {
		fmt.Fprintf(out, "%-100s # by the parent, while the child waits\n", act)
	}
	for i := range builder.Inside {
		c := &builder.Inside[i]
		fmt.Fprintln(out, strings.TrimRight(fmt.Sprintf("%-100s%s", c, origin(b.spec.Origin(c.For))), " "))
	}
	return out.Flush()
}

func origin(o spec.Origin) string {
	if text := o.String(); text != "" {
		return " # " + text
	}
	return ""
}
