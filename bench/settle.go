package main

import (
	"errors"
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// settle waits for the processes that the subject left to us when it ended. bwrap ends a moment before the pid 1 of
// its sandbox does: without the wait the next start would pay for that end, and where nobody else reaps orphans they
// would pile up. It returns an error if one of them stays, beside those that are kept.
func (l *lab) settle(s subject) error {
	if reap(5*time.Second, l.kept) {
		return nil
	}
	return fmt.Errorf("%s: left a process running: %v", s.name, descendants(os.Getpid()))
}

// reap waits until this process has so many children and no more, and reports whether that came about in time.
func reap(limit time.Duration, kept int) bool {
	for end := time.Now().Add(limit); time.Now().Before(end); {
		// Without a pause while there are dead ones: only the living are waited for.
		pid, err := unix.Wait4(-1, nil, unix.WNOHANG, nil)
		if errors.Is(err, unix.ECHILD) || pid == 0 && kept > 0 && len(children()) <= kept {
			return true
		}
		if pid == 0 {
			time.Sleep(50 * time.Microsecond)
		}
	}
	return false
}

// endDescendants kills all processes below this one. Who loses its parent becomes a child of ours, so that killing and
// reaping children until there are none finds everybody.
func endDescendants() {
	for range 100 {
		for _, p := range descendants(os.Getpid()) {
			_ = unix.Kill(p.pid, unix.SIGKILL) // it may have ended by itself
		}
		if reap(50*time.Millisecond, 0) {
			return
		}
	}
	fmt.Fprintln(os.Stderr, "bench: left behind:", descendants(os.Getpid()))
}
