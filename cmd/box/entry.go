package main

import "box/internal/early"

// ordinary returns the ordinary entry if the program has an early one, else 0.
func ordinary() uintptr

// begin is where box begins if it has an entry of its own. It returns if the Go runtime is needed.
func begin() {
	early.Ordinary()
}
