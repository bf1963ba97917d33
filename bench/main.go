// Command bench times whole sandbox starts of box, by its own name and by that of bwrap, against those of the bwrap that is
// installed, side by side.
//
//	go run ./bench -box bin/box [-bwrap PATH] [-n ROUNDS] [-only REGEXP] [-user NAME] [-json]
//
// The speed of a machine drifts while it is measured, by more than what is to be seen. So the programs take turns:
// each round starts every one of them once, in an order that chance decides, and what counts is the ratio of box to
// bwrap within a round. Times are wall time, from the fork to the end of the process that was started. A missed target
// is said and is not an error: whether a machine is quiet enough to judge is for the reader to know.
//
// Started as root it measures as an ordinary user, because that is who sandboxes are for, and root has shortcuts.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"regexp"
	"runtime"

	"golang.org/x/sys/unix"
)

// options is the command line.
type options struct {
	box, bwrap string         // the programs
	rounds     int            // of the short cases; the long ones have a share of them
	only       *regexp.Regexp // which cases
	user       string         // whom root measures as; empty means a default
	json       bool
}

func main() {
	o, err := parse(os.Args[1:])
	if err != nil {
		os.Exit(2) // the flag package has said why
	}
	if err := run(o); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// parse reads the command line. What is wrong with it is printed already when it returns an error.
func parse(words []string) (options, error) {
	o := options{only: regexp.MustCompile("")}
	f := flag.NewFlagSet("bench", flag.ContinueOnError)
	f.StringVar(&o.box, "box", "bin/box", "the box to measure")
	f.StringVar(&o.bwrap, "bwrap", "bwrap", "the bwrap to compare with")
	f.IntVar(&o.rounds, "n", 200, "rounds; cases that take long have fewer")
	f.StringVar(&o.user, "user", "", "whom root measures as: a name or number (default boxtest, else nobody)")
	f.BoolVar(&o.json, "json", false, "print JSON when all is done")
	f.Func("only", "measure the cases whose names match this regular expression: "+caseNames(), func(s string) (err error) {
		o.only, err = regexp.Compile(s)
		return err
	})
	err := f.Parse(words)
	if err == nil && (f.NArg() > 0 || o.rounds < 1) {
		err = fmt.Errorf("bench takes flags only, and at least one round")
		fmt.Fprintln(f.Output(), err)
	}
	return o, err
}

// run measures what the options ask for. Whatever way it ends, it leaves no process and no file.
func run(o options) error {
	// PR_SET_PDEATHSIG, which --die-with-parent sets, is about the thread that forked: it must not end before main.
	runtime.LockOSThread()

	// With SIGPIPE among them, a reader that goes away ends the program by way of its cleanup too.
	ctx, stop := signal.NotifyContext(context.Background(),
		unix.SIGINT, unix.SIGTERM, unix.SIGHUP, unix.SIGQUIT, unix.SIGPIPE)
	defer stop()

	l, err := newLab(ctx, o)
	if err != nil {
		return err
	}
	defer l.close()

	r := newReport(os.Stdout, o.json)
	if err := r.begin(l); err != nil {
		return err
	}
	// A table is printed as soon as it is there, so that an interrupted run has shown what it knew.
	for _, c := range cases() {
		if !o.only.MatchString(c.name) {
			continue
		}
		t, err := c.measure(l)
		if err != nil {
			return fmt.Errorf("%s: %w", c.name, err)
		}
		t.Case = c.name
		if err := r.add(t); err != nil {
			return err
		}
	}
	return r.end()
}
