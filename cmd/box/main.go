//go:debug containermaxprocs=0

// Command box runs a program in a sandbox, without root. It is the only package of box that reads the command line and
// the environment, prints, and exits.
package main

import (
	"errors"
	"os"
	"path"
	"runtime"

	"box/internal/early"
	"box/internal/host"
	"box/internal/inherited"
	"box/launch"

	"golang.org/x/sys/unix"
)

func main() {
	runtime.LockOSThread() // a sandbox dies with the thread that made it
	os.Exit(run(os.Args))
}

// run chooses the manners and the verb, and returns the exit status.
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
		return runBwrap(argv[0], argv[1:])
	}
	words := argv[1:]
	if len(words) > 0 && words[0] == "bwrap" {
		return runBwrap("bwrap", words[1:])
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
	m := usage("this copy of box %s, and box does not run so", is)
	if file, err := os.Executable(); err == nil {
		m = m.hint("%s; box needs no privilege", joined(append(mend, file)))
	}
	return report(m.Message)
}

// runBox is box in its own manners.
func runBox(words []string) int {
	if len(words) > 0 {
		switch {
		case words[0] == "run":
			words = words[1:]
		case verbOf(words[0]) != nil:
			return runVerb(words)
		}
	}
	code, err := runCommand(words)
	if err != nil {
		return status(err)
	}
	return code
}

//go:noinline
func runVerb(words []string) int {
	early.Ordinary()
	code, err := verbOf(words[0])(words[1:])
	if err != nil {
		return status(err)
	}
	return code
}

// status reports an error and returns the exit status.
//
//go:noinline
func status(err error) int {
	early.Ordinary()
	if m := (*message)(nil); errors.As(err, &m) {
		return report(m.Message)
	}
	return report(launch.Message{Headline: err.Error(), Status: launch.StatusBox})
}
