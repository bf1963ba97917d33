//go:debug containermaxprocs=0

// Command box runs a program in a sandbox, without root.
//
// Nearly all of it is in packages of two sides. Those of the early side may run before the Go runtime has begun, and
// those of the ordinary side may not; docs/architecture.md has the list. This package refuses privilege, chooses the mode
// and the verb, and turns errors into messages and a status.
package main

import (
	"errors"
	"os"
	"path"
	"runtime"

	"box/cmd/box/internal/bwrap"
	"box/cmd/box/internal/enter"
	"box/cmd/box/internal/native"
	"box/cmd/box/internal/say"
	"box/cmd/box/internal/session"
	"box/cmd/box/internal/verb"
	"box/cmd/box/internal/verb/life"
	"box/cmd/box/internal/verb/table"
	"box/internal/early"
	"box/internal/host"
	"box/internal/inherited"
	"box/launch"
	"box/netns"
	"box/shim"

	"golang.org/x/sys/unix"
)

// main is the ordinary way. A build with an entry of its own comes here only if begin has gone the ordinary way.
func main() {
	runtime.LockOSThread() // a sandbox dies with the thread that made it
	os.Exit(ending(run(os.Args)))
}

// ending returns the exit status, unless the command has ended by a key: then it ends the process in the same way. A shell
// ends a loop or a script only if it sees that SIGINT or SIGQUIT has ended what it waits for. Pid 1 of a container outlives them.
func ending(s launch.Status) int {
	if s.Signal == unix.SIGINT || s.Signal == unix.SIGQUIT {
		host.Die(s.Signal, s.Typed)
	}
	return s.Exit()
}

// run chooses the mode and the verb, and returns how to end. argv is what execve(2) was given: it may be empty before Linux
// 5.18. By the name of bwrap it is always an exit status.
func run(argv []string) launch.Status {
	if unix.Getuid() != unix.Geteuid() || unix.Getgid() != unix.Getegid() {
		return refusePrivileged("is set-user-ID or set-group-ID", "chmod", "u-s,g-s")
	}
	if inherited.Secure() && host.Gained() { // else it is a security module's: a profile of AppArmor says so of what it runs
		return refusePrivileged("has file capabilities", "setcap", "-r")
	}
	if len(argv) == 0 {
		argv = noWords[:]
	}
	if argv[0] == netns.Name {
		return launch.Status{Code: session.Relay(argv[1:])}
	}
	if path.Base(argv[0]) == "bwrap" {
		return launch.Status{Code: one.bwrap.Run(&one.session, argv[0], argv[1:])}
	}
	one.session.Version = version
	words := argv[1:]
	if h, is := shim.Called(argv[0]); is {
		one.session.Alone = session.Alone{Is: true, Handover: h}
		if h.Again {
			return again(h, words)
		}
		return runBox(words)
	}
	if len(words) > 0 && words[0] == "bwrap" {
		return launch.Status{Code: one.bwrap.Run(&one.session, "bwrap", words[1:])}
	}
	return runBox(words)
}

var noWords = [...]string{"box"}

// refusePrivileged is for a box whose file gives it more than its caller has: what it does with an environment, with
// paths and descriptors is what the caller may do. The words of mend and the file take that off.
//
//go:noinline
func refusePrivileged(is string, mend ...string) launch.Status {
	early.Ordinary()
	m := say.Usagef("this copy of box %s, and box does not run so", is)
	if file, err := os.Executable(); err == nil {
		m = m.Hintf("%s; box needs no privilege", say.Words(append(mend, file)))
	}
	return launch.Status{Code: say.Report(m)}
}

// runBox is box mode. A first word that is neither a flag nor a verb is the command: "box make" needs no "run".
func runBox(words []string) launch.Status {
	typed := words
	if len(words) > 0 && words[0] != "" && words[0][0] != '-' {
		switch v := table.Of(words[0]); {
		case v == nil:
			if err := table.Misread(words[0]); err != nil {
				return status(err)
			}
		case v.Name == "exec":
			ended, err := one.enter.Run(&one.session, words[1:])
			if err != nil {
				return status(err)
			}
			return ended
		case v.Name == "container" && len(words) > 1 && words[1] == "run":
			ended, err := one.native.RunContainer(&one.session, words[2:])
			if err != nil {
				return status(withoutImage(err))
			}
			return ended
		case v.Name == "container" && len(words) > 1 && words[1] == "exec":
			ended, err := one.enter.RunContainer(&one.session, words[2:])
			if err != nil {
				return status(err)
			}
			return ended
		case v.Run != nil:
			return runVerb(v, words[1:])
		default:
			words = words[1:] // run; bwrap has been seen
		}
	}
	ended, err := one.native.Run(&one.session, words)
	if err != nil {
		return status(noVerb(typed, err))
	}
	return ended
}

// noVerb adds a hint to the message for a program that is not there: the first word may be a verb of docker's.
//
//go:noinline
func noVerb(words []string, err error) error {
	early.Ordinary()
	if len(words) > 0 {
		hint(err, life.Instead(words[0]))
	}
	return err
}

// withoutImage adds a hint to the message for a program that is not there: to docker the first word is an image.
//
//go:noinline
func withoutImage(err error) error {
	early.Ordinary()
	hint(err, "there are no images: the first word after the flags is a program of this machine")
	return err
}

// hint adds a hint to the message for a program that is not there, if it has none.
func hint(err error, text string) {
	if m := (*say.Message)(nil); errors.As(err, &m) && m.Status == say.StatusNotFound && m.Hint == "" {
		m.Hint = text
	}
}

// one is the one command line of a process, in either mode. Its memory never moves. A variable of the program and not of
// a function: the memory is needed before there is a heap, and the plan points into it.
var one struct {
	session session.Session
	native  native.Line
	bwrap   bwrap.Line
	enter   enter.Line
}

// again is for a monitor that is to start its box again. It returns only if that can't be.
//
//go:noinline
func again(h shim.Handover, places []string) launch.Status {
	early.Ordinary()
	return status(life.Again(h, places))
}

// runVerb is for all verbs with a package of their own. They use kong, fmt and files, and so need the Go runtime.
//
//go:noinline
func runVerb(v *verb.Verb, words []string) launch.Status {
	early.Ordinary()
	code, err := v.Run(contextOf(words))
	if err != nil {
		return status(err)
	}
	return launch.Status{Code: code}
}

// status reports an error, or prints what was asked for, and returns the exit status. An error that is no *say.Message is
// one of writing to stdout, or of the system, and has the status of box's own failures.
//
//go:noinline
func status(err error) launch.Status {
	early.Ordinary()
	switch {
	case errors.Is(err, native.ErrHelp):
		err = help(os.Stdout)
	case errors.Is(err, enter.ErrHelp):
		_, err = os.Stdout.WriteString(enter.Help)
	case errors.Is(err, native.ErrVersion):
		err = printVersion()
	}
	if err == nil {
		return launch.Status{}
	}
	m := (*say.Message)(nil)
	if !errors.As(err, &m) {
		m = &say.Message{Headline: err.Error(), Status: say.StatusBox}
	}
	if a := &one.session.Alone; a.Is && a.Total > 0 {
		life.NotStarted(a.Handover, m)
	}
	return launch.Status{Code: say.Report(m)}
}
