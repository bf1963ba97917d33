package main

import (
	_ "embed"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"
)

// What the life cycle may cost: ratios to a plain start, and milliseconds.
const (
	detachTarget   = 1.0
	enterTarget    = 0.8
	terminalTarget = 1.8
	listTarget     = 25
)

// How many there are to be listed.
const (
	listBoxes      = 100
	listForeground = 20
	listShare      = 4 // the case has one in so many of the rounds that were asked for
)

// plainName is the name of the row that boxes are compared to.
const plainName = "box, a plain start"

// detached begins a box that nobody waits for.
var detached = []string{"run", "-d", "--rm"}

// boxJob is the job as a box with a name.
var boxJob = strings.Fields(strings.ReplaceAll(job, " --die-with-parent", ""))

// own returns a subject that runs box, with the state of boxes in a directory of its own.
func (l *lab) own(name string, words ...[]string) subject {
	return subject{
		name:  name,
		words: append([]string{l.box}, slices.Concat(words...)...),
		env:   []string{"XDG_STATE_HOME=" + l.scratch.path("state"), "XDG_RUNTIME_DIR=" + l.scratch.path("run")},
	}
}

// What runs in the boxes: for a long time, and for none.
var (
	sleeps = []string{"/usr/bin/sleep", "1000"}
	ends   = []string{"/usr/bin/true"}
)

// measureBoxes times the life cycle beside a plain start: a box that nobody waits for, and a command in a box that is up, with a
// terminal and without.
func measureBoxes(l *lab) (*table, error) {
	subjects := []subject{
		l.own(plainName, strings.Fields(job), ends),
		l.own("run -d", detached, boxJob, ends),
		l.own("exec", []string{"exec", "bench"}, ends),
		l.own("exec -it", []string{"exec", "-it", "bench"}, ends),
	}
	subjects[3].terminal = true
	t := newTable("ms", l.rounds)
	t.Note = "ratios are to a plain start"
	for i, most := range []float64{0, detachTarget, enterTarget, terminalTarget} {
		t.series(subjects[i].name, plainName)
		t.row(subjects[i].name).ratioTarget(most)
	}
	if err := l.scratch.rooms(l.account); err != nil {
		return nil, err
	}
	defer l.endKept()
	up := l.own("the box to enter", detached, []string{"--name", "bench"}, boxJob, sleeps)
	if err := l.keep(up, 1, true); err != nil {
		return nil, err
	}
	return t, l.startInTurns(t, subjects)
}

// measureList times box ps where there is much to list, beside a plain start there.
func measureList(l *lab) (*table, error) {
	subjects := []subject{l.own(plainName, strings.Fields(job), ends), l.own("ps", []string{"ps"})}
	t := newTable("ms", max(5, l.rounds/listShare))
	t.Note = fmt.Sprintf("with %d boxes and %d runs in the foreground", listBoxes, listForeground)
	for _, s := range subjects {
		t.series(s.name, plainName)
	}
	t.row(subjects[1].name).medianTarget(listTarget)
	if err := l.scratch.rooms(l.account); err != nil {
		return nil, err
	}
	defer l.endKept()
	if err := l.keep(l.own("the boxes to list", detached, boxJob, sleeps), listBoxes, true); err != nil {
		return nil, err
	}
	if err := l.keep(l.own("the runs to list", strings.Fields(job), sleeps), listForeground, false); err != nil {
		return nil, err
	}
	return t, l.startInTurns(t, subjects)
}

// keep starts a subject n times. What stays of it runs until endKept. detached says that the process that is started ends.
func (l *lab) keep(s subject, n int, detached bool) error {
	for range n {
		cmd, err := l.command(l.ctx, s)
		if err != nil {
			return err
		}
		if err = cmd.Start(); err == nil && detached {
			err = cmd.Wait()
		}
		if err != nil {
			return l.explain(l.ctx, s, err)
		}
		l.kept++
	}
	time.Sleep(100 * time.Millisecond) // for what they do after the start
	return nil
}

// endKept ends what keep has started.
func (l *lab) endKept() {
	endDescendants()
	l.kept = 0
}

// What the monitor and pid 1 of a box may have together, in kB, where there are so many.
const (
	residentTarget     = 1300
	proportionalTarget = 500
	weighedBoxes       = 20
)

// measureBoxMemory weighs boxes that nobody waits for. What is shared with others counts in parts with the second size.
func measureBoxMemory(l *lab) (*table, error) {
	const resident, proportional = "monitor and pid 1: Rss", "monitor and pid 1: Pss"
	t := newTable("kB", weighedBoxes)
	t.Note = fmt.Sprintf("of each of %d boxes; its monitor and its pid 1 together", weighedBoxes)
	t.series(resident, resident)
	t.series(proportional, proportional)
	t.row(resident).medianTarget(residentTarget)
	t.row(proportional).medianTarget(proportionalTarget)
	if os.Getuid() != 0 {
		t.Rounds, t.Note, t.measured = 0, "only root can see how much they share", nil
		return t, nil
	}
	if err := l.scratch.rooms(l.account); err != nil {
		return nil, err
	}
	defer l.endKept()
	if err := l.keep(l.own("a box", detached, boxJob, sleeps), weighedBoxes, true); err != nil {
		return nil, err
	}
	time.Sleep(time.Second) // they give back what only a start needs
	for _, monitor := range children() {
		pid1, err := l.findPID1(monitor)
		if err != nil {
			return nil, err
		}
		var sum [2]float64
		for _, pid := range []int{monitor, pid1} {
			sizes, err := readFields(fmt.Sprintf("/proc/%d/smaps_rollup", pid))
			if err != nil {
				return nil, err
			}
			for i, name := range []string{"Rss", "Pss"} {
				kB, err := sizes.size(name)
				if err != nil {
					return nil, err
				}
				sum[i] += kB
			}
		}
		t.row(resident).add(sum[0])
		t.row(proportional).add(sum[1])
	}
	return t, nil
}

const (
	logBytes  = 200_000_000
	logShare  = 20 // the case has one in so many of the rounds that were asked for
	logTarget = 1.3
)

// linesSource is a program that writes lines.
//
//go:embed lines/lines.c
var linesSource []byte

// measureLog times a command that writes lines as fast as it can, to a pipe that is only read and to the log of a box.
func measureLog(l *lab) (*table, error) {
	const pipe, log = "a pipe to cat", "the log of a box"
	t := newTable("ms", max(5, l.rounds/logShare))
	program, reason, err := l.compile("lines", linesSource)
	if program == "" {
		t.Rounds, t.Note = 0, reason
		return t, err
	}
	t.Note = fmt.Sprintf("ratios are to the pipe; %d MB of lines of 68 bytes, each written for itself", logBytes/1_000_000)
	if err := l.scratch.rooms(l.account); err != nil {
		return nil, err
	}
	t.series(pipe, pipe)
	t.series(log, pipe)
	t.row(log).ratioTarget(logTarget)
	n := strconv.Itoa(logBytes)
	command := []string{"--ro-bind", program, "/lines", "/lines", n}
	boxed := l.own(log, detached, []string{"--name", "bench"}, boxJob, command)
	waits := `"$@" && ` + l.box + ` wait bench`
	subjects := []subject{
		{name: pipe, words: []string{"/bin/sh", "-c", program + " " + n + " | cat"}},
		{name: log, words: append([]string{"/bin/sh", "-c", waits, "sh"}, boxed.words...), env: boxed.env},
	}
	return t, l.startInTurns(t, subjects)
}
