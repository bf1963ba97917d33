package main

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"time"
)

// patience is when a process that should have ended long ago is ended, so that a sandbox that hangs gives an error.
const patience = time.Minute

// errInterrupted is returned when a signal asks this program to end.
var errInterrupted = errors.New("interrupted")

// time starts the subject, waits for its end and returns how long both took. It returns an error if the subject
// failed, since a start that failed is not one, or left something running.
func (l *lab) time(s subject) (time.Duration, error) {
	ctx, cancel := context.WithTimeout(l.ctx, patience)
	defer cancel()
	cmd, err := l.command(ctx, s)
	if err != nil {
		return 0, err
	}
	if s.terminal {
		t, err := l.openTerminal()
		if err != nil {
			return 0, err
		}
		defer t.close()
		t.give(cmd)
	}
	// Nothing between the two looks at the clock but fork, exec and wait: all that can be prepared is, above.
	begin := time.Now()
	if err = cmd.Start(); err == nil {
		err = cmd.Wait()
	}
	took := time.Since(begin)
	if err != nil {
		return 0, l.explain(ctx, s, err)
	}
	return took, l.settle(s)
}

// command prepares a process of the measured user. Its environment, but for the subject's own, and directory are the same
// whoever calls. It is killed when ctx is done.
func (l *lab) command(ctx context.Context, s subject) (*exec.Cmd, error) {
	if err := l.scratch.stderr.Truncate(0); err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, s.words[0], s.words[1:]...)
	cmd.Dir = "/" // the caller's may be closed to the measured user
	cmd.Env = append([]string{"PATH=/usr/bin:/bin", "LC_ALL=C"}, s.env...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = l.scratch.null, l.scratch.null, l.scratch.stderr
	cmd.SysProcAttr = l.account.attributes(s.namespaces)
	return cmd, nil
}

// explain says why the subject failed: a signal to us, no patience left, or what it says itself.
func (l *lab) explain(ctx context.Context, s subject, err error) error {
	if l.ctx.Err() != nil {
		return errInterrupted
	}
	if ctx.Err() != nil {
		return fmt.Errorf("%s: did not end within %v", s.name, patience)
	}
	// Enough for the message of either program; a usage text is cut.
	said := make([]byte, 1000)
	n, _ := l.scratch.stderr.ReadAt(said, 0)
	return fmt.Errorf("%s: %w\n%s", s.name, err, strings.TrimSpace(string(said[:n])))
}
