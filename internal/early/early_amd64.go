package early

// The state of the assembly.
//
//nolint:unused // it is used there
var (
	next   uintptr         // the ordinary entry
	mask   uint64          // the signals that were blocked, if masked
	tls    [4096]byte      // what the thread pointer points into
	buffer [256 << 10]byte // the stack
	g      [512]uintptr    // what the compiler's code takes for its goroutine: only the bounds of the stack are in it
)

// enter is jumped to by the ELF entry.
//
//nolint:unused // it is called there
func enter()

// trap ends the process by a signal.
func trap()

// escape goes on at the ordinary entry.
func escape()
