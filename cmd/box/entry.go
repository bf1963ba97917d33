package main

import (
	"box/internal/early"
	"box/internal/inherited"

	"golang.org/x/sys/unix"
)

// begin is where box begins if it has an entry of its own: before the Go runtime. What needs that goes on in main.
func begin() {
	if inherited.Variable("BOX_NO_EARLY") != "" {
		early.Ordinary()
	}
	status := run(early.Args())
	for {
		_, _, _ = unix.RawSyscall(unix.SYS_EXIT_GROUP, uintptr(status), 0, 0)
	}
}
