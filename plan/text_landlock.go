package plan

import (
	"strconv"
	"strings"
)

// rulesetText returns what a Landlock ruleset handles.
func rulesetText(attr []uint64) string {
	var handled []string
	if attr[0] != 0 {
		handled = append(handled, "files: "+names('F', attr[0]))
	}
	if attr[1] != 0 {
		handled = append(handled, "ports: "+names('B', attr[1]))
	}
	if attr[2] != 0 {
		handled = append(handled, "scopes: "+names('E', attr[2]))
	}
	return strings.Join(handled, ", ")
}

// ruleText returns the rights of a Landlock rule, and the port or the descriptor that it is on, if that is known.
func (c *Call) ruleText(attr []uint64) string {
	switch {
	case c.Args[1] == landlockNetPort:
		return names('B', attr[0]) + ", " + strconv.FormatUint(attr[1], 10)
	case attr[1] == storedLater:
		return names('F', attr[0])
	}
	return names('F', attr[0]) + ", " + strconv.FormatUint(attr[1], 10)
}
