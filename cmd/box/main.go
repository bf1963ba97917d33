//go:debug containermaxprocs=0

// Command box runs a program in a sandbox, without root. It is the only package of box that reads the command line and
// the environment, prints, and exits.
package main

import (
	"errors"
	"os"
	"path"
	"runtime"

	"box/cmd/box/internal/bwrap"
	"box/cmd/box/internal/native"
	"box/cmd/box/internal/say"
	"box/cmd/box/internal/session"
	"box/cmd/box/internal/verb"
	"box/internal/early"
	"box/internal/host"
	"box/internal/inherited"

	"golang.org/x/sys/unix"
)

func main() {
	runtime.LockOSThread() // a sandbox dies with the thread that made it
	os.Exit(run(os.Args))
}

// run chooses the mode and the verb, and returns the exit status.
func run(argv []string) int {
	if unix.Getuid() != unix.Geteuid() || unix.Getgid() != unix.Getegid() {
		return refusePrivileged("is set-user-ID or set-group-ID", "chmod", "u-s,g-s")
	}
	if inherited.Secure() && host.Gained() { // else it is a security module's: a profile of AppArmor says so of what it runs
		return refusePrivileged("has file capabilities", "setcap", "-r")
	}
	if len(argv) == 0 {
		argv = noWords[:]
	}
	if path.Base(argv[0]) == "bwrap" {
		return one.bwrap.Run(&one.session, argv[0], argv[1:])
	}
	words := argv[1:]
	if len(words) > 0 && words[0] == "bwrap" {
		return one.bwrap.Run(&one.session, "bwrap", words[1:])
	}
	return runBox(words)
}

var noWords = [...]string{"box"}

// refusePrivileged is for a box whose file gives it more than its caller has: what it does with an environment, with paths and
// descriptors is what the caller may do. The words of mend and the file take that off.
//
//go:noinline
func refusePrivileged(is string, mend ...string) int {
	early.Ordinary()
	m := say.Usagef("this copy of box %s, and box does not run so", is)
	if file, err := os.Executable(); err == nil {
		m = m.Hintf("%s; box needs no privilege", say.Words(append(mend, file)))
	}
	return say.Report(m)
}

// runBox is box mode.
func runBox(words []string) int {
	if len(words) > 0 && words[0] != "" && words[0][0] != '-' {
		switch v := verbOf(words[0]); {
		case v == nil:
			if err := misread(words[0]); err != nil {
				return status(err)
			}
		case v.Run != nil:
			return runVerb(v, words[1:])
		default:
			words = words[1:] // run; bwrap has been seen
		}
	}
	code, err := one.native.Run(&one.session, words)
	if err != nil {
		return status(err)
	}
	return code
}

// one is the one command line of a process, in either mode. Its memory never moves.
var one struct {
	session session.Session
	native  native.Line
	bwrap   bwrap.Line
}

//go:noinline
func runVerb(v *verb.Verb, words []string) int {
	early.Ordinary()
	code, err := v.Run(contextOf(words))
	if err != nil {
		return status(err)
	}
	return code
}

// status reports an error, or prints what was asked for, and returns the exit status.
//
//go:noinline
func status(err error) int {
	early.Ordinary()
	switch {
	case errors.Is(err, native.ErrHelp):
		err = help(os.Stdout)
	case errors.Is(err, native.ErrVersion):
		err = printVersion()
	}
	if err == nil {
		return 0
	}
	if m := (*say.Message)(nil); errors.As(err, &m) {
		return say.Report(m)
	}
	return say.Report(&say.Message{Headline: err.Error(), Status: say.StatusBox})
}
