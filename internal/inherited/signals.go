package inherited

// #include <errno.h>
// #include <signal.h>
// #include <stdint.h>
// #include <unistd.h>
//
// static int out = -1;
//
// static void tell(int signal, siginfo_t *info, void *context) {
// 	int saved = errno;
// 	unsigned char number = signal;
// 	(void)context;
// 	if (info->si_code == SI_QUEUE && info->si_value.sival_int == 0x626f78) number |= 0x80; // host.Ask, host.Asked
// 	(void)!write(out, &number, 1);
// 	errno = saved;
// }
//
// static void catch(int fd, uint64_t set) {
// 	struct sigaction action = { .sa_sigaction = tell, .sa_flags = SA_ONSTACK | SA_RESTART | SA_SIGINFO };
// 	sigfillset(&action.sa_mask);
// 	out = fd;
// 	for (int s = 1; s < 65; s++)
// 		if (set >> (s - 1) & 1) sigaction(s, &action, NULL);
// }
// // What Go's runtime can't do without: faults, and URG, by which it stops threads.
// static const int kept[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGURG, SIGCHLD, 32, 33, 0 };
//
// static void let(uint64_t ignored) {
// 	for (int s = 1; s < 65; s++) {
// 		int keep = s == SIGKILL || s == SIGSTOP;
// 		for (const int *k = kept; *k; k++)
// 			if (s == *k) keep = 1;
// 		if (!keep) signal(s, ignored >> (s - 1) & 1 ? SIG_IGN : SIG_DFL);
// 	}
// }
import "C"

import (
	"unsafe"

	"box/internal/early"

	"golang.org/x/sys/unix"
)

// Catch takes over the signals of set, bit 0 being signal 1, from the Go runtime: each that arrives from now on is a byte
// with its number to be read from the descriptor that is returned. It is for a monitor that sleeps in poll(2): os/signal
// would cost it threads, and the runtime unblocks some signals in all of its own, so that signalfd(2) never sees them.
//
// Before the Go runtime has begun it is a signalfd(2), from which a struct signalfd_siginfo is read. After that a byte has
// host.Asked, too, if the signal was sent by host.AskProcess.
func Catch(set uint64) (fd int, err error) {
	if early.Running() {
		return catchNow(set)
	}
	return catch(set)
}

// catchNow blocks the signals, so that they can be read.
func catchNow(set uint64) (fd int, err error) {
	const none, flags = ^uintptr(0), unix.SFD_CLOEXEC | unix.SFD_NONBLOCK
	var before uint64
	mask := uintptr(unsafe.Pointer(&set))
	_, _, _ = unix.RawSyscall6(unix.SYS_RT_SIGPROCMASK, unix.SIG_BLOCK, mask, uintptr(unsafe.Pointer(&before)), 8, 0, 0)
	early.Masked(before)
	r, _, errno := unix.RawSyscall6(unix.SYS_SIGNALFD4, none, mask, 8, flags, 0, 0)
	if errno != 0 {
		early.Ordinary()
		return -1, errno
	}
	return int(r), nil
}

//go:noinline
func catch(set uint64) (fd int, err error) {
	early.Ordinary()
	var pipe [2]int
	if err := unix.Pipe2(pipe[:], unix.O_CLOEXEC|unix.O_NONBLOCK); err != nil {
		return -1, err
	}
	C.catch(C.int(pipe[1]), C.uint64_t(set))
	return pipe[0], nil
}

// Default gives all signals the dispositions back that they had before the Go runtime took them over, but for those that it
// can't do without: they end the process as they would end any other.
func Default() {
	if !early.Running() {
		early.Ordinary()
		C.let(C.uint64_t(Ignored()))
	}
}
