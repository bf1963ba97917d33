package main

import (
	"context"
	_ "embed"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
)

// loopSource is a program that makes one system call again and again, and says how long one took.
//
//go:embed loop/loop.c
var loopSource []byte

const (
	loopCount = 100_000 // calls in a loop: some 20 ms, beside which the loop's own start and end are nothing
	loopShare = 4       // the case has one in so many of the rounds that were asked for
)

// loops are the calls, and how many times as long as without a filter they may take with box's own. For getppid the kernel
// knows beforehand that the filter allows it; for the others it runs the filter, which looks at an argument.
var loops = []struct {
	call   string
	target float64
}{
	{"getppid", 1.15},
	{"ioctl", 1.6},
	{"socket", 1.6},
}

// measureLoops times system calls in a sandbox, with box's own policy and with none.
func measureLoops(l *lab) (*table, error) {
	t := newTable("ns", max(5, l.rounds/loopShare))
	t.Note = toUnfiltered
	program, reason, err := l.compile("loop", loopSource)
	if program == "" {
		t.Rounds, t.Note = 0, reason
		return t, err
	}
	var all []subject
	for _, loop := range loops {
		subjects := l.filtered([]string{"--ro-bind", program, "/loop"}, "/loop", loop.call, strconv.Itoa(loopCount))
		for i := range subjects {
			subjects[i].name += ": " + loop.call
			t.series(subjects[i].name, subjects[0].name)
		}
		t.row(subjects[1].name).ratioTarget(loop.target)
		all = append(all, subjects...)
	}
	if err := l.warmUp(all); err != nil {
		return nil, err
	}
	return t, takeTurns(t.Rounds, len(all), func() {}, func(i int) error {
		ns, err := l.loop(all[i])
		t.row(all[i].name).add(ns)
		return err
	})
}

// loop runs a loop, and returns how many nanoseconds a call took.
func (l *lab) loop(s subject) (float64, error) {
	ctx, cancel := context.WithTimeout(l.ctx, patience)
	defer cancel()
	cmd, err := l.command(ctx, s)
	if err != nil {
		return 0, err
	}
	cmd.Stdout = nil // for Output to fill
	said, err := cmd.Output()
	if err != nil {
		return 0, l.explain(ctx, s, err)
	}
	ns, err := strconv.ParseFloat(strings.TrimSpace(string(said)), 64)
	if err != nil {
		return 0, fmt.Errorf("%s: %w", s.name, err)
	}
	return ns, l.settle(s)
}

// compile compiles a program for everybody to run, and returns its path. Where there is no compiler the path is empty, and
// the reason says so. The program is static, as nothing else need be in its sandbox.
func (l *lab) compile(name string, source []byte) (path, reason string, err error) {
	compiler, err := exec.LookPath("cc")
	if err != nil {
		return "", "there is no cc", nil //nolint:nilerr // it is the reason
	}
	path = l.scratch.path(name)
	if err := os.WriteFile(path+".c", source, 0o644); err != nil {
		return "", "", err
	}
	out, err := exec.CommandContext(l.ctx, compiler, "-O2", "-static", "-o", path, path+".c").CombinedOutput()
	if err == nil {
		err = os.Chmod(path, 0o755)
	}
	if err != nil {
		return "", "", fmt.Errorf("compiling %s: %w\n%s", name, err, out)
	}
	return path, "", nil
}
