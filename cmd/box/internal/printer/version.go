package printer

import (
	"fmt"
	"runtime"
	"runtime/debug"
)

// Version prints version, commit and what box was built with, on stdout. starts
// says how the program starts. commit is empty in a build without the Makefile.
func Version(version, commit, starts string) error {
	if commit == "" {
		commit = vcsRevision()
	}
	_, err := fmt.Printf("box %s (%s, %s, %s, %s)\n", version, commit, runtime.Version(), runtime.GOARCH, starts)
	return err
}

// vcsRevision returns the commit that the go command has noted, or "unknown
// commit". Twelve digits are enough to find it.
func vcsRevision() string {
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" && len(s.Value) >= 12 {
				return s.Value[:12]
			}
		}
	}
	return "unknown commit"
}
