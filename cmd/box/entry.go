package main

import (
	"box/internal/early"
	"box/internal/host"
	"box/internal/inherited"
)

// begin is where box begins if it has an entry of its own: before the Go runtime. What needs that goes on in main.
//
//nolint:unused // the assembly calls it
func begin() {
	inherited.Begin()
	if inherited.Variable("BOX_NO_EARLY") != "" {
		early.Ordinary()
	}
	host.Exit(run(early.Args()))
}
