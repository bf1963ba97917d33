//go:build !amd64

package main

// ordinary returns 0: there is no early entry on this architecture.
func ordinary() uintptr { return 0 }
