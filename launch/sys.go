package launch

import "unsafe"

// sys makes a system call and returns what the kernel returned: a value above -4096 as unsigned is minus an errno.
// It is our own because it must run where there is no Go runtime to tell: after the clone.
//
//go:noescape
func sys(nr, a, b, c, d, e, f uintptr) uintptr

// spawn clones a process that runs command(m) on the given stack (its upper end). It returns the new process id.
//
//go:noescape
func spawn(flags, stack uintptr, m *machine) uintptr

// become runs child(m) on the given stack (its upper end) and does not return.
//
// Both functions are called by address: nobody has to count then what is left of a goroutine's stack, which can't grow here.
//
//go:noescape
func become(stack uintptr, m *machine)

// The assembly calls them.
var _, _ = child, command

// wipe zeroes n bytes at address.
func wipe(address, n uintptr)

// textStart, textEnd and dataEnd return where the program's code begins and ends, and where the data ends that lies behind it: what
// is only read, and what is written to and has a value to begin with.
func textStart() uintptr
func textEnd() uintptr
func dataEnd() uintptr

// failed reports whether sys returned an errno, and which.
//
//go:nosplit
//go:norace
func failed(r uintptr) (errno uintptr, is bool) {
	if r > ^uintptr(4095) {
		return -r, true
	}
	return 0, false
}

// errnoOf returns the errno that sys has returned, or 0.
//
//go:nosplit
//go:norace
func errnoOf(r uintptr) uintptr {
	errno, _ := failed(r)
	return errno
}

// What follows reads and writes memory by its address. The Go runtime does not know of that memory.

// peek returns the 32-bit value at an address.
//
//go:nosplit
//go:norace
//go:nocheckptr
func peek(address uintptr) uint32 { return **(**uint32)(unsafe.Pointer(&address)) }

// poke stores a 32-bit value at an address.
//
//go:nosplit
//go:norace
//go:nocheckptr
func poke(address uintptr, value uint32) { **(**uint32)(unsafe.Pointer(&address)) = value }

// byteAt returns the byte at an address.
//
//go:nosplit
//go:norace
//go:nocheckptr
func byteAt(address uintptr) byte { return **(**byte)(unsafe.Pointer(&address)) }

// setByte stores a byte at an address.
//
//go:nosplit
//go:norace
//go:nocheckptr
func setByte(address uintptr, c byte) { **(**byte)(unsafe.Pointer(&address)) = c }

// same reports whether n bytes at a are as those at b.
//
//go:nosplit
//go:norace
func same(a, b, n uintptr) bool {
	for i := range n {
		if byteAt(a+i) != byteAt(b+i) {
			return false
		}
	}
	return true
}

// word returns the address of a constant's first byte.
//
//go:nosplit
//go:norace
//go:nocheckptr
func word(constant string) uintptr { return uintptr(unsafe.Pointer(unsafe.StringData(constant))) }

// number returns the decimal number at an address, and the address of what follows it.
//
//go:nosplit
//go:norace
func number(at uintptr) (n, after uintptr) {
	for byteAt(at) >= '0' && byteAt(at) <= '9' {
		n = n*10 + uintptr(byteAt(at)-'0')
		at++
	}
	return n, at
}

// digits writes a number into the 8 bytes at address, which are then part of a path: a slash more does no harm there.
//
//go:nosplit
//go:norace
func digits(address, number uintptr) {
	for at := address + 8; at > address; {
		at--
		if setByte(at, '/'); number != 0 || at == address+7 {
			setByte(at, byte('0'+number%10))
			number /= 10
		}
	}
}
