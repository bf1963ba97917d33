// Makes the calls that the default policy is about, and says which of them get through.
//
// Usage: probe watched|direct|foreign sandbox|free|namespace
//
// watched: A second filter of our own lies on top of the sandbox's, and has each call answered by ourselves: seccomp(2) takes
// the stricter of the two answers, so a call comes to us exactly if the sandbox's filter lets it through. None is made. So it
// doesn't matter what the kernel would say, and all numbers and arguments can be tried.
//
// direct: The calls are made, with arguments that the kernel doesn't answer as the filter does, see calls.h.
//
// foreign: The calls of i386 and x32 are tried, each in a process of its own, which the filter must kill.
//
// In the sandbox each call must be answered as the policy says. The probes are worth nothing if they don't fire: free says
// that there is no filter, and namespace that this is root of new namespaces besides, without a filter; then each must get
// through.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include "calls.h"

#define LEN(a) (sizeof(a) / sizeof((a)[0]))
#define HIGH (1UL << 32) // the kernel looks at the low half of most numbers, and so must the filter

// The answers beside -errno.
#define THROUGH 4242L  // the sandbox's filter lets it through
#define KILLED (-7777L) // by the sandbox's filter
#define CRASHED (-7778L)

// Where a call is tried.
enum { WATCHED = 1, DIRECT = 2, REFUSED_ONLY = 4 }; // the last: direct, but where the policy refuses it only

struct probe {
	const char *group;
	struct call call;
	int want; // an errno, or 0: it is let through
	int where;
	long answer;
};

static struct probe *probes;
static size_t count;

static void die(const char *what) {
	perror(what);
	exit(2);
}

static void add(const char *group, struct call call, int want, int where) {
	if (count % 1024 == 0 && !(probes = realloc(probes, (count + 1024) * sizeof *probes))) die("realloc");
	probes[count++] = (struct probe){group, call, want, where, 0};
}

// add_args adds a call with up to three arguments.
static void add_args(const char *group, const char *name, long number, unsigned long a, unsigned long b, unsigned long c,
		int want, int where) {
	add(group, (struct call){name, number, {a, b, c}, NONE, 0}, want, where);
}

static void add_list(const char *group, const struct call *list, size_t n, int want) {
	for (size_t i = 0; i < n; i++) {
		struct call c = list[i];
		add(group, c, want, WATCHED | DIRECT);
		c.number = (long)((unsigned long)c.number ^ HIGH);
		add(group, c, want, WATCHED | DIRECT);
	}
}

// add_numbers adds each number, whatever the arguments are.
static void add_numbers(void) {
	for (long n = 0; n < 1024; n++) {
		const char *name = "";
		// The kernel asks no filter about these, and kills whoever isn't its own code that comes back from a probe.
		int want = ENOSYS, skip = n == URETPROBE || n == UPROBE;
		for (size_t i = 0; i < LEN(by_argument); i++) skip |= by_argument[i] == n;
		for (size_t i = 0; i < LEN(refused); i++) if (refused[i].number == n) want = EPERM, name = refused[i].name;
		for (size_t i = 0; i < LEN(allowed); i++) if (allowed[i].number == n) want = 0, name = allowed[i].name;
		if (!skip) add("number", (struct call){name, n, {0}, NONE, 0}, want, WATCHED);
	}
}

static void add_namespaces(void) {
	static unsigned long args[1 << LEN(namespaces)][8]; // struct clone_args: the flags are the first
	const unsigned long sighand = 0x800; // without CLONE_VM: the kernel says EINVAL, so that no process is made
	for (unsigned set = 0; set < LEN(args); set++) {
		unsigned long flags = 0;
		for (size_t i = 0; i < LEN(namespaces); i++) if (set >> i & 1) flags |= namespaces[i];
		int want = flags ? EPERM : 0;
		for (int high = 0; high < 2; high++) {
			unsigned long f = high ? flags | HIGH : flags;
			add_args("clone", "clone", CLONE, f | SIGCHLD, 0, 0, want, WATCHED);
			add_args("clone", "clone", CLONE, f | NEWTIME, 0, 0, want, WATCHED);
			add_args("clone", "clone", CLONE, f | 0x4100, 0, 0, want, WATCHED); // CLONE_VM and CLONE_VFORK
			if (flags) add_args("clone", "clone", CLONE, f | sighand | SIGCHLD, 0, 0, want, WATCHED | DIRECT);
			add_args("unshare", "unshare", UNSHARE, f, 0, 0, EPERM, WATCHED);
			add_args("unshare", "unshare", UNSHARE, f | NEWTIME, 0, 0, EPERM, WATCHED);
			add_args("unshare", "unshare", UNSHARE, f | 1, 0, 0, EPERM, WATCHED | DIRECT); // no such flag: EINVAL
		}
		args[set][0] = flags | NEWTIME | sighand;
		add_args("clone3", "clone3", CLONE3, (unsigned long)args[set], sizeof args[set], 0, ENOSYS, WATCHED | DIRECT);
	}
}

