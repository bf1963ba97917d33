package main

import "box/cmd/box/internal/printer"

// version and commit are set by the Makefile.
var version, commit = "0.1-dev", ""

// printVersion prints version, commit and what box was built with.
func printVersion() error { return printer.Version(version, commit, startsHow()) }

// startsHow says which entry this build has.
func startsHow() string {
	if ordinary() != 0 {
		return "early start"
	}
	return "ordinary start"
}
