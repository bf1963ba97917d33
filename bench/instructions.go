package main

import (
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
)

// instructionRounds is enough, as counts hardly vary: that is why they are worth a look on a busy machine.
const instructionRounds = 10

// events are what perf-stat(1) is asked to count: instructions of programs, and of the kernel on their behalf.
var events = []string{"instructions:u", "instructions:k"}

// measureInstructions counts what all processes of a sandbox run. Where an event can't be counted, because the machine
// is a virtual one or kernel.perf_event_paranoid forbids it, it is left out.
func measureInstructions(l *lab) (*table, error) {
	const command = "/usr/bin/true"
	t := newTable("million", instructionRounds)
	countable, reason := l.countable(command)
	if l.ctx.Err() != nil {
		return nil, errInterrupted
	}
	if len(countable) == 0 {
		t.Rounds, t.Note = 0, "not available here: "+reason
		return t, nil
	}
	t.Note = reason
	subjects := append(l.subjects(nil, command), subject{name: noSandbox, words: []string{command}})
	for _, event := range countable {
		for _, s := range subjects {
			t.series(countName(s, event), countName(subjects[0], event))
		}
	}
	return t, takeTurns(t.Rounds, len(subjects), func() {}, func(i int) error {
		counts, err := l.count(subjects[i], countable)
		for n, event := range countable {
			if err == nil {
				t.row(countName(subjects[i], event)).add(counts[n] / 1e6)
			}
		}
		return err
	})
}

// countName is the name of a row.
func countName(s subject, event string) string { return s.name + ": " + event }

// countable returns the events that perf can count here, and what to say about the others. perf has many ways to refuse,
// from a word in a line to a page about privileges, so it is only said what usually is the cause.
func (l *lab) countable(command string) (found []string, reason string) {
	if _, err := exec.LookPath("perf"); err != nil {
		return nil, "there is no perf"
	}
	for _, event := range events {
		if _, err := l.count(subject{name: "perf", words: []string{command}}, []string{event}); err == nil {
			found = append(found, event)
		}
	}
	if len(found) < len(events) {
		reason = "perf can't count all of " + strings.Join(events, " and ") +
			" (a virtual machine without counters, or kernel.perf_event_paranoid)"
	}
	return found, reason
}

// count starts the subject under perf, and returns how often each event occurred.
func (l *lab) count(s subject, events []string) ([]float64, error) {
	file := l.scratch.path("perf")
	words := []string{"perf", "stat", "-x", ",", "-o", file, "-e", strings.Join(events, ","), "--"}
	counted := subject{name: s.name, words: append(append(words, l.asAccount()...), s.words...), env: s.env}
	if err := l.countRun(counted); err != nil {
		return nil, err
	}
	content, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var counts []float64
	// By name, not by line: how many lines there are for an event depends on the machine.
	for _, event := range events {
		n, err := parseCount(string(content), event)
		if err != nil {
			return nil, err
		}
		counts = append(counts, n)
	}
	return counts, nil
}

// asAccount returns the words before a command that make it run as the account. perf itself stays root if we are, since
// an ordinary user may not count the kernel's instructions; what setpriv(1) costs is counted for each subject alike.
func (l *lab) asAccount() []string {
	if !l.account.switched {
		return nil
	}
	uid, gid := strconv.Itoa(l.account.uid), strconv.Itoa(l.account.gid)
	return []string{"setpriv", "--reuid", uid, "--regid", gid, "--clear-groups", "--"}
}

// countRun runs perf as ourselves.
func (l *lab) countRun(s subject) error {
	self := *l
	self.account.switched = false
	_, err := self.time(s)
	return err
}

// parseCount finds the count of an event in lines of "COUNT,UNIT,EVENT,…". A machine with two kinds of processors has a
// line for each of them, with the event in a longer name; on a kind that was not used there is no count. That name is
// cpu_core/instructions:u/ or cpu_core/instructions/u, depending on the version of perf.
func parseCount(lines, event string) (float64, error) {
	slashes := strings.NewReplacer(":", "/")
	total, found := 0.0, false
	for line := range strings.Lines(lines) {
		cells := strings.Split(line, ",")
		if len(cells) < 3 || !strings.Contains(slashes.Replace(cells[2]), slashes.Replace(event)) {
			continue
		}
		if n, err := strconv.ParseFloat(cells[0], 64); err == nil {
			total, found = total+n, true
		}
	}
	if !found {
		return 0, fmt.Errorf("perf can't count %s", event)
	}
	return total, nil
}