static void add_sockets(void) {
	const int unix_ = 1, inet = 2, inet6 = 10, netlink = 16;
	const unsigned long bad = 0x100; // no such flag: the kernel says EINVAL before it looks at the family
	const unsigned long types[] = {1, 2, 3, 4, 5, 6, 10, 1 | 02000000, bad | 1};
	for (int family = 0; family <= 45; family++) {
		int fine = family == unix_ || family == inet || family == inet6 || family == netlink;
		for (size_t t = 0; t < LEN(types); t++) {
			// Without a filter a family may make the kernel load a module: that is for the sandbox only, where none gets so far.
			int direct = types[t] & bad ? DIRECT : REFUSED_ONLY;
			for (int high = 0; high < 2; high++) {
				unsigned long f = (high ? HIGH : 0) | family;
				int want = fine ? 0 : EAFNOSUPPORT;
				add_args("socket", "socket", SOCKET, f, types[t], 0, want, WATCHED | (want ? direct : 0));
				want = family == unix_ ? 0 : ENOSYS;
				add_args("socketpair", "socketpair", SOCKETPAIR, f, types[t], 0, want, WATCHED | (want ? direct : 0));
			}
		}
	}
	for (unsigned long protocol = 0; protocol <= 22; protocol++)
		for (int high = 0; high < 4; high++) {
			unsigned long f = (high & 1 ? HIGH : 0) | netlink, p = (high & 2 ? HIGH : 0) | protocol;
			int want = protocol ? EPROTONOSUPPORT : 0;
			add_args("netlink", "socket", SOCKET, f, 3, p, want, WATCHED | (want ? REFUSED_ONLY : 0));
			add_args("netlink", "socket", SOCKET, f, bad | 3, p, want, WATCHED | (want ? DIRECT : 0));
		}
	for (unsigned long family = inet; family <= inet6; family += inet6 - inet)
		for (unsigned long n = 0; n < 332; n++) {
			unsigned long protocol = n < 300 ? n : 1UL << (n - 300);
			int fine = 0;
			for (size_t i = 0; i < LEN(protocols); i++) fine |= protocols[i] == protocol;
			for (int high = 0; high < 4; high++) {
				unsigned long f = (high & 1 ? HIGH : 0) | family, p = (high & 2 ? HIGH : 0) | protocol;
				int want = fine ? 0 : EPROTONOSUPPORT;
				add_args("protocol", "socket", SOCKET, f, 1, p, want, WATCHED | (want ? REFUSED_ONLY : 0));
				add_args("protocol", "socket", SOCKET, f, bad | 2, p, want, WATCHED | (want ? DIRECT : 0));
			}
		}
	for (int bit = 6; bit < 32; bit++) // of the families that there can't be
		add_args("socket", "socket", SOCKET, 1UL << bit | inet, bad | 1, 0, EAFNOSUPPORT, WATCHED | DIRECT);
}

// add_modes adds the calls that make files and set their modes, with and without set-user-ID and set-group-ID. Of a mode the
// kernel looks at 16 bits.
static void add_modes(void) {
	const unsigned long setid[] = {0, 04000, 02000, 06000}, base[] = {0, 0755, 01777, 0100644}, above[] = {0, 1 << 16, HIGH, 1UL << 63};
	for (size_t c = 0; c < LEN(with_modes); c++)
		for (int m = 0; m < 64; m++) {
			unsigned long mode = setid[m & 3] | base[m >> 2 & 3] | above[m >> 4];
			struct call call = {with_modes[c].name, with_modes[c].number, {0}, NONE, 0};
			memcpy(call.args, with_modes[c].args, sizeof call.args);
			call.args[with_modes[c].mode] = mode;
			if (with_modes[c].flags < 0) {
				add("mode", call, mode & 06000 ? EPERM : 0, WATCHED | (mode & 06000 ? DIRECT : 0));
				continue;
			}
			for (int bit = -1; bit < 64; bit++) { // each flag, alone and with another one
				unsigned long flags = bit < 0 ? 0 : 1UL << bit;
				for (int more = 0; more < 2; more++, flags |= O_CLOEXEC) {
					call.args[with_modes[c].flags] = flags;
					int want = mode & 06000 && (flags & O_CREAT || flags & (O_TMPFILE & ~O_DIRECTORY)) ? EPERM : 0;
					add("mode", call, want, WATCHED | (want ? DIRECT : 0));
				}
			}
		}
}

