// Makes a system call again and again, and prints how many nanoseconds one took.
// Usage: loop getppid|ioctl|socket COUNT
//
// The kernel has next to nothing to do for these: the ioctl is of no descriptor, the socket has flags that don't exist. So
// what a filter costs is as large a share of a call as it can be.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static const struct { const char *name; long number, args[3]; } calls[] = {
	{"getppid", SYS_getppid, {0}},
	{"ioctl", SYS_ioctl, {-1, 0x5401, 0}},
	{"socket", SYS_socket, {1, 0x101, 0}},
};

static double now(void) {
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

int main(int argc, char **argv) {
	for (size_t i = 0; argc == 3 && i < sizeof calls / sizeof *calls; i++) {
		if (strcmp(argv[1], calls[i].name) != 0) continue;
		const long *args = calls[i].args, count = atol(argv[2]);
		double begin = now();
		for (long n = 0; n < count; n++) syscall(calls[i].number, args[0], args[1], args[2]);
		printf("%f\n", (now() - begin) / (double)count);
		return 0;
	}
	return 1;
}
