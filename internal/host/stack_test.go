package host

import (
	"runtime"
	"testing"
)

// What is read into a variable arrives there, wherever the stack that it lies on is moved: it grows when a function finds too
// little room, and a collector that runs meanwhile has it shrunk where the next function begins.
func TestReadIntoAStackThatMoves(t *testing.T) {
	done := make(chan int)
	for range 4 {
		go func() {
			lost := 0
			for depth := range 3000 {
				if deep(depth%200) == 0 {
					lost++
				}
				if depth%100 == 0 {
					runtime.GC()
				}
			}
			done <- lost
		}()
	}
	for range 4 {
		if lost := <-done; lost > 0 {
			t.Errorf("%d times nothing was read", lost)
		}
	}
}

// deep reads a number at some depth of a new stack.
func deep(depth int) uint64 {
	found := make(chan uint64)
	go func() { found <- deeper(depth) }()
	return <-found
}

//go:noinline
func deeper(depth int) uint64 {
	if depth == 0 {
		return Sysctl("kernel/", "pid_max")
	}
	return deeper(depth - 1)
}
