package native

import (
	"strings"

	"box/internal/early"
	"box/mounts"
)

// program brings the command's own file into the base view, if it is named by a
// path that nothing brings: a relative one begins at the caller's working
// directory, which may not be in the sandbox. The command is then executed by
// the whole path. With --chdir a relative path is one in the sandbox.
func (b *Line) program() {
	c := &b.spec.Command
	if strings.IndexByte(c.File, '/') < 0 {
		return
	}
	if c.File[0] != '/' && (c.Dir != "" || !b.bare && inside(b.spec, early.Concat(b.dirName, "/", c.File))) {
		return
	}
	if file := mounts.Program(b.spec, c.File); file != "" {
		c.File = file
	}
}