static void add_leases(void) {
	for (unsigned long n = 0; n < 1100 + 32; n++) {
		unsigned long command = n < 1100 ? n : 1UL << (n - 1100);
		int want = 0;
		for (size_t i = 0; i < LEN(lease_commands); i++) if (lease_commands[i] == command) want = EINVAL;
		add_args("fcntl", "fcntl", FCNTL, NO, command, 0, want, WATCHED | (want ? DIRECT : 0));
		add_args("fcntl", "fcntl", FCNTL, NO, command | HIGH, 0, want, WATCHED | (want ? DIRECT : 0));
	}
}

enum { TERMINAL = 100 }; // the descriptor of our controlling terminal

static void add_terminals(void) {
	static const char pushed[] = "x";
	const unsigned long high[] = {0, HIGH, NO << 32, 1UL << 63};
	for (size_t i = 0; i < LEN(terminal_requests); i++) {
		unsigned long n = terminal_requests[i].number, arg = terminal_requests[i].arg;
		const char *name = terminal_requests[i].name;
		for (size_t h = 0; h < LEN(high); h++) {
			add_args("ioctl", name, IOCTL, NO, high[h] | n, 0, EPERM, WATCHED | DIRECT);
			add("ioctl", (struct call){name, IOCTL, {TERMINAL, high[h] | n, arg ? arg : (unsigned long)pushed},
				n == 0x541d || n == 0x5437 ? ROOT : NONE, 0}, EPERM, WATCHED | DIRECT);
		}
		for (int bit = 0; bit < 32; bit++) { // each other request that is one bit away
			unsigned long other = n ^ 1UL << bit;
			int is = 0;
			for (size_t k = 0; k < LEN(terminal_requests); k++) is |= terminal_requests[k].number == other;
			if (!is) add_args("ioctl", "ioctl", IOCTL, NO, other, 0, 0, WATCHED);
		}
	}
}

static void add_personalities(void) {
	for (size_t i = 0; i < LEN(personalities); i++) {
		add_args("personality", "personality", PERSONALITY, personalities[i], 0, 0, 0, WATCHED);
		add_args("personality", "personality", PERSONALITY, personalities[i] | HIGH, 0, 0, 0, WATCHED);
		for (int bit = 0; bit < 32; bit++) {
			unsigned long other = personalities[i] ^ 1UL << bit;
			int is = 0;
			for (size_t k = 0; k < LEN(personalities); k++) is |= personalities[k] == other;
			if (is) continue;
			add_args("personality", "personality", PERSONALITY, other, 0, 0, ENOSYS, WATCHED | DIRECT);
			add_args("personality", "personality", PERSONALITY, other | HIGH, 0, 0, ENOSYS, WATCHED | DIRECT);
		}
	}
}

static long call(unsigned long number, const unsigned long a[6]) {
	register unsigned long r10 __asm__("r10") = a[3], r8 __asm__("r8") = a[4], r9 __asm__("r9") = a[5];
	long answer;
	__asm__ volatile("syscall" : "=a"(answer) : "a"(number), "D"(a[0]), "S"(a[1]), "d"(a[2]), "r"(r10), "r"(r8), "r"(r9)
		: "rcx", "r11", "memory");
	return answer;
}

static long call_i386(unsigned long number) {
	long answer;
	__asm__ volatile("int $0x80" : "=a"(answer) : "a"(number), "b"(0), "c"(0), "d"(0), "S"(0), "D"(0)
		: "r8", "r9", "r10", "r11", "memory");
	return (int)answer;
}

// filter puts a filter over this thread that has one answer for everything, and returns what seccomp(2) does.
static int filter(unsigned answer, unsigned flags) {
	struct sock_filter code = {BPF_RET | BPF_K, 0, 0, answer};
	struct sock_fprog program = {1, &code};
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)) die("PR_SET_NO_NEW_PRIVS");
	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program);
}

static volatile int listener = -1, finished;

