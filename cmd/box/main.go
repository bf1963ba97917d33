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
		return refuseSetID(argv)
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

//go:noinline
func refuseSetID(argv []string) int {
	early.Ordinary()
	return report(usage("this copy of box is set-user-ID or set-group-ID, and box does not run so").
		hint("chmod u-s,g-s %s; box needs no privilege", argv[0]).Message)
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
