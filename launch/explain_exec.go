package launch

import (
	"fmt"
	"os"
	"path"
	"strings"

	"box/mounts"
	"box/plan"
	"box/spec"

	"golang.org/x/sys/unix"
)

// explainExec is for a command that could not be executed.
func explainExec(m *Message, f *Failure, s *spec.Spec) {
	name := s.Command.File
	file := f.Call.Path()
	m.Status = StatusNotRunnable
	switch {
	case f.Call.When == uint8(unix.ENOEXEC):
		m.Headline = fmt.Sprintf("cannot run %s: it is neither a program for this machine nor a script that says its interpreter",
			name)
		m.Cause = fmt.Sprintf("%s would be tried as a shell, but: %s", file, because(f.Errno))
	case f.Call.Nr == plan.GiveUp || f.Errno == unix.ENOENT && !strings.Contains(name, "/"):
		explainSearch(m, name, s)
	case f.Errno == unix.ENOENT:
		if host, ok := mounts.Find(s, absolute(s, file)); !ok || host == "" || !explainInterpreter(m, file, host, s) {
			m.Status = StatusNotFound
			m.Headline = fmt.Sprintf("cannot run %s: it does not exist in the sandbox", name)
			whereHere(m, absolute(s, file), s)
		}
	case f.Errno == unix.EACCES:
		m.Headline = fmt.Sprintf("cannot run %s: permission denied", file)
		if host, ok := mounts.Find(s, absolute(s, file)); ok && host != "" {
			explainAccess(m, file, host, s)
		}
	case f.Errno == unix.ENOEXEC:
		m.Headline = fmt.Sprintf("cannot run %s: it is no program for this machine", file)
	case f.Errno == unix.E2BIG:
		m.Headline = fmt.Sprintf("cannot run %s: arguments and environment are too long together", name)
	case f.Errno == unix.ENOSYS, f.Errno == unix.EPERM:
		m.Headline = fmt.Sprintf("cannot run %s: %s", name, because(f.Errno))
	default:
		m.Headline = fmt.Sprintf("cannot run %s: %s", file, because(f.Errno))
	}
}

// absolute returns the path of a command as the sandbox's root sees it.
func absolute(s *spec.Spec, file string) string {
	if path.IsAbs(file) {
		return file
	}
	return path.Join(s.Command.Dir, file)
}

// explainSearch is for a command that no directory of PATH has, or whose interpreter is missing.
func explainSearch(m *Message, name string, s *spec.Spec) {
	list := lookupEnv(s.Command.Env, "PATH", defaultPath)
	for dir := range strings.SplitSeq(list, ":") {
		file := path.Join(dir, name)
		if host, ok := mounts.Find(s, file); ok && host != "" && explainInterpreter(m, file, host, s) {
			return
		}
	}
	m.Status = StatusNotFound
	m.Headline = fmt.Sprintf("cannot run %s: not in the sandbox's PATH (%s)", name, list)
	for dir := range strings.SplitSeq(s.Command.CallersPath, ":") {
		file := path.Join(dir, name)
		if info, err := os.Stat(file); err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0 {
			whereHere(m, file, s)
			return
		}
	}
}

// whereHere says that the command exists here, and that nothing brings it in.
func whereHere(m *Message, file string, s *spec.Spec) {
	if _, err := os.Stat(file); err != nil || !path.IsAbs(file) {
		return
	}
	for i := range s.Tree {
		if e := &s.Tree[i]; e.Kind == spec.Bind && spec.Within(file, e.Dest) {
			return
		}
	}
	top := "/" + strings.SplitN(file[1:], "/", 2)[0]
	m.Cause = fmt.Sprintf("it is at %s here, and no flag brings %s in", file, top)
}

// explainAccess says why a file can't be executed, as far as its mode tells.
func explainAccess(m *Message, file, host string, s *spec.Spec) {
	info, err := os.Stat(host)
	switch {
	case err != nil:
	case info.IsDir():
		m.Headline = fmt.Sprintf("cannot run %s: it is a directory", file)
	case info.Mode()&0o111 == 0:
		m.Headline = fmt.Sprintf("cannot run %s: it is not executable", file)
		if linkless(absolute(s, file), host, s) { // who made a link chose what it leads to
			m.Hint = spec.Quote([]string{"chmod", "+x", host}) + " makes it so"
		}
	}
}

// linkless reports whether a file of the sandbox is the one at host with no link followed.
func linkless(file, host string, s *spec.Spec) bool {
	file = path.Clean(file)
	e, ok := s.Lookup(file)
	if !ok || e.Kind != spec.Bind {
		return false
	}
	below := strings.TrimPrefix(spec.Relative(file), spec.Relative(e.Dest))
	return path.Join(e.Source, below) == path.Clean(host)
}
