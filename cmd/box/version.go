package main

import (
	"fmt"
	"io"
	"runtime"
	"runtime/debug"
)

// version and commit are set by the Makefile.
var version, commit = "0.1-dev", ""

// printVersion prints version, commit and what box was built with.
func printVersion(out io.Writer) error {
	if commit == "" {
		commit = vcsRevision()
	}
	_, err := fmt.Fprintf(out, "box %s (%s, %s, %s, %s)\n", version, commit, runtime.Version(), runtime.GOARCH, startsHow())
	return err
}

// startsHow says which entry this build has.
func startsHow() string {
	if ordinary() != 0 {
		return "early start"
	}
	return "ordinary start"
}

// vcsRevision returns the commit that the go command has noted, or "unknown commit".
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
