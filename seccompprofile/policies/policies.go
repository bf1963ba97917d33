// Package policies has the texts of the built-in policies.
package policies

import (
	"embed"
	"fmt"
)

// AllowDebug are the lines that let a debugger work under a policy.
const AllowDebug = "version 1\nallow ptrace process_vm_readv process_vm_writev kcmp\n"

// Setid is the text that AllowSetid takes the place of. The default policy includes it.
const Setid = "setid"

// AllowSetid takes the place of the text Setid, wherever a policy includes that, so that set-user-ID files may be made.
const AllowSetid = "version 1\ndefault errno ENOSYS\n" +
	"allow chmod creat fchmod fchmodat fchmodat2 mknod mknodat open openat openat2\n"

//go:embed *.txt
var texts embed.FS

// Names returns the names of the policies that have a text. Setid is not among them: it is a part, and can only be included.
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
