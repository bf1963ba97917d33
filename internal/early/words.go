package early

import "unsafe"

// The words that the kernel has put on the stack, as strings over that memory.
var (
	args [4096]string
	env  [1024]string
)

// Words returns the arguments and the environment of the process, and where they are: the first byte, and how many.
func Words() (argv, environ []string, start, size uintptr) {
	n := *word(0)
	if n > uintptr(len(args)) {
		Ordinary()
	}
	argv = args[:0]
	for i := range n {
		argv = args[:i+1]
		argv[i] = text(*word(1 + i))
	}
	environ = env[:0]
	for i := uintptr(0); ; i++ {
		at := *word(n + 2 + i)
		if at == 0 {
			break
		}
		if i == uintptr(len(env)) {
			Ordinary()
		}
		environ = env[:i+1]
		environ[i] = text(at)
	}
	start, size = span(argv, environ)
	return argv, environ, start, size
}

// word returns word i of the stack.
func word(i uintptr) *uintptr {
	at := stack + i*unsafe.Sizeof(stack)
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

// span returns the memory from the first to the last of the strings, with the NUL of that.
func span(lists ...[]string) (start, size uintptr) {
	end := uintptr(0)
	for _, list := range lists {
		for _, s := range list {
			at := uintptr(unsafe.Pointer(unsafe.StringData(s)))
			if start == 0 || at < start {
				start = at
			}
			end = max(end, at+uintptr(len(s))+1)
		}
	}
	return start, end - start
}
