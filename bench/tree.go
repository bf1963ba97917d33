package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// process is a line of the process table.
type process struct {
	pid, parent int
	name        string // of the program, at most 15 bytes: comm in proc_pid_stat(5)
}

// String implements fmt.Stringer.
func (p process) String() string { return fmt.Sprintf("%s (%d)", p.name, p.pid) }

// descendants returns the processes below pid, children before their own children.
func descendants(pid int) []process {
	children := map[int][]process{}
	for _, p := range processes() {
		children[p.parent] = append(children[p.parent], p)
	}
	// The list is its own queue: who is found is appended, and gets its turn to be asked for children.
	all := children[pid]
	for i := 0; i < len(all); i++ {
		all = append(all, children[all[i].pid]...)
	}
	return all
}

// children returns the processes whose parent this one is, see proc_pid_children(5): the others of the table are not looked at.
func children() []int {
	var all []int
	files, _ := filepath.Glob("/proc/self/task/*/children")
	for _, f := range files {
		content, _ := os.ReadFile(f) // a thread that has ended has none
		for word := range strings.FieldsSeq(string(content)) {
			if pid, err := strconv.Atoi(word); err == nil {
				all = append(all, pid)
			}
		}
	}
	return all
}

// processes returns the process table. A process that ends while it is read is left out.
func processes() []process {
	var all []process
	files, _ := filepath.Glob("/proc/[0-9]*/stat") // it fails for bad patterns only
	for _, f := range files {
		content, err := os.ReadFile(f)
		if err != nil {
			continue
		}
		if p, err := parseStat(string(content)); err == nil {
			all = append(all, p)
		}
	}
	return all
}

// parseStat reads "pid (name) state parent …". The name may hold anything, even spaces and parentheses, so its end is
// the last one.
func parseStat(line string) (process, error) {
	open, end := strings.Index(line, " ("), strings.LastIndex(line, ") ")
	if open < 0 || end < open {
		return process{}, errors.New("no name in parentheses")
	}
	rest := strings.Fields(line[end+1:])
	if len(rest) < 2 {
		return process{}, errors.New("no parent")
	}
	pid, err := strconv.Atoi(line[:open])
	if err != nil {
		return process{}, err
	}
	parent, err := strconv.Atoi(rest[1])
	return process{pid, parent, line[open+2 : end]}, err
}
