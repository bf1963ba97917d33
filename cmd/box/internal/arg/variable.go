package arg

import (
	"strings"

	"box/cmd/box/internal/say"
	"box/internal/early"
	"box/internal/environ"
	"box/internal/host"
	"box/internal/inherited"

	"golang.org/x/sys/unix"
)

// Variable reads what -e names: NAME=VALUE, or NAME for the caller's. It returns false if the caller has none of that name.
func Variable(word string) (name, value string, is bool, err error) {
	name, value, given := strings.Cut(word, "=")
	switch {
	case name == "" || strings.IndexByte(word, 0) >= 0:
		return "", "", false, say.Bad("not NAME=VALUE or NAME")
	case given:
		return name, value, true, nil
	case !environ.Has(inherited.Environ(), name):
		return "", "", false, nil
	}
	return name, environ.Value(inherited.Environ(), name), true, nil
}

// maxVariables bounds a file of variables, in bytes.
const maxVariables = 1 << 20

// Variables reads a file of words for -e, one a line, and calls set for each. Empty lines and those that begin with # say nothing.
// Nothing is unquoted: a value is all that follows the "=", as in docker's files.
//
//go:noinline
func Variables(file string, set func(word string) error) error {
	early.Ordinary()
	fd, errno := host.OpenAt(host.Here, file, unix.O_RDONLY|unix.O_NOCTTY)
	if errno != 0 {
		return say.Badf("it can't be read: %w", errno)
	}
	defer host.Close(fd)
	buffer, n := make([]byte, maxVariables), 0
	for n < len(buffer) {
		more, errno := host.Read(fd, buffer[n:])
		switch {
		case errno == unix.EINTR:
			continue
		case errno != 0:
			return say.Badf("it can't be read: %w", errno)
		}
		if more == 0 {
			break
		}
		n += more
	}
	if n == len(buffer) {
		return say.Bad("longer than 1 MiB")
	}
	for line := range strings.Lines(string(buffer[:n])) {
		if line = strings.TrimLeft(strings.TrimRight(line, "\r\n"), " \t"); line == "" || line[0] == '#' {
			continue
		}
		if err := set(line); err != nil {
			return say.Badf("%s: %w", say.Words([]string{line}), err)
		}
	}
	return nil
}
