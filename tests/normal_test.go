package tests

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// number is what a process or a namespace has that can't be the same twice, and a temporary file's name.
var number = regexp.MustCompile(`(-pid"|-namespace"|pipe): *\[?\d+\]?|(/bindfile)\w{6}\b`)

// normal returns what was seen of a line with nothing in it that differs between two runs of the same program.
func (r *rig) normal(seen string, pid int) string {
	var lines, mounts []string
	for line := range strings.Lines(seen) {
		if mount, ok := strings.CutPrefix(line, "stdout: mountinfo "); ok {
			mounts = append(mounts, strings.TrimSuffix(mount, "\n"))
			continue
		}
		if name, link, ok := strings.Cut(strings.TrimPrefix(line, "stdout: ns "), " "); ok && strings.Contains(line, ": ns ") {
			ours, _ := os.Readlink("/proc/self/ns/" + name)
			line = fmt.Sprintf("stdout: ns %s is the caller's: %v\n", name, ours+"\n" == link)
		}
		lines = append(lines, line)
	}
	slices.SortStableFunc(lines, func(a, b string) int { return strings.Compare(stream(a), stream(b)) })
	text := strings.Join(lines, "") + mountTree(mounts)
	text = number.ReplaceAllString(text, "$1$2: N")
	text = strings.ReplaceAll(text, "process "+strconv.Itoa(pid), "process N")
	return strings.ReplaceAll(strings.ReplaceAll(text, r.dir, "DIR"), r.top, "TOP")
}

// stream returns what a line begins with, which says where it comes from.
func stream(line string) string {
	name, _, _ := strings.Cut(line, ":")
	return name
}

// mountTree returns the lines of mountinfo, see proc_pid_mountinfo(5), as a tree: each mount below the one it is on,
// ordered by its place. The order of mountinfo itself is the order in which mounts were made, or their numbers'; which of
// them hides which is in the tree. Numbers of mounts, peer groups and devices without a block device are left out or
// counted.
func mountTree(lines []string) (tree string) {
	below, known := map[string][][]string{}, map[string]bool{}
	for _, line := range lines {
		fields := strings.Fields(line)
		below[fields[1]] = append(below[fields[1]], fields)
		known[fields[0]] = true
	}
	counted := map[string]string{}
	count := func(id string) string {
		if counted[id] == "" {
			counted[id] = strconv.Itoa(len(counted))
		}
		return counted[id]
	}
	var walk func(parent, indent string)
	walk = func(parent, indent string) {
		mounts := below[parent]
		slices.SortStableFunc(mounts, func(a, b []string) int { return strings.Compare(a[4], b[4]) })
		for _, m := range mounts {
			device := m[2]
			if strings.HasPrefix(device, "0:") {
				device = "anonymous " + count(device)
			}
			rest := m[5:]
			for i, field := range rest {
				if name, group, ok := strings.Cut(field, ":"); ok && (name == "shared" || name == "master") {
					rest[i] = name + " " + count("group "+group)
				}
			}
			tree += fmt.Sprintf("mount: %s%s: %s of %s %s\n", indent, m[4], m[3], device, strings.Join(rest, " "))
			walk(m[0], indent+"  ")
		}
	}
	var tops []string
	for parent := range below {
		if !known[parent] {
			tops = append(tops, parent)
		}
	}
	slices.Sort(tops)
	for _, top := range tops {
		walk(top, "")
	}
	return tree
}
