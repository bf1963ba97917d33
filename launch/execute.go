package launch

import (
	"strings"

	"box/plan"
	"box/spec"

	"golang.org/x/sys/unix"
)

// defaultPath is searched if the environment has no PATH, as execvp(3) does.
const defaultPath = "/bin:/usr/bin"

// execute writes the search for the command, by the rules of execvp(3): a name with a slash is a path; another is
// looked for in each directory of PATH; a file without a #! line is a shell script; EACCES anywhere is told rather
// than ENOENT.
func execute(b *plan.Builder, s *spec.Spec, env plan.Ptr) {
	name := s.Command.File
	argv := b.Strings(s.Command.Argv)
	shell := b.String("/bin/sh")
	try := func(path plan.Ptr, search bool) {
		b.Execve(path, argv, env)
		if search {
			b.Ignoring(unix.ENOEXEC, unix.ENOENT, unix.ENOTDIR, unix.EACCES)
		} else {
			b.Ignoring(unix.ENOEXEC)
		}
		b.Execve(shell, b.Script(shell, path, argv, len(s.Command.Argv)), env)
		b.Last().When = uint8(unix.ENOEXEC)
	}
	if name == "" {
		b.GiveUp()
		return
	}
	if strings.IndexByte(name, '/') >= 0 {
		try(b.String(name), false)
		return
	}
	path := lookupEnv(s.Command.Env, "PATH", defaultPath)
	for path != "" {
		dir := path
		if cut := strings.IndexByte(path, ':'); cut >= 0 {
			dir, path = path[:cut], path[cut+1:]
		} else {
			path = ""
		}
		if dir == "" {
			dir = "."
		}
		try(b.Join(dir, name), true)
	}
	b.GiveUp()
}

// lookupEnv returns the value of name in env, or other.
func lookupEnv(env []string, name, other string) string {
	for _, e := range env {
		if len(e) > len(name) && e[len(name)] == '=' && e[:len(name)] == name {
			return e[len(name)+1:]
		}
	}
	return other
}
