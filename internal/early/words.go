package early

import (
	"unsafe"

	"box/internal/environ"
)

// What the kernel has put on the stack: the number of arguments, these, a zero, the environment, a zero, the auxiliary vector.
// Strings are over that memory.

var (
	args [4096]string
	env  [1024]string
)

// Args returns the arguments of the process.
func Args() []string {
	n := int(*word(0))
	if n > len(args) {
		Ordinary()
	}
	for i := range n {
		args[i] = text(*word(1 + i))
	}
	return args[:n]
}

// Environ returns the environment of the process.
func Environ() []string {
	first := int(*word(0)) + 2
	n := 0
	for ; *word(first + n) != 0; n++ {
		if n == len(env) {
			Ordinary()
		}
		env[n] = text(*word(first + n))
	}
	return env[:n]
}

// Variable returns a variable of the process's environment, or "".
func Variable(name string) string {
	for i := int(*word(0)) + 2; *word(i) != 0; i++ {
		e := text(*word(i))
		if environ.Is(e, name) {
			return e[len(name)+1:]
		}
	}
	return ""
}

// Span returns where arguments and environment are: the first byte, and how many.
func Span() (start, size uintptr) {
	end := uintptr(0)
	for i, list := 1, 0; list < 2; i++ {
		at := *word(i)
		if at == 0 {
			list++
			continue
		}
		if start == 0 || at < start {
			start = at
		}
		end = max(end, at+uintptr(len(text(at)))+1)
	}
	return start, end - start
}

// Secure reports whether the process may do more than its caller, AT_SECURE of getauxval(3): after the environment comes the
// auxiliary vector, pairs of a kind and a value.
func Secure() bool {
	const atNull, atSecure = 0, 23
	at := int(*word(0)) + 2
	for *word(at) != 0 {
		at++
	}
	for at++; *word(at) != atNull; at += 2 {
		if *word(at) == atSecure {
			return *word(at + 1) != 0
		}
	}
	return false
}

// word returns word i of the stack.
func word(i int) *uintptr {
	at := stack + uintptr(i)*unsafe.Sizeof(stack)
	return *(**uintptr)(unsafe.Pointer(&at))
}

// text returns the string that begins at an address and ends before a NUL.
func text(at uintptr) string {
	p := *(**byte)(unsafe.Pointer(&at))
	n := 0
	for *(*byte)(unsafe.Add(unsafe.Pointer(p), n)) != 0 {
		n++
	}
	return unsafe.String(p, n)
}
