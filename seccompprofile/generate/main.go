// Command generate compiles the built-in policies to BPF through libseccomp: policies/NAME.txt to NAME_ARCH.bpf.
// It runs when box is built (make generate), not when box runs.
package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	seccomp "github.com/seccomp/libseccomp-golang"
)

// arches are the architectures that programs are made for: Go's name and libseccomp's.
var arches = []struct {
	name string
	arch seccomp.ScmpArch
}{
	{"amd64", seccomp.ArchAMD64},
	{"arm64", seccomp.ArchARM64},
}

func main() {
	dir := "."
	if len(os.Args) > 1 {
		dir = os.Args[1]
	}
	if err := generate(dir, dir); err != nil {
		fmt.Fprintln(os.Stderr, "generate:", err)
		os.Exit(1)
	}
}

// generate compiles all policies below from/policies into to.
func generate(from, to string) error {
	policies, err := filepath.Glob(filepath.Join(from, "policies", "*.txt"))
	if err != nil {
		return err
	}
	if len(policies) == 0 {
		return fmt.Errorf("no policies in %s", from)
	}
	for _, path := range policies {
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		name := strings.TrimSuffix(filepath.Base(path), ".txt")
		for _, a := range arches {
			if err := compile(string(text), a.arch, filepath.Join(to, name+"_"+a.name+".bpf")); err != nil {
				return fmt.Errorf("%s for %s: %w", path, a.name, err)
			}
		}
	}
	return nil
}
