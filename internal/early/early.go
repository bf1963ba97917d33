// Package early lets a program begin before the Go runtime does, which takes longer than a whole sandbox: the program's
// ELF entry is a function of its own, and what that can't do by itself goes on at the ordinary entry, as if nothing had been.
//
// What runs early is Go in a dialect: it may not allocate, start goroutines, defer, or use maps, and of the standard library only
// what does none of this either. Where it would have to, it calls Ordinary first.
package early

// The state of an early run. All of it is zero in an ordinary one.
var (
	running bool
	started bool    // something has been started that must not be started again
	again   bool    // it has ended, and the ordinary run is for its message alone
	masked  bool    //nolint:unused // the assembly asks: the signal mask has been changed, and the ordinary way begins with mask
	stack   uintptr // as the kernel made it: the number of arguments, these, the environment, the auxiliary vector
)

// Masked notes the signals that were blocked before the program blocked others: so many are again when it goes the ordinary way.
func Masked(before uint64) {
	if running {
		mask, masked = before, true
	}
}

// Running reports whether the Go runtime has not begun yet.
func Running() bool { return running }

// Ordinary says that what follows needs the Go runtime. Early it does not return: the program begins anew, in the ordinary way.
// So nothing may have had an effect by then, see Commit.
//
//go:noinline
func Ordinary() {
	switch {
	case rehearsed:
		panic(ordinaryWay{})
	case started:
		trap()
	case running:
		escape()
	}
}

// Commit says that what follows has effects: the ordinary way can't be taken any more.
func Commit() {
	if running {
		started = true
	}
}

// Over says that they are over and known, so that the ordinary way will not repeat them.
func Over() { started, again, masked = false, true, false }

// Again reports whether this run repeats an early one for its message alone.
func Again() bool { return again }
