package main

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// memoryRounds is enough, as sizes hardly vary.
const memoryRounds = 5

// monitorTarget is how much memory box's monitor may have while it waits, in kB.
const monitorTarget = 512

// pid1Target is the same for pid 1.
const pid1Target = 384

// sizes are the lines of /proc/PID/status that are reported: the most it ever had in memory, what it has now, and how
// much of that is its own and not shared with its file.
var sizes = []string{"VmHWM", "VmRSS", "RssAnon"}

// roles are the processes that a sandbox costs beside its command: who waits outside, and who reaps inside.
var roles = []string{"monitor", "pid 1"}

// measureMemory measures both processes while the command sleeps.
func measureMemory(l *lab) (*table, error) {
	all := l.subjects(nil, "/usr/bin/sleep", "5")
	subjects := []subject{all[0], all[2]} // a filter doesn't lie in the process's memory
	t := newTable("kB", memoryRounds)
	for _, role := range roles {
		for _, size := range sizes {
			for _, s := range subjects {
				t.series(memoryName(s, role, size), memoryName(subjects[0], role, size))
			}
		}
	}
	t.row(memoryName(subjects[1], roles[0], sizes[1])).medianTarget(monitorTarget)
	t.row(memoryName(subjects[1], roles[1], sizes[1])).medianTarget(pid1Target)
	return t, takeTurns(memoryRounds, len(subjects), func() {}, func(i int) error { return l.weigh(t, subjects[i]) })
}

// memoryName is the name of a row.
func memoryName(s subject, role, size string) string {
	return fmt.Sprintf("%s: %s, %s", s.name, role, size)
}

// weigh starts the subject, reads its sizes and ends it.
func (l *lab) weigh(t *table, s subject) error {
	ctx, cancel := context.WithTimeout(l.ctx, patience)
	defer cancel()
	cmd, err := l.command(ctx, s)
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return l.explain(ctx, s, err)
	}
	err = l.weighProcess(t, s, cmd.Process.Pid)
	_ = cmd.Process.Kill() // it fails if the process has ended: then Wait says so

	// The kill is why Wait returns an error, and --die-with-parent is why the rest of the sandbox ends.
	if waited := cmd.Wait(); err != nil {
		return l.explain(ctx, s, errors.Join(err, waited))
	}
	return l.settle(s)
}

// weighProcess adds the sizes of the monitor and of its sandbox's pid 1 to the table.
func (l *lab) weighProcess(t *table, s subject, monitor int) error {
	pid1, err := l.findPID1(monitor)
	if err != nil {
		return err
	}
	// In the order of roles. Both may make themselves undumpable, which closes much of /proc/PID but not its status.
	for i, pid := range []int{monitor, pid1} {
		status, err := readStatus(pid)
		if err != nil {
			return err
		}
		for _, size := range sizes {
			kB, err := status.size(size)
			if err != nil {
				return err
			}
			t.row(memoryName(s, roles[i], size)).add(kB)
		}
	}
	return nil
}

// findPID1 waits until the command of the monitor's sandbox sleeps, and returns the sandbox's pid 1.
func (l *lab) findPID1(monitor int) (int, error) {
	for end := time.Now().Add(3 * time.Second); time.Now().Before(end) && l.ctx.Err() == nil; {
		time.Sleep(50 * time.Millisecond) // also for what the monitor does after the start
		// pid 1 alone is not enough: before the command sleeps, both still prepare the sandbox, and may grow.
		pid1, sleeps := 0, false
		for _, p := range descendants(monitor) {
			sleeps = sleeps || p.name == "sleep"
			if status, err := readStatus(p.pid); err == nil && status.isPID1() {
				pid1 = p.pid
			}
		}
		if sleeps && pid1 != 0 {
			return pid1, nil
		}
	}
	return 0, errors.New("the command did not start to sleep")
}
