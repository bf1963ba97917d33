// Package inherited records what the process was given by its caller and what the Go runtime changes before any Go code
// runs: the runtime raises RLIMIT_NOFILE (syscall's init) and takes over the dispositions of signals, so that most of
// those which the caller ignores are lost. A C constructor runs before it and remembers.
//
// It lets the runtime see one CPU only, the one it is on: a monitor sleeps, and the threads that a runtime starts for more
// CPUs cost a tenth of a start. Whoever runs a command gives it the caller's CPUs back.
//
// It is linked into cmd/box only.
package inherited

// #include <signal.h>
// #include <stdint.h>
// #include <string.h>
// #include <sys/auxv.h>
// #include <sys/resource.h>
// #include <sys/syscall.h>
// #include <unistd.h>
//
// static struct rlimit files;
// static uint64_t ignored, blocked;
// static uintptr_t start, end;
// static char **environment;
// static long callers_id;
// static unsigned char cpus[1024];
// static long cpus_size;
//
// static void one_cpu(void) {
// 	static unsigned char one[sizeof cpus];
// 	unsigned cpu;
// 	cpus_size = syscall(SYS_sched_getaffinity, 0, sizeof cpus, cpus);
// 	if (cpus_size <= 0 || syscall(SYS_getcpu, &cpu, NULL, NULL) != 0 || cpu / 8 >= sizeof one) return;
// 	((unsigned long *)one)[cpu / (8 * sizeof(long))] = 1UL << cpu % (8 * sizeof(long));
// 	syscall(SYS_sched_setaffinity, 0, cpus_size, one);
// }
//
// static void span(char **strings) {
// 	for (; *strings; strings++) {
// 		uintptr_t s = (uintptr_t)*strings;
// 		if (!start || s < start) start = s;
// 		if (s + strlen(*strings) + 1 > end) end = s + strlen(*strings) + 1;
// 	}
// }
//
// __attribute__((constructor)) static void remember(int argc, char **argv, char **envp) {
// 	callers_id = getppid();
// 	getrlimit(RLIMIT_NOFILE, &files);
// 	for (int s = 1; s < 65; s++) {
// 		struct { void *handler; unsigned long flags; void *restorer; uint64_t mask; } action;
// 		if (syscall(SYS_rt_sigaction, s, NULL, &action, 8) == 0 && action.handler == (void *)SIG_IGN)
// 			ignored |= (uint64_t)1 << (s - 1);
// 	}
// 	syscall(SYS_rt_sigprocmask, SIG_BLOCK, NULL, &blocked, 8);
// 	if (argc < 1 || strcmp(argv[0], "box-net") != 0) one_cpu(); // netns.Name: that one does not sleep
// 	environment = envp;
// 	span(argv);
// 	span(envp);
// }
//
// static uint64_t soft(void) { return files.rlim_cur; }
// static uint64_t hard(void) { return files.rlim_max; }
// static uint64_t get_ignored(void) { return ignored; }
// static uint64_t get_blocked(void) { return blocked; }
// static long get_caller(void) { return callers_id; }
// static long get_cpus_size(void) { return cpus_size; }
// static void *get_cpus(void) { return cpus; }
// static uintptr_t get_start(void) { return start; }
// static uintptr_t get_end(void) { return end; }
// static int secure(void) { return getauxval(AT_SECURE) != 0; }
// static char *variable(long i) { return environment[i]; }
import "C"

import (
	"os"

	"box/internal/early"
)

// Files returns the caller's limits for descriptors, soft and hard.
func Files() (soft, hard uint64) {
	if early.Running() {
		return filesNow()
	}
	early.Ordinary()
	return uint64(C.soft()), uint64(C.hard())
}

// Ignored returns the signals that the caller ignored, bit 0 being signal 1.
func Ignored() uint64 {
	if early.Running() {
		first.ignored, first.asked = ignoredNow(), true
	}
	if first.asked {
		return first.ignored
	}
	early.Ordinary()
	return uint64(C.get_ignored())
}

// Blocked returns the signals that the caller blocked.
func Blocked() uint64 {
	if early.Running() {
		first.blocked, first.masked = blockedNow(), true
	}
	if first.masked {
		return first.blocked
	}
	early.Ordinary()
	return uint64(C.get_blocked())
}

//go:noinline
func caller() int {
	early.Ordinary()
	return int(C.get_caller())
}

// Words returns where the kernel has put the arguments and the environment: the first byte, and how many.
func Words() (start, size uintptr) {
	if early.Running() {
		return early.Span()
	}
	early.Ordinary()
	return uintptr(C.get_start()), uintptr(C.get_end() - C.get_start())
}

// Secure reports whether the kernel says that the process may do more than its caller, see getauxval(3), AT_SECURE.
func Secure() bool {
	if early.Running() {
		return early.Secure()
	}
	early.Ordinary()
	return C.secure() != 0
}

// Environ returns the environment as it was handed over: os.Environ leaves out what is there twice.
func Environ() []string {
	if early.Running() {
		return early.Environ()
	}
	return environ()
}

//go:noinline
func environ() (env []string) {
	early.Ordinary()
	for i := C.long(0); ; i++ {
		v := C.variable(i)
		if v == nil {
			return env
		}
		env = append(env, C.GoString(v))
	}
}

//go:noinline
func variable(name string) string {
	early.Ordinary()
	return os.Getenv(name)
}

// CPUs returns the caller's affinity mask, see sched_setaffinity(2), or nothing if it could not be read, or if it has not changed.
func CPUs() []byte {
	if early.Running() {
		return nil
	}
	early.Ordinary()
	return C.GoBytes(C.get_cpus(), C.int(max(C.get_cpus_size(), 0)))
}
