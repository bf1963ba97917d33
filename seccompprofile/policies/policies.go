// Package policies has the texts of the built-in policies.
package policies

import (
	"embed"
	"fmt"
)

// AllowDebug are the lines that --allow-debug adds to a policy.
const AllowDebug = "version 1\nallow ptrace process_vm_readv process_vm_writev kcmp\n"

//go:embed *.txt
var texts embed.FS

// Names returns the names of the policies that have a text.
func Names() []string {
	return []string{"debug", "default", "docker", "nested", "strict"}
}

// Text returns the text of a built-in policy.
func Text(name string) ([]byte, bool) {
	text, err := texts.ReadFile(name + ".txt")
	return text, err == nil
}

// Include gives the text of a built-in policy to one that includes it.
func Include(name string) ([]byte, error) {
	text, ok := Text(name)
	if !ok {
		return nil, fmt.Errorf("no built-in policy has this name, and a file's has a slash or a dot in it")
	}
	return text, nil
}
