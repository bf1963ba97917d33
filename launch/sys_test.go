package launch

import (
	"strconv"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"
)

// addressOf returns the address of a text that ends in a NUL.
func addressOf(s string) uintptr {
	memory := append([]byte(s), 0)
	memories = append(memories, memory)
	return uintptr(unsafe.Pointer(&memory[0]))
}

// The kernel returns errnos from -1 to -4095; what lies below is an address.
func TestFailed(t *testing.T) {
	for r, want := range map[uintptr]uintptr{
		0: 0, 1: 0, 1 << 20: 0, ^uintptr(4095): 0, ^uintptr(4094): 4095, ^uintptr(0): 1, minus(unix.ENOENT): uintptr(unix.ENOENT),
	} {
		if errno, is := failed(r); errno != want || is != (want != 0) {
			t.Errorf("%#x: errno %d, %v", r, errno, is)
		}
	}
}

// The child's own system calls end as those of others do.
func TestSys(t *testing.T) {
	if pid := sys(unix.SYS_GETPID, 0, 0, 0, 0, 0, 0); int(pid) != unix.Getpid() {
		t.Errorf("getpid: %d", pid)
	}
	if r := sys(unix.SYS_CLOSE, ^uintptr(0), 0, 0, 0, 0, 0); r != minus(unix.EBADF) {
		t.Errorf("close(-1): %#x", r)
	}
	// All six arguments arrive: the file's content at an offset.
	memory, _, errno := unix.Syscall6(unix.SYS_MMAP, 0, 4096, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANONYMOUS,
		^uintptr(0), 0)
	if errno != 0 {
		t.Fatal(errno)
	}
	r := sys(unix.SYS_MMAP, memory, 4096, unix.PROT_READ, unix.MAP_PRIVATE|unix.MAP_ANONYMOUS|unix.MAP_FIXED, ^uintptr(0), 0)
	if r != memory {
		t.Errorf("mmap: %#x, want %#x", r, memory)
	}
	if r := sys(unix.SYS_MMAP, memory, 4096, unix.PROT_READ, unix.MAP_PRIVATE|unix.MAP_ANONYMOUS, ^uintptr(0),
		1); r != minus(unix.EINVAL) {
		t.Errorf("mmap with an odd offset: %#x", r)
	}
	sys(unix.SYS_MUNMAP, memory, 4096, 0, 0, 0, 0)
}

func TestNumber(t *testing.T) {
	for _, c := range []struct {
		text string
		n    uintptr
		rest string
	}{
		{"0", 0, ""},
		{"12 34", 12, " 34"},
		{"4294967295\n", 1<<32 - 1, "\n"},
		{"x", 0, "x"},
		{"", 0, ""},
		{"7:", 7, ":"},
		{"-1", 0, "-1"},
	} {
		at := addressOf(c.text)
		n, after := number(at)
		if n != c.n || c.text[after-at:] != c.rest {
			t.Errorf("%q: %d, and %q is left", c.text, n, c.text[after-at:])
		}
	}
}

// Descriptors become parts of paths, with slashes in front; one with more than eight digits can't be had.
func TestDigits(t *testing.T) {
	for n, want := range map[uintptr]string{
		0: "///////0", 9: "///////9", 10: "//////10", 1234567: "/1234567", 99999999: "99999999",
	} {
		at := addressOf("xxxxxxxx")
		digits(at, n)
		if got := unsafe.String(*(**byte)(unsafe.Pointer(&at)), 8); got != want {
			t.Errorf("%d: %q, want %q", n, got, want)
		}
		for at < at+8 && byteAt(at) == '/' {
			at++
		}
		if back, _ := number(at); back != n {
			t.Errorf("%d: %d is read back", n, back)
		}
	}
}

// A prefix is followed by the number, whatever path was made before.
func TestNumberedPaths(t *testing.T) {
	var table mountTable
	for _, c := range []struct {
		prefix string
		fd     uintptr
	}{{"/proc/self/fd/", 12345678}, {"self/fdinfo/", 3}, {"/proc/self/fd/", 0}} {
		at := table.numbered(c.prefix, c.fd)
		got := unix.BytePtrToString(*(**byte)(unsafe.Pointer(&at)))
		tail := got[len(got)-8:]
		n, err := strconv.Atoi(trimSlashes(tail))
		if got[:len(got)-8] != c.prefix || err != nil || uintptr(n) != c.fd {
			t.Errorf("%s and %d: %s", c.prefix, c.fd, got)
		}
	}
}

func trimSlashes(s string) string {
	for s[0] == '/' {
		s = s[1:]
	}
	return s
}

func TestSame(t *testing.T) {
	for _, c := range []struct {
		a, b string
		n    uintptr
		want bool
	}{{"abc", "abd", 2, true}, {"abc", "abd", 3, false}, {"", "x", 0, true}, {"xbc", "abc", 3, false}, {"abc", "abc", 4, true}} {
		if same(addressOf(c.a), addressOf(c.b), c.n) != c.want {
			t.Errorf("%d bytes of %q and %q", c.n, c.a, c.b)
		}
	}
}

// find stops at either of two characters, and at the end of the table.
func TestFind(t *testing.T) {
	for _, c := range []struct {
		text  string
		c, or byte
		want  uintptr
	}{{"ro,nosuid rw", ',', ' ', 2}, {"ro rw,x", ',', ' ', 2}, {"rw", ',', ' ', 2}, {"", '\n', '\n', 0}, {"\n", '\n', '\n', 0}} {
		at := addressOf(c.text)
		if got := find(at, c.c, c.or) - at; got != c.want {
			t.Errorf("%q: %d, want %d", c.text, got, c.want)
		}
	}
}

// What is given back are whole pages that belong to the span alone.
func TestPages(t *testing.T) {
	for _, c := range []struct{ start, end, from, size uintptr }{
		{0x1000, 0x3000, 0x1000, 0x2000},
		{0x1001, 0x3000, 0x2000, 0x1000},
		{0x1001, 0x2fff, 0, 0},
		{0x1fff, 0x4001, 0x2000, 0x2000},
		{0x1000, 0x1000, 0, 0},
		{0x1800, 0x1900, 0, 0},
	} {
		if got := pages(c.start, c.end); got != (memory{c.from, c.size}) {
			t.Errorf("%#x to %#x: %#x bytes from %#x", c.start, c.end, got.size, got.start)
		}
	}
}

// wipe zeroes as many bytes as it is told, at any address.
func TestWipe(t *testing.T) {
	for from := range 9 {
		for n := range 40 {
			memory := make([]byte, 64)
			for i := range memory {
				memory[i] = 1
			}
			wipe(uintptr(unsafe.Pointer(&memory[from])), uintptr(n))
			for i, b := range memory {
				if inside := i >= from && i < from+n; (b == 0) != inside {
					t.Fatalf("%d bytes from %d on: byte %d is %d", n, from, i, b)
				}
			}
		}
	}
}
