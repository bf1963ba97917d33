package arg

import (
	"strings"

	"golang.org/x/sys/unix"
)

// What a number with a unit, or a name, stands for.

// Size reads a number of bytes: digits, and K, M, G or T for powers of 1024, small or large.
func Size(word string) (n uint64, ok bool) {
	if word == "" {
		return 0, false
	}
	shift := uint(0)
	switch word[len(word)-1] | 0x20 {
	case 'k':
		shift = 10
	case 'm':
		shift = 20
	case 'g':
		shift = 30
	case 't':
		shift = 40
	}
	if shift > 0 {
		word = word[:len(word)-1]
	}
	n, ok = Number(word, 10)
	return n << shift, ok && n < 1<<(63-shift)
}

// Duration reads a time in nanoseconds: numbers with d, h, m, s or ms behind them, such as 1h30m. A number alone is seconds.
func Duration(word string) (n int64, ok bool) {
	const most = 1 << 62
	for rest := word; rest != ""; {
		digits := 0
		for digits < len(rest) && rest[digits] >= '0' && rest[digits] <= '9' {
			digits++
		}
		count, is := Number(rest[:digits], 10)
		unit, size := unitOf(rest[digits:])
		if !is || unit == 0 || count > uint64(most/unit) {
			return 0, false
		}
		n += int64(count) * unit
		rest = rest[digits+size:]
		if n < 0 || n > most || size == 0 && rest != "" {
			return 0, false
		}
	}
	return n, word != ""
}

// unitOf returns the nanoseconds of the unit that text begins with, and its length; 0 if there is none.
func unitOf(text string) (nanoseconds int64, size int) {
	const second = 1e9
	switch {
	case text == "":
		return second, 0
	case strings.HasPrefix(text, "ms"):
		return 1e6, 2
	}
	switch text[0] {
	case 's':
		return second, 1
	case 'm':
		return 60 * second, 1
	case 'h':
		return 3600 * second, 1
	case 'd':
		return 86400 * second, 1
	}
	return 0, 0
}

// signals are the names of signals, see signal(7), without SIG.
var signals = [...]string{
	unix.SIGHUP: "HUP", unix.SIGINT: "INT", unix.SIGQUIT: "QUIT", unix.SIGILL: "ILL", unix.SIGTRAP: "TRAP", unix.SIGABRT: "ABRT",
	unix.SIGBUS: "BUS", unix.SIGFPE: "FPE", unix.SIGKILL: "KILL", unix.SIGUSR1: "USR1", unix.SIGSEGV: "SEGV", unix.SIGUSR2: "USR2",
	unix.SIGPIPE: "PIPE", unix.SIGALRM: "ALRM", unix.SIGTERM: "TERM", unix.SIGSTKFLT: "STKFLT", unix.SIGCHLD: "CHLD",
	unix.SIGCONT: "CONT", unix.SIGSTOP: "STOP", unix.SIGTSTP: "TSTP", unix.SIGTTIN: "TTIN", unix.SIGTTOU: "TTOU",
	unix.SIGURG: "URG", unix.SIGXCPU: "XCPU", unix.SIGXFSZ: "XFSZ", unix.SIGVTALRM: "VTALRM", unix.SIGPROF: "PROF",
	unix.SIGWINCH: "WINCH", unix.SIGIO: "IO", unix.SIGPWR: "PWR", unix.SIGSYS: "SYS",
}

// Signal reads a signal: its name, with or without SIG, or its number.
func Signal(word string) (unix.Signal, bool) {
	const most = 64
	if n, ok := Number(word, 10); ok {
		return unix.Signal(n), n > 0 && n <= most
	}
	if len(word) > 3 && equalFold(word[:3], "SIG") {
		word = word[3:]
	}
	for n, name := range signals {
		if name != "" && equalFold(word, name) {
			return unix.Signal(n), true
		}
	}
	return 0, false
}

// equalFold reports whether a word is a name of capital letters and digits, in letters of either size.
func equalFold(word, name string) bool {
	if len(word) != len(name) {
		return false
	}
	for i := range len(word) {
		c := word[i]
		if c >= 'a' && c <= 'z' {
			c -= 'a' - 'A'
		}
		if c != name[i] {
			return false
		}
	}
	return true
}
