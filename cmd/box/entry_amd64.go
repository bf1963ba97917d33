package main

// ordinary returns the ordinary entry if the program has an early one, else 0.
func ordinary() uintptr
