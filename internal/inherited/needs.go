package inherited

// The Go runtime needs threads, and epoll(7) for files, and ends with a traceback where it gets none: other processes of the user
// may have used up what the user may have. Here that is reported in a sentence.

// #cgo LDFLAGS: -Wl,--wrap=_cgo_try_pthread_create -Wl,--wrap=__clone3
//
// #include <errno.h>
// #include <pthread.h>
// #include <string.h>
// #include <sys/epoll.h>
// #include <sys/eventfd.h>
// #include <sys/resource.h>
// #include <unistd.h>
//
// static int is_bwrap;
//
// static void say(const char *text) { (void)!write(2, text, strlen(text)); }
//
// static void give_up(const char *headline, const char *cause) {
// 	say(is_bwrap ? "bwrap: " : "box: ");
// 	say(headline);
// 	if (!is_bwrap) {
// 		say("\nbox: cause: ");
// 		say(cause);
// 	}
// 	say("\n");
// 	_exit(is_bwrap ? 1 : 125);
// }
//
// static int watches(void) {
// 	struct epoll_event event = { .events = EPOLLIN };
// 	int set = epoll_create1(EPOLL_CLOEXEC), one = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
// 	int error = set < 0 || one < 0 || epoll_ctl(set, EPOLL_CTL_ADD, one, &event) < 0 ? errno : 0;
// 	if (set >= 0) close(set);
// 	if (one >= 0) close(one);
// 	return error;
// }
//
// __attribute__((constructor)) static void need(int argc, char **argv) {
// 	struct rlimit files, raised;
// 	const char *slash = argc > 0 ? strrchr(argv[0], '/') : NULL;
// 	is_bwrap = argc > 0 && strcmp(slash ? slash + 1 : argv[0], "bwrap") == 0 || argc > 1 && strcmp(argv[1], "bwrap") == 0;
// 	int error = watches();
// 	if (error == EMFILE && getrlimit(RLIMIT_NOFILE, &files) == 0) { // the runtime raises the soft limit before it needs any
// 		raised = files;
// 		raised.rlim_cur = raised.rlim_max;
// 		setrlimit(RLIMIT_NOFILE, &raised);
// 		error = watches();
// 		setrlimit(RLIMIT_NOFILE, &files);
// 	}
// 	switch (error) {
// 	case 0:
// 		break;
// 	case EMFILE:
// 	case ENFILE:
// 		give_up("no more descriptors can be opened",
// 			"the hard limit for them, ulimit -H -n, or that of the machine, fs.file-max, is reached");
// 	case ENOSPC:
// 		give_up("no more descriptors can be watched",
// 			"the user's epoll watches are used up, see epoll(7), /proc/sys/fs/epoll/max_user_watches");
// 	case ENOMEM:
// 		give_up("no more descriptors can be watched", "there is no memory for it");
// 	default:
// 		give_up("descriptors can't be watched", "a system call filter around box refuses epoll(7) or eventfd(2)");
// 	}
// }
//
// // The constructor of another file may run first, and none of them starts a thread.
// extern int __real__cgo_try_pthread_create(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *) __attribute__((weak));
//
// int __wrap__cgo_try_pthread_create(pthread_t *t, const pthread_attr_t *attr, void *(*start)(void *), void *arg) {
// 	int error = __real__cgo_try_pthread_create(t, attr, start, arg); // it tries for a while
// 	if (error == EAGAIN) give_up(
// 		is_bwrap ? "Creating new namespace failed: Resource temporarily unavailable" : "no more processes can be started",
// 		"the user's limit on processes, ulimit -u, or pids.max of a control group is reached");
// 	if (error == EPERM) give_up("no thread can be started", "a system call filter around box refuses clone3(2) or clone(2)");
// 	return error;
// }
//
// // glibc makes threads by clone3(2), and by clone(2) only where that is ENOSYS: Docker's filter says EPERM, up to 20.10. So a
// // static box has no such function.
// int __wrap___clone3(void *args, size_t size, int (*start)(void *), void *arg) {
// 	errno = ENOSYS;
// 	return -1;
// }
import "C"
