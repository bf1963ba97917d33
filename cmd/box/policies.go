package main

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

// isFile says whether the word for a policy is a file's and not the name of a built-in: it has a slash or a dot.
func isFile(word string) bool {
	return strings.IndexByte(word, '/') >= 0 || strings.IndexByte(word, '.') >= 0
}

// policyText returns the text of a built-in policy or of a file.
func policyText(word string) ([]byte, error) {
	if isFile(word) {
		return readPolicyFile(word)
	}
	if text, ok := policies.Text(word); ok {
		return text, nil
	}
	return nil, fmt.Errorf("%w: the built-in ones are %s, and a file's name has a / or a . in it", errNoPolicy,
		strings.Join(policies.Names(), ", "))
}

var errNoPolicy = errors.New("no such policy")

// readPolicyFile reads a file, of which more than any policy has is not read.
func readPolicyFile(name string) ([]byte, error) {
	const most = 1<<20 + 1 // the parser says that this is too long
	file, err := os.Open(name)
	if err != nil {
		return nil, plainError(err)
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, most))
	return text, plainError(err)
}

// plainError takes the path off an error: the message has it already.
func plainError(err error) error {
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		return e.Err
	}
	return err
}

// readPolicy reads the policy that a word names, with what it includes.
func readPolicy(word string) (*policy.Policy, error) {
	text, err := policyText(word)
	switch {
	case errors.Is(err, errNoPolicy):
		return nil, noSuchPolicy(word)
	case err != nil:
		return nil, say.Usagef("%s: %v", word, err)
	}
	p, err := policy.Parse(word, text, policyText)
	return p, wrongPolicy(err)
}

// policyWith returns a policy that a word names, with lines of a flag in front of its own.
func policyWith(word, flag, lines string) (*policy.Policy, error) {
	text, err := policyText(word)
	if err != nil {
		return nil, say.Usagef("%s: %v", word, err)
	}
	whole := "version " + policy.Version + "\ninclude " + word + "\n" + lines
	p, err := policy.Parse(flag, []byte(whole), func(name string) ([]byte, error) {
		if name == path.Clean(word) { // which has been read, and may be a pipe
			return text, nil
		}
		return policyText(name)
	})
	return p, wrongPolicy(err)
}

// wrongPolicy returns the message for what is wrong with a policy, or nil.
func wrongPolicy(err error) error {
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

// noSuchPolicy returns the message for a word that names none.
func noSuchPolicy(word string) *say.Message {
	m := say.Usagef("%s: no such policy", word)
	names := seccompprofile.Names()
	if near := nearest.Of(word, names); near != "" {
		m.Hint = "did you mean " + near + "?\n"
	}
	m.Hint += fmt.Sprintf("policies: %s; a file's name has a / or a . in it", strings.Join(names, ", "))
	return m
}

// archOf returns the architecture of an --arch, this machine's if it is empty.
func archOf(word string) (*policy.Arch, error) {
	if word == "" {
		word = runtime.GOARCH
	}
	if a := policy.ArchOf(word); a != nil {
		return a, nil
	}
	return nil, say.Usagef("--arch %s: no such architecture", word).Hintf("architectures: x86_64, aarch64, i386")
}

// rulesFor returns what a policy means on architectures.
func rulesFor(p *policy.Policy, arches []*policy.Arch) ([]*policy.Rules, error) {
	var all []*policy.Rules
	for _, a := range arches {
		r, err := p.For(a)
		if err != nil {
			return nil, wrongPolicy(err)
		}
		all = append(all, r)
	}
	return all, nil
}

// programOf compiles rules and proves what came out. The program is loaded only then.
func programOf(name string, rules []*policy.Rules) ([]byte, error) {
	program, err := proven.Compile(rules...)
	if err != nil {
		return nil, say.Usagef("%s: %v", name, err)
	}
	return program, nil
}