// worker makes the calls of watched. From the filter on it may make no other: each would be answered like them.
static void *worker(void *none) {
	int fd = filter(SECCOMP_RET_USER_NOTIF, SECCOMP_FILTER_FLAG_NEW_LISTENER);
	if (fd < 0) die("seccomp");
	__atomic_store_n(&listener, fd, __ATOMIC_SEQ_CST);
	for (size_t i = 0; i < count; i++)
		if (probes[i].where & WATCHED) probes[i].answer = call(probes[i].call.number, probes[i].call.args);
	__atomic_store_n(&finished, 1, __ATOMIC_SEQ_CST);
	for (;;) __builtin_ia32_pause();
	return none;
}

// watch answers what comes through while the worker works.
static void watch(void) {
	pthread_t thread;
	if ((errno = pthread_create(&thread, NULL, worker, NULL))) die("pthread_create");
	while (__atomic_load_n(&listener, __ATOMIC_SEQ_CST) < 0) usleep(100);
	while (!__atomic_load_n(&finished, __ATOMIC_SEQ_CST)) {
		struct pollfd p = {listener, POLLIN, 0};
		struct seccomp_notif request = {0};
		if (poll(&p, 1, 10) <= 0) continue;
		if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &request)) die("SECCOMP_IOCTL_NOTIF_RECV");
		struct seccomp_notif_resp response = {.id = request.id, .val = THROUGH};
		if (ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &response)) die("SECCOMP_IOCTL_NOTIF_SEND");
	}
}

// terminal makes a new terminal the one that controls us, as descriptor TERMINAL: it is where characters can be pushed in.
static void terminal(void) {
	int master = posix_openpt(O_RDWR | O_NOCTTY);
	if (master < 0 || grantpt(master) || unlockpt(master)) die("posix_openpt");
	if (setsid() < 0) die("setsid");
	int fd = open(ptsname(master), O_RDWR); // a session's first is its own
	if (fd < 0 || dup2(fd, TERMINAL) < 0) die("terminal");
}

// make makes the calls of direct; refused says that those may be made too which would do something if they got through.
static void make(int refused_too) {
	terminal();
	for (size_t i = 0; i < count; i++)
		if (probes[i].where & (refused_too ? DIRECT | REFUSED_ONLY : DIRECT)) {
			probes[i].answer = call(probes[i].call.number, probes[i].call.args);
			if (probes[i].call.number == PERSONALITY && probes[i].answer >= 0)
				call(PERSONALITY, (unsigned long[6]){0});
		}
}

struct foreign {
	int i386;
	unsigned long number;
	volatile long *answer;
};

// foreign_thread is not the first of its process: the whole process must be killed, and not it alone. Our own filter has
// each call that gets through answered, so none is made.
static void *foreign_thread(void *p) {
	const struct foreign *f = p;
	if (filter(SECCOMP_RET_ERRNO | 99, 0)) die("seccomp");
	*f->answer = f->i386 ? call_i386(f->number) : call(f->number, (unsigned long[6]){0});
	__builtin_trap(); // exit is answered too
}

// try_foreign returns what becomes of a call of i386 or x32.
static long try_foreign(int i386, unsigned long number, volatile long *answer) {
	*answer = 0;
	pid_t pid = fork();
	if (pid < 0) die("fork");
	if (pid == 0) {
		struct foreign f = {i386, number, answer};
		pthread_t thread;
		if (prctl(PR_SET_DUMPABLE, 0) || (errno = pthread_create(&thread, NULL, foreign_thread, &f))) die("thread");
		for (;;) pause();
	}
	int status;
	if (waitpid(pid, &status, 0) != pid) die("waitpid");
	if (*answer == -99) return THROUGH;
	return WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS && *answer == 0 ? KILLED : CRASHED;
}

static void try_all_foreign(void) {
	volatile long *answer = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	const unsigned long x32 = 0x40000000, more[] = {0x3ff00000, 0x3fffffff, 0x80000000, 0x80000027, 0xbffffffe};
	// No program has a use for these; libseccomp takes each number from the first of x32 on for one of x32, but for -1.
	const unsigned long beyond[] = {0x80000000, 0x80000000 | 39, 0xbfffffff, 0xfffffffe};
	for (unsigned long i = 0; i < 600 + LEN(more); i++) {
		unsigned long n = i < 600 ? i : more[i - 600];
		add_args("int 0x80", "i386", (long)n, 0, 0, 0, 0, 0);
		probes[count - 1].answer = try_foreign(1, n, answer);
		add_args("x32", "x32", (long)(n | x32), 0, 0, 0, 0, 0);
		probes[count - 1].answer = try_foreign(0, n | x32, answer);
	}
	for (size_t i = 0; i < LEN(beyond); i++) {
		add_args("beyond x32", "x32", (long)beyond[i], 0, 0, 0, 0, 0);
		probes[count - 1].answer = try_foreign(0, beyond[i], answer);
	}
}

