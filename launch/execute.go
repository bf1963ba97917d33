package launch

import (
	"strings"

	"box/internal/environ"
	"box/plan"
	"box/spec"

	"golang.org/x/sys/unix"
)

// defaultPath is searched if the environment has no PATH, as execvp(3) does.
const defaultPath = "/bin:/usr/bin"

// execute writes the search for the command, by the rules of execvp(3): a name with a slash is a path; another is
// looked for in each directory of PATH; a file without a #! line is a shell script; EACCES anywhere is reported rather
// than ENOENT.
func execute(b *plan.Builder, s *spec.Spec, env plan.Ptr) {
	name := s.Command.File
	argv := b.Strings(s.Command.Argv)
	try := attempt{b, argv, env, b.String("/bin/sh"), len(s.Command.Argv)}
	if name == "" {
		b.GiveUp()
		return
	}
	if strings.IndexByte(name, '/') >= 0 {
		try.path(b.String(name), false)
		return
	}
	path := SearchPath(s)
	for path != "" {
		dir := path
		if cut := strings.IndexByte(path, ':'); cut >= 0 {
			dir, path = path[:cut], path[cut+1:]
		} else {
			path = ""
		}
		// An empty part of PATH is the working directory.
		if dir == "" {
			dir = "."
		}
		try.path(b.Join(dir, name), true)
	}
	b.GiveUp()
}

// attempt is what all tries to execute the command have in common.
type attempt struct {
	b                *plan.Builder
	argv, env, shell plan.Ptr
	words            int // of argv
}

// path tries the file at path, and then a shell for it. In a search, some errnos let it go on.
func (a *attempt) path(path plan.Ptr, search bool) {
	a.b.Execve(plan.WhyExec, path, a.argv, a.env)
	if search {
		a.b.Ignoring(unix.ENOEXEC, unix.ENOENT, unix.ENOTDIR, unix.EACCES)
	} else {
		a.b.Ignoring(unix.ENOEXEC)
	}
	a.b.Execve(plan.WhyShell, a.shell, a.b.Script(a.shell, path, a.argv, a.words), a.env)
	a.b.Last().When = uint8(unix.ENOEXEC)
}

// SearchPath returns the directories in which the command is looked for.
func SearchPath(s *spec.Spec) string {
	if path, ok := environ.Lookup(s.Command.Env, "PATH"); ok {
		return path
	}
	return defaultPath
}
