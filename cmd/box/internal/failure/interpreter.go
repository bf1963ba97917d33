package failure

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"box/cmd/box/internal/say"
	"box/mounts"
	"box/spec"

	"golang.org/x/sys/unix"
)

// Bounds of the kernel: it reads so many bytes of a program to choose who runs
// it, BINPRM_BUF_SIZE, and an interpreter may be another one's script so many
// times, see execve(2). A longer #! line is cut off by the kernel.
const (
	headSize        = 256
	maxInterpreters = 5
)

// systems are where a distribution puts programs. What a file asks for may be
// anything (#!/home/u/.ssh/id_rsa), and a hint that names it is typed by the
// user: so only a path that leads here is named in one.
var systems = [...]string{
	"/usr", "/opt", "/nix/store", "/gnu/store", "/run/current-system", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32",
}

// explainInterpreter returns the message for a file that needs a loader or an
// interpreter which is not in the sandbox, or nil if that is not so. The kernel
// says ENOENT for a missing interpreter, as for a missing file. The chain is
// followed: an interpreter may be a script, whose interpreter may be missing.
// host is where the file is here.
func explainInterpreter(file, host string, s *spec.Spec) *say.Message {
	whose := ""
	for range maxInterpreters {
		what, need := interpreter(host)
		if need == "" {
			return nil
		}
		on, ok := mounts.Find(s, absolute(s, need))
		if !ok {
			m := &say.Message{
				Headline: fmt.Sprintf("cannot run %s: its %s%s %s is not in the sandbox", file, whose, what, need),
				Hint:     bring(need, s), Status: say.StatusNotRunnable,
			}
			// A script that was written on Windows.
			if strings.HasSuffix(need, "\r") {
				m.Cause = "its first line ends in a carriage return, which counts as a part of the name"
			}
			return m
		}
		whose, host = what+"'s ", on
	}
	return nil
}

// interpreter returns what the kernel would run for a program: the interpreter
// of its #! line, or its loader. It is "" for what is no regular file: nobody
// answers at a pipe. It opens with O_NONBLOCK, since opening a pipe would wait
// for a writer. What can't be read is as what has none.
func interpreter(host string) (what, need string) {
	f, err := os.OpenFile(host, os.O_RDONLY|unix.O_NONBLOCK, 0)
	if err != nil {
		return "", ""
	}
	defer f.Close()
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
		return "", ""
	}
	head := make([]byte, headSize)
	n, _ := io.ReadFull(f, head)
	if name := shebang(head[:n]); name != "" {
		return "interpreter", name
	}
	if name := loader(f); name != "" {
		return "loader", name
	}
	return "", ""
}

// shebang returns the interpreter that a script's first line names, as
// load_script() in the kernel's fs/binfmt_script.c reads it: a carriage return
// is a part of the name. The word after it is one argument, and not a part of
// the name.
func shebang(head []byte) string {
	line, ok := bytes.CutPrefix(head, []byte("#!"))
	if !ok {
		return ""
	}
	line, _, _ = bytes.Cut(line, []byte("\n"))
	line = bytes.TrimLeft(line, " \t")
	if end := bytes.IndexAny(line, " \t\x00"); end >= 0 {
		line = line[:end]
	}
	return string(line)
}

// bring returns the flags that would bring a file of the system, and what it
// needs, into the sandbox: all the links that lead to it, if what they lead to
// is there, else all of /usr, or the base view. It is "" for what is not a
// program of the system, and for a flag that is there already: a hint that has
// been followed is not repeated.
func bring(file string, s *spec.Spec) string {
	if !ofSystem(file) {
		return ""
	}
	if links := missingLinks(file, s); links != nil {
		return spec.Quote(links)
	}
	target, err := filepath.EvalSymlinks(file)
	switch {
	case err == nil && spec.Within(target, "/usr") && !brings(s, "/usr"):
		return "--ro-bind /usr /usr"
	case !s.Mounts.FixedParents:
		return "--base full"
	}
	return ""
}

// missingLinks returns the flags for the links on the way to a file of the host
// that the sandbox lacks: a directory may be a link, and its file another one
// that leads through a third. It returns nil if the file would be missing with
// all of them, or if one of them is not the system's.
func missingLinks(file string, s *spec.Spec) (flags []string) {
	with := *s
	with.Tree = slices.Clone(s.Tree)
	at, rest := "/", file
	for links := 0; rest != "" && links < maxHostLinks; {
		part, after, _ := strings.Cut(rest, "/")
		rest = after
		next := path.Join(at, part)
		target, err := os.Readlink(next)
		if err != nil {
			at = next
			continue
		}
		if links++; !hasName(&with, next) {
			if !belowSystem(next) {
				return nil
			}
			flags = append(flags, "--symlink", target, next)
			with.Tree = append(with.Tree, spec.Entry{Kind: spec.Symlink, Source: target, Dest: next})
		}
		if path.IsAbs(target) {
			at = "/"
		}
		rest = target + "/" + rest
	}
	if _, ok := mounts.Find(&with, file); !ok {
		return nil
	}
	return flags
}

// maxHostLinks bounds the links that are followed, as the kernel does:
// path_resolution(7).
const maxHostLinks = 40

// hasName reports whether there is something at name in the sandbox, be it a
// link that leads nowhere. The directories above it are no links.
func hasName(s *spec.Spec, name string) bool {
	for i := range s.Tree {
		if e := &s.Tree[i]; e.Kind.Creates() && spec.Within(e.Dest, name) {
			return true
		}
	}
	on, ok := mounts.Find(s, path.Dir(name))
	if !ok || on == "" {
		return false
	}
	_, err := os.Lstat(path.Join(on, path.Base(name)))
	return err == nil
}

// brings reports whether a directory of the host is at its own path, as a bind
// or as a layer of an overlay.
func brings(s *spec.Spec, dir string) bool {
	for i := range s.Tree {
		if e := &s.Tree[i]; e.Dest == dir && slices.Contains(e.Sources(), dir) {
			return true
		}
	}
	return false
}

// ofSystem reports whether file is a program that the system has: by its name
// and by where its links lead. Both names have to be the system's: the link is
// what the user would type, and what it leads to is what would be brought in.
func ofSystem(file string) bool {
	info, err := os.Stat(file)
	if err != nil || !info.Mode().IsRegular() || info.Mode()&0o111 == 0 {
		return false
	}
	target, err := filepath.EvalSymlinks(file)
	return err == nil && belowSystem(file) && belowSystem(target)
}

// belowSystem reports whether name is an absolute path below one of the systems.
func belowSystem(name string) bool {
	if !path.IsAbs(name) {
		return false
	}
	name = path.Clean(name)
	for _, dir := range systems {
		if spec.Within(name, dir) {
			return true
		}
	}
	return false
}
