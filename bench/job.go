package main

import (
	"fmt"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// job is the sandbox of every case: the smallest in which a program of the system runs, with every namespace new. box
// reads the same words as bwrap, so that both are asked for the same.
const job = "--unshare-all --ro-bind /usr /usr --symlink usr/bin /bin --symlink usr/lib /lib --symlink usr/lib64 /lib64" +
	" --proc /proc --dev /dev --tmpfs /tmp --die-with-parent"

// The names of the subjects, as they are printed.
const (
	bwrapName   = "bwrap"
	boxPlain    = "box --seccomp-policy off"
	boxFiltered = "box"
	boxAsBwrap  = "box as bwrap"
	boxOrdinary = "box as bwrap, after the Go runtime"
	noSandbox   = "no sandbox"
	noTool      = "the namespaces alone"
)

// subject is something to start and to compare.
type subject struct {
	name  string
	words []string // the program's path and its arguments
	env   []string // further variables
	// The CLONE_NEW* flags with which it is started, if it does not make its namespaces itself.
	namespaces uintptr
	terminal   bool // it is started on a terminal of its own
}

// allNamespaces are those of the job.
const allNamespaces = unix.CLONE_NEWUSER | unix.CLONE_NEWPID | unix.CLONE_NEWNS | unix.CLONE_NEWNET | unix.CLONE_NEWIPC |
	unix.CLONE_NEWUTS | unix.CLONE_NEWCGROUP

// subjects returns bwrap, box without a filter, which does the same as bwrap, box as people run it, and box by the name of
// bwrap, in bwrap mode, before and after the Go runtime. Each makes the job's sandbox with the further flags in extra,
// and runs the command in it. The first is what the others compare to.
func (l *lab) subjects(extra []string, command ...string) []subject {
	sandbox := func(program ...string) []string {
		return slices.Concat(program, strings.Fields(job), extra, command)
	}
	return []subject{
		{name: bwrapName, words: sandbox(l.bwrap)},
		{name: boxPlain, words: sandbox(l.box, "--seccomp-policy", "off")},
		{name: boxFiltered, words: sandbox(l.box)},
		{name: boxAsBwrap, words: sandbox(l.boxAsBwrap)},
		{name: boxOrdinary, words: sandbox(l.boxAsBwrap), env: []string{"BOX_NO_EARLY=1"}},
	}
}

// binds returns the flags for n read-only binds, each of a directory of its own.
func (l *lab) binds(n int) ([]string, error) {
	var words []string
	for i := 1; i <= n; i++ {
		source, err := l.scratch.source(i)
		if err != nil {
			return nil, err
		}
		words = append(words, "--ro-bind", source, fmt.Sprintf("/b/%d", i))
	}
	return words, nil
}
