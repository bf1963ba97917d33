package main

import (
	"runtime"
	"runtime/debug"
	"time"
)

// startCase times starts of the job with a number of binds more.
type startCase struct {
	name        string
	binds       int
	share       int     // the case has one in so many of the rounds that were asked for
	target      float64 // the ratio to bwrap that box wants to stay below; 0 means that there is none
	bwrapTarget float64 // the same by the name of bwrap
	ownTarget   float64 // the same with box's own policy
}

// rounds returns how many rounds of n the case has. Below five a spread says nothing.
func (c startCase) rounds(n int) int {
	if c.share == 1 {
		return n
	}
	return max(5, n/c.share)
}

// measure times bwrap, box, the command in bare namespaces and the bare command. These two are the floor: nobody can be faster than
// the kernel, which makes and ends the namespaces for everybody.
func (c startCase) measure(l *lab) (*table, error) {
	const command = "/usr/bin/true"
	extra, err := l.binds(c.binds)
	if err != nil {
		return nil, err
	}
	// A sandbox that fails at its first bind would be fast, but it doesn't run the command: its status tells.
	bare := []string{command}
	subjects := append(l.subjects(extra, command),
		subject{name: noTool, words: bare, namespaces: allNamespaces}, subject{name: noSandbox, words: bare})
	t := newTable("ms", c.rounds(l.rounds))
	for _, s := range subjects {
		t.series(s.name, bwrapName)
	}
	t.row(boxPlain).ratioTarget(c.target)
	t.row(boxAsBwrap).ratioTarget(c.bwrapTarget)
	t.row(boxFiltered).ratioTarget(c.ownTarget)

	return t, l.startInTurns(t, subjects)
}

// startInTurns times starts for a table in milliseconds.
func (l *lab) startInTurns(t *table, subjects []subject) error {
	// The collector would run within some starts and not in others: it runs between the rounds instead.
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	if err := l.warmUp(subjects); err != nil {
		return err
	}
	return takeTurns(t.Rounds, len(subjects), runtime.GC, func(i int) error {
		took, err := l.time(subjects[i])
		t.row(subjects[i].name).add(float64(took) / float64(time.Millisecond))
		return err
	})
}

// warmUp starts every subject a few times without a look at the clock, so that none of them pays for reading files.
func (l *lab) warmUp(subjects []subject) error {
	for range 3 {
		for _, s := range subjects {
			if _, err := l.time(s); err != nil {
				return err
			}
		}
	}
	return nil
}
