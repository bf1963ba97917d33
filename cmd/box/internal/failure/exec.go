package failure

import (
	"fmt"
	"os"
	"path"
	"strings"

	"box/cmd/box/internal/say"
	"box/launch"
	"box/mounts"
	"box/spec"

	"golang.org/x/sys/unix"
)

// executions are for a command that can't be executed, see execve(2). The
// statuses are those of a shell: 127 for a command that is not there, 126 for
// one that is and can't be run.
var executions = []rule{
	{errno: unix.ENOENT, say: notThere},
	{errno: unix.EACCES, say: notAllowed},
	{errno: unix.ENOEXEC, text: "cannot run {path}: it is no program for this machine", status: say.StatusNotRunnable},
	{errno: unix.E2BIG, text: "cannot run {name}: arguments and environment are too long together", status: say.StatusNotRunnable},
	{errno: unix.ENOSYS, text: "cannot run {name}: {reason}", status: say.StatusNotRunnable},
	{errno: unix.EPERM, text: "cannot run {name}: {reason}", status: say.StatusNotRunnable},
	{text: "cannot run {path}: {reason}", status: say.StatusNotRunnable},
}

// refusal returns the message for a command that was found but can't be run.
// Its status is 126.
func (t *told) refusal(text string) *say.Message {
	m := t.message(text)
	m.Status = say.StatusNotRunnable
	return m
}

// shell is for a file that the kernel does not take, and no shell either.
// execvp(3) runs a file that the kernel does not know (ENOEXEC) by a shell;
// this is for a sandbox without that shell.
func shell(t *told) *say.Message {
	m := t.refusal("cannot run {name}: it is neither a program for this machine nor a script that says its interpreter")
	m.Cause = t.fill("{path} would be tried as a shell, but: {reason}")
	return m
}

// notThere is for a path at which there is no command, or one whose interpreter
// is missing. execve(2) says ENOENT for both, so the file is looked for on the
// host, where the tree has it from.
func notThere(t *told) *say.Message {
	file := t.Call.Path()
	if host, ok := mounts.Find(t.s, absolute(t.s, file)); ok && host != "" {
		if m := explainInterpreter(file, host, t.s); m != nil {
			return m
		}
	}
	m := t.message("cannot run {name}: it does not exist in the sandbox")
	m.Status = say.StatusNotFound
	m.Cause = whereHere(absolute(t.s, file), t.s)
	// The base view brings a command's own file, if no link leads to it.
	if file = absolute(t.s, file); m.Cause != "" && t.s.Mounts.FixedParents && mounts.RealPath(file) != file {
		m.Cause = "it is at " + file + " here, through a link, and a link counts only where nobody but root can have made it"
		m.Hint = "name the file that the link leads to"
	}
	return m
}

// notAllowed says why a file can't be executed, as far as its mode tells. The
// host's file is found as the sandbox would find it. If it has an execute bit,
// the cause is elsewhere: in a directory, or in a security module.
func notAllowed(t *told) *say.Message {
	file := t.Call.Path()
	denied := t.refusal("cannot run {path}: permission denied")
	host, ok := mounts.Find(t.s, absolute(t.s, file))
	if !ok || host == "" {
		return denied
	}
	info, err := os.Stat(host)
	switch {
	case err != nil:
		return denied
	case info.IsDir():
		return t.refusal("cannot run {path}: it is a directory")
	case info.Mode()&0o111 != 0:
		return denied
	}
	m := t.refusal("cannot run {path}: it is not executable")
	if linkless(absolute(t.s, file), host, t.s) { // who made a link chose what it leads to
		m.Hint = spec.Quote([]string{"chmod", "+x", host}) + " makes it so"
	}
	return m
}

// absolute returns the path of a command as the sandbox's root sees it. A
// relative one is taken from the directory where the command starts.
func absolute(s *spec.Spec, file string) string {
	if path.IsAbs(file) {
		return file
	}
	return path.Join(s.Command.Dir, file)
}

// search is for a command that no directory of PATH has, or whose interpreter
// is missing. A file whose interpreter is missing counts as not there to the
// search (ENOENT goes on), and so it is told first. The caller's own PATH then
// says where the command would be.
func search(t *told) *say.Message {
	name, list := t.s.Command.File, launch.SearchPath(t.s)
	for dir := range strings.SplitSeq(list, ":") {
		file := path.Join(dir, name)
		if host, ok := mounts.Find(t.s, file); ok && host != "" {
			if m := explainInterpreter(file, host, t.s); m != nil {
				return m
			}
		}
	}
	m := t.message("cannot run {name}: not in the sandbox's PATH ({list})", "{list}", list)
	m.Status = say.StatusNotFound
	for dir := range strings.SplitSeq(t.s.Command.CallersPath, ":") {
		file := path.Join(dir, name)
		if info, err := os.Stat(file); err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0 {
			if m.Cause = whereHere(file, t.s); m.Cause == "" {
				break // it is there, and PATH leads elsewhere
			}
			if m.Hint = bring(file, t.s); m.Hint == "" && mounts.RealPath(file) == file {
				m.Hint = spec.Quote([]string{"-B", dir})
			}
			break
		}
	}
	return m
}

// whereHere says that the command exists here, and that nothing brings it in;
// "" if that is not so. It is not so if the file is missing here as well, or if
// a bind has its directory: then another entry covers it. The flag that is
// missing is for the top directory, which is what users bind.
func whereHere(file string, s *spec.Spec) string {
	if _, err := os.Stat(file); err != nil || !path.IsAbs(file) {
		return ""
	}
	for i := range s.Tree {
		if e := &s.Tree[i]; e.Brings() && spec.Within(file, e.Dest) {
			return ""
		}
	}
	top := "/" + strings.SplitN(file[1:], "/", 2)[0]
	return fmt.Sprintf("it is at %s here, and no flag brings %s in", file, top)
}

// linkless reports whether a file of the sandbox is the one at host with no
// link followed. The hint to change its mode is given only then: a planted link
// would choose the file that the user changes.
func linkless(file, host string, s *spec.Spec) bool {
	file = path.Clean(file)
	e, ok := s.Lookup(file)
	if !ok || e.Kind != spec.Bind {
		return false
	}
	below := strings.TrimPrefix(spec.Relative(file), spec.Relative(e.Dest))
	return path.Join(e.Source, below) == path.Clean(host)
}
