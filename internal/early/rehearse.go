package early

import (
	"runtime"
	"unsafe"
)

// rehearsed is true while Rehearse runs.
var rehearsed bool

// ordinaryWay is what Ordinary panics with in a rehearsal.
type ordinaryWay struct{}

// Rehearse runs f as it would run early in a process with these arguments and this environment, but with a Go runtime around it. It
// returns false if f went the ordinary way. It is for tests: one at a time.
func Rehearse(argv, environ []string, f func()) (done bool) {
	memory := stackOf(argv, environ)
	before := texts.used
	stack, running, rehearsed, texts.used = uintptr(unsafe.Pointer(&memory[0])), true, true, 0
	defer func() {
		stack, running, rehearsed, texts.used = 0, false, false, before
		runtime.KeepAlive(memory)
		if went := recover(); went != nil {
			if _, ok := went.(ordinaryWay); !ok {
				panic(went)
			}
		}
	}()
	f()
	return true
}

// stackOf returns what the kernel would put on the stack.
func stackOf(argv, environ []string) []uintptr {
	memory := []uintptr{uintptr(len(argv))}
	for _, list := range [][]string{argv, environ} {
		for _, s := range list {
			kept = append(kept, append([]byte(s), 0))
			memory = append(memory, uintptr(unsafe.Pointer(&kept[len(kept)-1][0])))
		}
		memory = append(memory, 0)
	}
	return append(memory, 0, 0) // an empty auxiliary vector
}

// kept keeps what stackOf has made.
var kept [][]byte
