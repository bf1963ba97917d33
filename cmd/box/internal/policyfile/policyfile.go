// Package policyfile reads system call policies by their names and files, with
// what they include and what flags change, and proves the programs that are
// made of them. It answers which line of a policy decides about a call.
//
// Both the flags (native) and the verbs (verb/seccomp) use it, so a policy
// means the same to both. It is on the ordinary side, but for IsFile, which
// flags call early. A program that it returns has been proven against the text:
// there is no way to get another.
package policyfile

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"runtime"
	"strings"

	"box/cmd/box/internal/say"
	"box/internal/nearest"
	"box/seccompprofile"
	"box/seccompprofile/policies"
	"box/seccompprofile/policy"
	"box/seccompprofile/proven"
)

// IsFile reports whether the word for a policy is a file's and not the name of a built-in: it has a slash or a dot.
func IsFile(word string) bool {
	return strings.IndexByte(word, '/') >= 0 || strings.IndexByte(word, '.') >= 0
}

// Text returns the text of a built-in policy or of a file. It is also what
// include lines are resolved by, so a file may include built-in policies and
// other files.
func Text(word string) ([]byte, error) {
	if IsFile(word) {
		return readPolicyFile(word)
	}
	if text, ok := policies.Text(word); ok {
		return text, nil
	}
	return nil, fmt.Errorf("%w: the built-in ones are %s, and a file's name has a / or a . in it", errNoPolicy,
		strings.Join(policies.Names(), ", "))
}

// errNoPolicy tells a name that is not a policy's from a file that can't be read.
var errNoPolicy = errors.New("no such policy")

// readPolicyFile reads a file, of which more than any policy has is not read.
// The file may be a pipe, such as a shell's <(...), and is read once.
func readPolicyFile(name string) ([]byte, error) {
	const most = 1<<20 + 1 // the parser says that this is too long
	file, err := os.Open(name)
	if err != nil {
		return nil, PlainError(err)
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, most))
	return text, PlainError(err)
}

// PlainError takes the path off an error: the message has it already.
func PlainError(err error) error {
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		return e.Err
	}
	return err
}

// Read reads the policy that a word names, with what it includes. An error is a
// *say.Message, with file and line where it is about the text.
func Read(word string) (*policy.Policy, error) {
	text, err := Text(word)
	switch {
	case errors.Is(err, errNoPolicy):
		return nil, NoSuch(word)
	case err != nil:
		return nil, say.Usagef("%s: %v", word, err)
	}
	p, err := policy.Parse(word, text, Text)
	return p, Wrong(err)
}

// policyWith returns a policy that a word names, with lines of a flag in front
// of its own. The lines are those of a file that includes the policy, and so
// win over what it says.
func policyWith(word, flag, lines string) (*policy.Policy, error) {
	text, err := Text(word)
	if err != nil {
		return nil, say.Usagef("%s: %v", word, err)
	}
	whole := "version " + policy.Version + "\ninclude " + word + "\n" + lines
	p, err := policy.Parse(flag, []byte(whole), func(name string) ([]byte, error) {
		if name == path.Clean(word) { // which has been read, and may be a pipe
			return text, nil
		}
		return Text(name)
	})
	return p, Wrong(err)
}

// Wrong returns the message for what is wrong with a policy, or nil. Other
// errors are returned as they are.
func Wrong(err error) error {
	e, ok := errors.AsType[*policy.Error](err)
	if !ok {
		return err
	}
	said := e.Msg
	if e.Word != "" {
		said = e.Word + ": " + e.Msg
	}
	m := say.Usagef("%s:%d: %s", e.File, e.Line, said)
	if e.Nearest != "" {
		m.Hint = "did you mean " + e.Nearest + "?"
	}
	return m
}

// NoSuch returns the message for a word that names none.
func NoSuch(word string) *say.Message {
	m := say.Usagef("%s: no such policy", word)
	names := seccompprofile.Names()
	if near := nearest.Of(word, names); near != "" {
		m.Hint = "did you mean " + near + "?\n"
	}
	m.Hint += fmt.Sprintf("policies: %s; a file's name has a / or a . in it", strings.Join(names, ", "))
	return m
}

// ArchOf returns the architecture of an --arch, this machine's if it is empty.
func ArchOf(word string) (*policy.Arch, error) {
	if word == "" {
		word = runtime.GOARCH
	}
	if a := policy.ArchOf(word); a != nil {
		return a, nil
	}
	return nil, say.Usagef("--arch %s: no such architecture", word).Hintf("architectures: x86_64, aarch64, i386")
}

// RulesFor returns what a policy means on architectures. The rules are in the
// order of the architectures. A policy may be for fewer than are asked for, and
// that is an error.
func RulesFor(p *policy.Policy, arches []*policy.Arch) ([]*policy.Rules, error) {
	var all []*policy.Rules
	for _, a := range arches {
		r, err := p.For(a)
		if err != nil {
			return nil, Wrong(err)
		}
		all = append(all, r)
	}
	return all, nil
}

// Program compiles rules and proves what came out. The program is loaded only then.
func Program(name string, rules []*policy.Rules) ([]byte, error) {
	program, err := proven.Compile(rules...)
	if err != nil {
		return nil, say.Usagef("%s: %v", name, err)
	}
	return program, nil
}

// ReadWith reads a policy, with what --allow-debug adds and what --allow-setid takes away.
func ReadWith(name string, debug, setid bool) (p *policy.Policy, err error) {
	if debug {
		p, err = policyWith(name, "--allow-debug", strings.TrimPrefix(policies.AllowDebug, "version 1\n"))
	} else {
		p, err = Read(name)
	}
	if err == nil && setid {
		p, err = p.Instead(policies.Setid, "--allow-setid", policies.AllowSetid)
	}
	return p, Wrong(err)
}

// Arches returns the architectures that calls may have on this machine. The
// machine's own is the first.
func Arches(bits32 bool) []*policy.Arch {
	arches := []*policy.Arch{policy.ArchOf(runtime.GOARCH)}
	if bits32 {
		arches = append(arches, policy.I386)
	}
	return arches
}

// Permits reports whether a call is made under an action.
func Permits(a policy.Action) bool { return a == policy.Allow || a == policy.Log }

// Proved says how long the program of a policy is, and that it is proven: there is no other.
func Proved(name string, program []byte) string {
	return fmt.Sprintf("%s: %d instructions, which do what the text says", name, len(program)/seccompprofile.InstructionSize)
}
