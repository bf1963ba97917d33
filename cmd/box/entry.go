package main

import (
	"box/internal/early"
	"box/internal/host"
	"box/internal/inherited"
)

// begin is where box begins if it has an entry of its own: before the Go runtime. What needs that goes on in main.
// inherited.Begin notes the caller first: its process id is needed later to see whether it has ended. BOX_NO_EARLY is for
// tests and for finding faults. begin never returns, since there is nothing to return to.
//
//nolint:unused // the assembly calls it
func begin() {
	inherited.Begin()
	if inherited.Variable("BOX_NO_EARLY") != "" {
		early.Ordinary()
	}
	host.Exit(ending(run(early.Args())))
}
