package launch_test

import (
	"fmt"
	"os"
	"runtime"
	"strings"

	"box/launch"
	"box/plan"
	"box/spec"
)

// small returns the Spec of a sandbox that has /usr and nothing else, and in which the caller is who it is outside.
func small(command ...string) *spec.Spec {
	s := spec.New()
	s.IDs.UID, s.IDs.GID = uint32(os.Getuid()), uint32(os.Getgid())
	s.Tree = []spec.Entry{
		{Kind: spec.Bind, RO: true, Source: "/usr", Dest: "/usr"},
		{Kind: spec.Symlink, Source: "usr/bin", Dest: "/bin"},
		{Kind: spec.Symlink, Source: "usr/lib", Dest: "/lib"},
		{Kind: spec.Symlink, Source: "usr/lib64", Dest: "/lib64"},
	}
	s.Command = spec.Command{Argv: command, File: command[0], Env: []string{"PATH=/usr/bin"}, Dir: "/"}
	return s
}

// A Spec says what the sandbox is to be; Compile writes how it is made, as a list of system calls that can be looked at.
func ExampleCompile() {
	b := new(plan.Builder)
	if err := launch.Compile(b, small("true")); err != nil {
		fmt.Println(err)
		return
	}
	for i := range b.Inside {
		if text := b.Inside[i].String(); strings.Contains(text, "usr") {
			fmt.Println(text)
		}
	}
	// Output:
	// open_tree(cwd, "/usr", clone|recursive) = r1
	// mkdirat(root, "usr", 0755)
	// move_mount(r1, root, "usr")
	// symlinkat("usr/bin", root, "bin")
	// symlinkat("usr/lib", root, "lib")
	// symlinkat("usr/lib64", root, "lib64")
	// execve("/usr/bin/true", ["true"])
	// if ENOEXEC: execve("/bin/sh", ["/bin/sh" "/usr/bin/true"])
}

// Start makes the sandbox, and Wait returns how its command ended. The thread is pid 1's parent and must live as long.
func ExampleStart() {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	s, b := small("sh", "-c", "exit 3"), new(plan.Builder)
	if err := launch.Compile(b, s); err != nil {
		fmt.Println(err)
		return
	}
	box, err := launch.Start(&b.Plan, nil, s, -1)
	if err != nil {
		fmt.Println(err)
		return
	}
	status, err := box.Wait()
	fmt.Println(status.Exit(), err)
	// Output: 3 <nil>
}
