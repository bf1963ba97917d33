//go:debug containermaxprocs=0

// Command box runs a program in a sandbox, without root. It is the only package of box that reads the command line and
// the environment, prints, and exits.
package main

import (
	"errors"
	"os"
	"path"

	"box/internal/early"
	"box/launch"

	"golang.org/x/sys/unix"
)

func main() { os.Exit(run(os.Args)) }

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
//
//go:noinline
func runBox(words []string) int {
	early.Ordinary()
	if len(words) > 0 {
		if verb := verbOf(words[0]); verb != nil {
			return status(verb(words[1:]))
		}
	}
	return status(runCommand(words))
}

// status reports an error, if there is one, and returns the exit status.
func status(code int, err error) int {
	if err == nil {
		return code
	}
	if m := (*message)(nil); errors.As(err, &m) {
		return report(m.Message)
	}
	return report(launch.Message{Headline: err.Error(), Status: launch.StatusBox})
}
