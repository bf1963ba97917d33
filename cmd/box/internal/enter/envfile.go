package enter

import (
	"os"
	"strings"

	"box/cmd/box/internal/failure"
	"box/cmd/box/internal/say"
)

// readEnv sets the variables of a file: lines NAME=value, or NAME for the caller's. Empty lines and those that begin with # say
// nothing. Nothing is unquoted: a value is all that follows the "=", as in docker's files.
func (b *Line) readEnv(name string) error {
	data, err := os.ReadFile(name)
	if err != nil {
		return say.Usagef("exec --env-file %s: %s", say.Words([]string{name}), failure.Reason(err))
	}
	for line := range strings.Lines(string(data)) {
		line = strings.TrimRight(line, "\r\n")
		if strings.TrimSpace(line) == "" || line[0] == '#' {
			continue
		}
		if strings.IndexByte(line, 0) >= 0 {
			return say.Usagef("exec --env-file %s: not a file of lines NAME=VALUE", say.Words([]string{name}))
		}
		if err := b.setenv(line); err != nil {
			return err
		}
	}
	return nil
}
