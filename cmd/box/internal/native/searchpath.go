package native

import (
	"strings"

	"box/cmd/box/internal/say"
	"box/internal/early"
	"box/internal/host"
	"box/mounts"
	"box/spec"
)

// pathInside returns the variable PATH with those directories of list that
// exist inside, or, if there are none, the usual ones. If the command is found
// in one of them, but would be found earlier outside, that is told: it is
// another program.
func pathInside(s *spec.Spec, list string) string {
	const name, usual = "PATH=", "PATH=/usr/local/bin:/usr/bin:/bin"
	// No result is longer: each directory that stays brings its colon, and the
	// last colon is cut off.
	buffer := early.Buffer(len(name) + len(list) + 1)
	n := copy(buffer, name)
	command, lost := s.Command.File, ""
	if strings.IndexByte(command, '/') >= 0 {
		command = ""
	}
	for list != "" {
		dir, after, _ := strings.Cut(list, ":")
		list = after
		if !inside(s, dir) {
			if command != "" && lost == "" && host.Executable(dir, command) {
				lost = dir
			}
			continue
		}
		if lost != "" && command != "" && mounts.Has(s, early.Concat(dir, "/", command)) {
			another(command, lost, dir)
			command = ""
		}
		n += copy(buffer[n:], dir)
		buffer[n] = ':'
		n++
	}
	if n == len(name) {
		return usual
	}
	return early.String(buffer[:n-1])
}

// another tells that the command is not the one that the caller would run.
func another(command, lost, dir string) {
	if host.Same(early.Concat(lost, "/", command), early.Concat(dir, "/", command)) {
		return // by another name
	}
	say.Tell(command, ": ", dir, "/", command, " is run, and not ", lost, "/", command,
		", which is not in the sandbox (-B ", lost, " brings it)")
}
