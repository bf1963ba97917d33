package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// process is what /proc says of one.
type process struct {
	pid, parent int
	name        string
	cpu         float64 // seconds
}

// processes lists those that are visible.
func processes() (all []process) {
	names, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			continue
		}
		open, end := strings.IndexByte(string(text), '('), strings.LastIndexByte(string(text), ')')
		fields := strings.Fields(string(text[end+1:]))
		pid, _ := strconv.Atoi(strings.TrimSpace(string(text[:open])))
		parent, _ := strconv.Atoi(fields[1])
		user, _ := strconv.ParseFloat(fields[11], 64)
		system, _ := strconv.ParseFloat(fields[12], 64)
		all = append(all, process{pid, parent, string(text[open+1 : end]), (user + system) / 100})
	}
	return all
}

// below returns the processes that descend from one, itself included.
func below(root int) (found []process) {
	all := processes()
	in := map[int]bool{root: true}
	for again := true; again; {
		again = false
		for _, p := range all {
			if !in[p.pid] && in[p.parent] {
				in[p.pid], again = true, true
			}
		}
	}
	for _, p := range all {
		if in[p.pid] {
			found = append(found, p)
		}
	}
	return found
}

// cpuOf returns the CPU seconds of trees of processes so far.
func cpuOf(roots ...int) (sum float64) {
	for _, root := range roots {
		for _, p := range below(root) {
			sum += p.cpu
		}
	}
	return sum
}

// memory returns the resident and the anonymous memory of a process, in kB. Its descriptors are nobody's to see: it isn't dumpable.
func memory(pid int) (rss, anonymous int) {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	for line := range strings.Lines(string(text)) {
		name, value, _ := strings.Cut(line, ":")
		n, _ := strconv.Atoi(strings.Fields(value + " x")[0])
		switch name {
		case "VmRSS":
			rss = n
		case "RssAnon":
			anonymous = n
		}
	}
	return rss, anonymous
}
