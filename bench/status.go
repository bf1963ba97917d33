package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"
)

// status is /proc/PID/status: what a process lets everybody know, even when it is not dumpable.
type status map[string]string

// readStatus reads the status of a process.
func readStatus(pid int) (status, error) { return readFields(fmt.Sprintf("/proc/%d/status", pid)) }

// readFields reads a file of /proc that has a name and a value in each line.
func readFields(path string) (status, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	s := status{}
	for line := range strings.Lines(string(content)) {
		name, value, _ := strings.Cut(line, ":")
		s[name] = strings.TrimSpace(value)
	}
	return s, nil
}

// size returns a value that is a size, in kB.
func (s status) size(name string) (float64, error) {
	n, err := strconv.ParseFloat(strings.TrimSuffix(s[name], " kB"), 64)
	if err != nil {
		return 0, fmt.Errorf("the size %s of a process: %w", name, err)
	}
	return n, nil
}

// isPID1 reports whether the process is the first of a pid namespace other than ours: NSpid lists its number in each of
// the namespaces that it is in, the innermost last.
func (s status) isPID1() bool {
	numbers := strings.Fields(s["NSpid"])
	return len(numbers) > 1 && numbers[len(numbers)-1] == "1"
}
