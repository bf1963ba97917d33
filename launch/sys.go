package launch

// sys makes a system call and returns what the kernel returned: a value above -4096 as unsigned is minus an errno.
// It is our own because it must run where there is no Go runtime to tell: after the clone.
//
//go:noescape
func sys(nr, a, b, c, d, e, f uintptr) uintptr

// spawn clones a process that runs command(m) on the given stack (its upper end). It returns the new process id.
//
//go:noescape
func spawn(flags, stack uintptr, m *machine) uintptr

// poke stores a 32-bit value at address.
func poke(address uintptr, value uint32)

// peek returns the 32-bit value at address.
func peek(address uintptr) uint32

// same says whether n bytes at a are as those at b.
func same(a, b, n uintptr) bool

// wipe zeroes n bytes at address.
func wipe(address, n uintptr)

// textStart, textEnd and dataEnd return where the program's code begins and ends, and where the data ends that lies behind it: what
// is only read, and what is written to and has a value to begin with.
func textStart() uintptr
func textEnd() uintptr
func dataEnd() uintptr

// failed says whether sys returned an errno, and which.
//
//go:nosplit
//go:norace
func failed(r uintptr) (errno uintptr, is bool) {
	if r > ^uintptr(4095) {
		return -r, true
	}
	return 0, false
}
