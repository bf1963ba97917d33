package userns

import (
	"bufio"
	"os"
	"strconv"
	"strings"
)

// userName returns the name of a user id in /etc/passwd, or "".
func userName(uid string) string { return nameOf("/etc/passwd", uid) }

// GroupNames returns the names of the caller's groups, as far as /etc/group has them.
func GroupNames() []string {
	groups, _ := os.Getgroups()
	var names []string
	for _, g := range groups {
		if name := nameOf("/etc/group", strconv.Itoa(g)); name != "" {
			names = append(names, name)
		}
	}
	return names
}

// nameOf returns the name that a table like passwd(5) or group(5) has for an id, or "".
func nameOf(table, id string) string {
	file, err := os.Open(table)
	if err != nil {
		return ""
	}
	defer file.Close()
	for lines := bufio.NewScanner(file); lines.Scan(); {
		if fields := strings.Split(lines.Text(), ":"); len(fields) > 2 && fields[2] == id {
			return fields[0]
		}
	}
	return ""
}