static const char *name_of(long answer) {
	static char text[40];
	if (answer == THROUGH) return "let through";
	if (answer == KILLED) return "killed";
	if (answer == CRASHED) return "crashed";
	if (answer < 0 && answer >= -4095 && strerrorname_np((int)-answer)) return strerrorname_np((int)-answer);
	snprintf(text, sizeof text, "%ld", answer);
	return text;
}

// wrong says whether the answer is not the one that there should be. Without a filter each call must show that it got through.
static int wrong(const struct probe *p, const char *mode, const char *where) {
	int sandbox = !strcmp(where, "sandbox");
	if (!strcmp(mode, "foreign")) return p->answer != (sandbox ? KILLED : THROUGH);
	if (sandbox) return p->answer != (p->want ? -p->want : THROUGH);
	if (!strcmp(mode, "watched")) return p->answer != THROUGH;
	return p->answer == -p->want;
}

// excused says whether the kernel may answer without a filter as the filter would.
static int excused(const struct call *c, const char *where) {
	struct utsname u;
	int major = 0, minor = 0;
	if (uname(&u) || sscanf(u.release, "%d.%d", &major, &minor) != 2) die("uname");
	if (c->since > major * 100 + minor || c->excuse == ROOT || c->excuse == MISSING) return 1;
	return c->excuse == NAMESPACE && strcmp(where, "namespace") != 0;
}

// report prints a line for each group, and one for each answer that there should not be, and returns how many these are.
static int report(const char *mode, const char *where) {
	int direct = !strcmp(mode, "direct"), sandbox = !strcmp(where, "sandbox"), all_wrong = 0;
	int used = !strcmp(mode, "watched") ? WATCHED : !direct ? 0 : sandbox ? DIRECT | REFUSED_ONLY : DIRECT;
	for (size_t first = 0; first < count; first++) {
		const char *group = probes[first].group;
		int seen = 0;
		for (size_t i = first; i-- > 0 && !seen;) seen |= !strcmp(probes[i].group, group);
		if (seen) continue;
		const char *names[20];
		int calls = 0, n = 0, tally[20];
		for (size_t i = first; i < count; i++) {
			const struct probe *p = &probes[i];
			if (strcmp(p->group, group) || (used && !(p->where & used))) continue;
			calls++;
			const char *name = name_of(p->answer);
			if (wrong(p, mode, where)) {
				int fine = direct && !sandbox && excused(&p->call, where);
				all_wrong += !fine;
				printf("%s: %s: %s: %#lx(%#lx, %#lx, %#lx): %s\n", fine ? "not shown" : "WRONG", group, p->call.name,
					(unsigned long)p->call.number, p->call.args[0], p->call.args[1], p->call.args[2], name);
				if (fine) name = "not shown";
			}
			if (direct && !sandbox && strcmp(name, "not shown")) name = "the kernel's own";
			int k = 0;
			while (k < n && strcmp(names[k], name)) k++;
			if (k == (int)LEN(names)) continue;
			if (k == n) names[n] = strdup(name), tally[n++] = 0;
			tally[k]++;
		}
		if (!calls) continue;
		printf("%s: %d calls:", group, calls);
		for (int k = 0; k < n; k++) printf("%s %d %s", k ? "," : "", tally[k], names[k]);
		printf("\n");
	}
	return all_wrong;
}

int main(int argc, char **argv) {
	if (argc != 3) return fprintf(stderr, "usage: probe watched|direct|foreign sandbox|free|namespace\n"), 2;
	const char *mode = argv[1], *where = argv[2];
	if (!strcmp(mode, "foreign")) {
		try_all_foreign();
		return report(mode, where) != 0;
	}
	add_list("EPERM", refused, LEN(refused), EPERM);
	add_list("ENOSYS", absent, LEN(absent), ENOSYS);
	add_numbers();
	add_namespaces();
	add_sockets();
	add_terminals();
	add_personalities();
	add_modes();
	add_leases();
	if (!strcmp(mode, "watched")) {
		watch();
		int failed = report(mode, where) != 0;
		fflush(stdout);
		_exit(failed); // the worker never ends
	}
	pid_t pid = fork(); // whoever leads a process group can't begin a session
	if (pid == 0) {
		make(!strcmp(where, "sandbox"));
		return report(mode, where) != 0;
	}
	int status;
	if (pid < 0 || waitpid(pid, &status, 0) != pid) die("fork");
	return WIFEXITED(status) ? WEXITSTATUS(status) : 2;
}
