package main

import (
	"runtime"
	"runtime/debug"
	"time"
)

// What box's own policy may add to a start: microseconds, and times as long.
const (
	policyTarget      = 100
	policyRatioTarget = 1.1
)

// toUnfiltered is the note of tables without bwrap.
const toUnfiltered = "ratios are to box without a filter"

// policyAdds is the name of the row for the difference.
const policyAdds = "the policy adds"

// filtered returns box without a filter, which is what the other compares to, and box as people run it.
func (l *lab) filtered(extra []string, command ...string) []subject {
	all := l.subjects(extra, command...)
	return all[1:3]
}

// measurePolicy times the standard start with box's own policy and without. Only these two take turns, so that both are
// close together: what is looked for is a few hundredths of either.
func measurePolicy(l *lab) (*table, error) {
	subjects := l.filtered(nil, "/usr/bin/true")
	t := newTable("µs", l.rounds)
	t.Note = toUnfiltered
	for _, s := range subjects {
		t.series(s.name, boxPlain)
	}
	t.series(policyAdds, policyAdds)
	t.row(boxFiltered).ratioTarget(policyRatioTarget)
	t.row(policyAdds).medianTarget(policyTarget)

	defer debug.SetGCPercent(debug.SetGCPercent(-1)) // as for the other starts
	if err := l.warmUp(subjects); err != nil {
		return nil, err
	}
	if err := takeTurns(t.Rounds, len(subjects), runtime.GC, func(i int) error {
		took, err := l.time(subjects[i])
		t.row(subjects[i].name).add(float64(took) / float64(time.Microsecond))
		return err
	}); err != nil {
		return nil, err
	}
	plain := t.row(boxPlain).values
	for i, us := range t.row(boxFiltered).values {
		t.row(policyAdds).add(us - plain[i])
	}
	return t, nil
}
