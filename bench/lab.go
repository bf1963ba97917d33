package main

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// lab is what all measurements share: the programs, the user they run as, and the place for their files.
type lab struct {
	ctx        context.Context // done when a signal asks the program to end
	account    account
	scratch    *scratch
	box        string // path of a copy
	boxAsBwrap string // path of a link to it that is named bwrap: by that name box is in bwrap mode
	bwrap      string
	rounds     int
	kept       int // processes that run all the time, see keep
}

// newLab prepares a lab. It makes this process the one that inherits orphans, see settle. The caller closes the lab.
func newLab(ctx context.Context, o options) (*lab, error) {
	account, err := findAccount(o.user)
	if err != nil {
		return nil, err
	}
	bwrap, err := absolutePath(o.bwrap)
	if err != nil {
		return nil, fmt.Errorf("there is nothing to compare with: %w", err)
	}
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
		return nil, fmt.Errorf("becoming the parent of orphans: %w", err)
	}

	// From here on there is something to remove.
	scratch, err := newScratch()
	if err != nil {
		return nil, err
	}
	l := &lab{ctx: ctx, account: account, scratch: scratch, bwrap: bwrap, rounds: o.rounds}
	if l.box, err = scratch.copyProgram(o.box); err == nil {
		l.boxAsBwrap, err = scratch.link("bwrap", l.box)
	}
	if err != nil {
		l.close()
		return nil, err
	}
	return l, nil
}

// close ends whatever still runs below this process, and removes the files.
func (l *lab) close() {
	endDescendants()
	l.scratch.remove()
}

// absolutePath finds a program as a shell would, since the measured processes start in another directory.
func absolutePath(program string) (string, error) {
	path, err := exec.LookPath(program)
	if err != nil {
		return "", err
	}
	return filepath.Abs(path)
}
