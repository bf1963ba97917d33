// The calls that the default policy is about, by the numbers of x86-64: a header of the system may not know the newest.
//
// The arguments are ones that the kernel answers otherwise than the policy does: a bad pointer, a bad descriptor, a flag
// that doesn't exist. So a call that gets through is seen, and does nothing.

// What lets the kernel's own answer be the same as the filter's, so that it tells nothing without a filter.
enum excuse {
	NONE,
	NAMESPACE, // a capability is asked for before the arguments are looked at, and root of a new user namespace has it
	ROOT,      // the same, and only root of the whole machine has it
	MISSING,   // there is no such call, or not in every kernel: it was removed, or can be left out
};

struct call {
	const char *name;
	long number;
	unsigned long args[6];
	enum excuse excuse;
	int since; // the version of Linux that has it, 605 for 6.5; before that it's missing
};

#define BAD 1        // no pointer, and no page begins there
#define NO (-1UL)    // no descriptor, no process, every flag
#define WRONG 0xfffUL // no command, no clock, no flags that go together

// The kernel asks for a capability, or the call reaches other processes: EPERM.
static const struct call refused[] = {
	{"acct", 163, {BAD}, ROOT},
	{"add_key", 248, {BAD, BAD, BAD, 1, NO}},
	{"bpf", 321, {WRONG, BAD, 0x100000}},
	{"chroot", 161, {BAD}},
	{"clock_settime", 227, {WRONG, BAD}},
	{"delete_module", 176, {BAD}, ROOT},
	{"fanotify_init", 300, {0x80000200, WRONG}}, // FAN_REPORT_FID, which anybody may
	{"finit_module", 313, {NO, BAD, WRONG}, ROOT},
	{"get_mempolicy", 239, {BAD, 0, 0, 0, NO}},
	{"init_module", 175, {BAD, 1, BAD}, ROOT},
	{"ioperm", 173, {0x100000, 1, 1}},
	{"iopl", 172, {9}},
	{"kcmp", 312, {NO, NO, WRONG}},
	{"kexec_file_load", 320, {NO, NO, 0, BAD, NO}, ROOT},
	{"kexec_load", 246, {0, NO, BAD, NO}, ROOT},
	{"keyctl", 250, {WRONG}},
	{"mbind", 237, {BAD, 1, WRONG, BAD, 1, NO}},
	{"migrate_pages", 256, {NO}},
	{"mount", 165, {BAD, BAD, BAD, 0, BAD}},
	{"move_pages", 279, {NO, 1, BAD, BAD, BAD, NO}},
	{"open_by_handle_at", 304, {NO, BAD, 0}, ROOT},
	{"perf_event_open", 298, {BAD, 0, 0, NO, NO}},
	{"pidfd_getfd", 438, {NO, 0, WRONG}},
	{"pivot_root", 155, {BAD, BAD}, NAMESPACE},
	{"process_madvise", 440, {NO, BAD, 1, WRONG, NO}},
	{"process_vm_readv", 310, {NO, BAD, 1, BAD, 1, NO}},
	{"process_vm_writev", 311, {NO, BAD, 1, BAD, 1, NO}},
	{"ptrace", 101, {WRONG, NO}},
	{"quotactl", 179, {WRONG, BAD, 0, BAD}},
	{"quotactl_fd", 443, {NO, WRONG, 0, BAD}},
	{"reboot", 169, {WRONG, WRONG, WRONG, BAD}, NAMESPACE},
	{"request_key", 249, {BAD, BAD, 0, NO}},
	{"setdomainname", 171, {BAD, NO}, NAMESPACE},
	{"sethostname", 170, {BAD, NO}, NAMESPACE},
	{"set_mempolicy", 238, {WRONG, BAD, 1}},
	{"set_mempolicy_home_node", 450, {BAD, 1, NO, NO}},
	{"setns", 308, {NO, 0}},
	{"settimeofday", 164, {BAD, BAD}},
	{"swapoff", 168, {BAD}, ROOT},
	{"swapon", 167, {BAD, NO}},
	{"syslog", 103, {WRONG, BAD, 1}, ROOT},
	{"umount2", 166, {BAD, NO}},
	{"unshare", 272, {1}},
	{"userfaultfd", 323, {0x101}}, // UFFD_USER_MODE_ONLY, which anybody may
	{"vhangup", 153, {0}, ROOT},
};

// They look as if the kernel didn't have them: ENOSYS.
static const struct call absent[] = {
	{"clone3", 435, {BAD, 0}},
	{"io_uring_setup", 425, {0, BAD}},
	{"io_uring_enter", 426, {NO, 1, 1, NO}},
	{"io_uring_register", 427, {NO, WRONG, BAD, 1}},
	{"open_tree", 428, {NO, BAD, NO}},
	{"open_tree_attr", 467, {NO, BAD, NO, BAD, WRONG}, NONE, 615},
	{"move_mount", 429, {NO, BAD, NO, BAD, NO}},
	{"fsopen", 430, {BAD, NO}},
	{"fsconfig", 431, {NO, WRONG, BAD, BAD, 0}},
	{"fsmount", 432, {NO, NO, NO}},
	{"fspick", 433, {NO, BAD, NO}},
	{"mount_setattr", 442, {NO, BAD, NO, BAD, WRONG}},
	{"statmount", 457, {BAD, BAD, WRONG, NO}, NONE, 608},
	{"listmount", 458, {BAD, BAD, WRONG, NO}, NONE, 608},
	{"lsm_get_self_attr", 459, {NO, BAD, BAD, NO}, NONE, 608},
	{"lsm_set_self_attr", 460, {NO, BAD, WRONG, NO}, NONE, 608},
	{"lsm_list_modules", 461, {BAD, BAD, NO}, NONE, 608},
	{"modify_ldt", 154, {0, BAD, 0}},
	{"name_to_handle_at", 303, {NO, BAD, BAD, BAD, NO}},
	{"fanotify_mark", 301, {NO, NO, NO, NO, BAD}},
	{"vmsplice", 278, {NO, BAD, 1, NO}},
	{"remap_file_pages", 216, {BAD, WRONG, NO, NO, NO}},
	{"io_setup", 206, {1, BAD}},
	{"io_destroy", 207, {BAD}},
	{"io_getevents", 208, {BAD, 1, 1, BAD, 0}},
	{"io_submit", 209, {BAD, 1, BAD}},
	{"io_cancel", 210, {BAD, BAD, BAD}},
	{"io_pgetevents", 333, {BAD, 1, 1, BAD, 0, 0}},
	{"openat2", 437, {NO, BAD, BAD, 24}},
	{"ustat", 136, {NO, BAD}},
	{"sysfs", 139, {WRONG}, MISSING},
	{"uselib", 134, {BAD}, MISSING},
	{"lookup_dcookie", 212, {NO, BAD, 1}, MISSING},
	{"_sysctl", 156, {BAD}, MISSING},
	{"create_module", 174, {BAD}, MISSING},
	{"get_kernel_syms", 177, {BAD}, MISSING},
	{"query_module", 178, {BAD}, MISSING},
	{"nfsservctl", 180, {WRONG}, MISSING},
	{"getpmsg", 181, {NO}, MISSING},
	{"putpmsg", 182, {NO}, MISSING},
	{"afs_syscall", 183, {NO}, MISSING},
	{"tuxcall", 184, {NO}, MISSING},
	{"security", 185, {NO}, MISSING},
	{"epoll_ctl_old", 214, {NO}, MISSING},
	{"epoll_wait_old", 215, {NO}, MISSING},
	{"vserver", 236, {NO}, MISSING},
	{"600", 600, {BAD}, MISSING},
	{"1000", 1000, {BAD}, MISSING},
	{"4095", 4095, {BAD}, MISSING},
	{"-1", -1, {BAD}, MISSING},
};

// What the arguments decide.
enum { CLONE = 56, PERSONALITY = 135, SOCKET = 41, SOCKETPAIR = 53, IOCTL = 16, UNSHARE = 272, CLONE3 = 435,
	URETPROBE = 335, UPROBE = 336, OPEN = 2, FCNTL = 72, CREAT = 85, CHMOD = 90, FCHMOD = 91, MKNOD = 133, OPENAT = 257,
	MKNODAT = 259, FCHMODAT = 268, FCHMODAT2 = 452 };
static const long by_argument[] = {CLONE, PERSONALITY, SOCKET, SOCKETPAIR, IOCTL, OPEN, FCNTL, CREAT, CHMOD, FCHMOD, MKNOD,
	OPENAT, MKNODAT, FCHMODAT, FCHMODAT2};

// Calls that have the mode of a file, and in which argument. In those with flags it counts with O_CREAT or __O_TMPFILE only.
static const struct { long number; const char *name; unsigned long args[6]; int flags, mode; } with_modes[] = {
	{OPEN, "open", {BAD}, 1, 2}, {OPENAT, "openat", {NO, BAD}, 2, 3}, {CREAT, "creat", {BAD}, -1, 1},
	{CHMOD, "chmod", {BAD}, -1, 1}, {FCHMOD, "fchmod", {NO}, -1, 1}, {FCHMODAT, "fchmodat", {NO, BAD}, -1, 2},
	{FCHMODAT2, "fchmodat2", {NO, BAD}, -1, 2}, {MKNOD, "mknod", {BAD}, -1, 1}, {MKNODAT, "mknodat", {NO, BAD}, -1, 2},
};

// F_SETLEASE, F_NOTIFY, F_SETDELEG.
static const unsigned long lease_commands[] = {1024, 1026, 1040};

// Of inet and inet6: 0, ICMP, TCP, UDP, ICMPv6.
static const unsigned long protocols[] = {0, 1, 6, 17, 58};

// CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET; for clone(2) the bit of NEWTIME is part of a signal.
static const unsigned long namespaces[] = {0x20000, 0x2000000, 0x4000000, 0x8000000, 0x10000000, 0x20000000, 0x40000000};
#define NEWTIME 0x80UL

static const unsigned long personalities[] = {0, 8, 0x20000, 0x20008, 0x40000, 0x40008, 0xffffffff};

static const struct { unsigned long number; const char *name; unsigned long arg; } terminal_requests[] = {
	{0x5412, "TIOCSTI", 0}, {0x541c, "TIOCLINUX", BAD}, {0x541d, "TIOCCONS", BAD},
	{0x5423, "TIOCSETD", BAD}, {0x541f, "TIOCSSERIAL", BAD}, {0x5437, "TIOCVHANGUP", BAD},
};

// The rest that is let through, whatever the arguments.
static const struct { long number; const char *name; } allowed[] = {
	{0, "read"}, {1, "write"}, {3, "close"}, {4, "stat"}, {5, "fstat"}, {6, "lstat"}, {7, "poll"},
	{8, "lseek"}, {9, "mmap"}, {10, "mprotect"}, {11, "munmap"}, {12, "brk"}, {13, "rt_sigaction"}, {14, "rt_sigprocmask"},
	{15, "rt_sigreturn"}, {17, "pread64"}, {18, "pwrite64"}, {19, "readv"}, {20, "writev"}, {21, "access"}, {22, "pipe"},
	{23, "select"}, {24, "sched_yield"}, {25, "mremap"}, {26, "msync"}, {27, "mincore"}, {28, "madvise"}, {29, "shmget"},
	{30, "shmat"}, {31, "shmctl"}, {32, "dup"}, {33, "dup2"}, {34, "pause"}, {35, "nanosleep"}, {36, "getitimer"},
	{37, "alarm"}, {38, "setitimer"}, {39, "getpid"}, {40, "sendfile"}, {42, "connect"}, {43, "accept"}, {44, "sendto"},
	{45, "recvfrom"}, {46, "sendmsg"}, {47, "recvmsg"}, {48, "shutdown"}, {49, "bind"}, {50, "listen"}, {51, "getsockname"},
	{52, "getpeername"}, {54, "setsockopt"}, {55, "getsockopt"}, {57, "fork"}, {58, "vfork"}, {59, "execve"}, {60, "exit"},
	{61, "wait4"}, {62, "kill"}, {63, "uname"}, {64, "semget"}, {65, "semop"}, {66, "semctl"}, {67, "shmdt"},
	{68, "msgget"}, {69, "msgsnd"}, {70, "msgrcv"}, {71, "msgctl"}, {73, "flock"}, {74, "fsync"},
	{75, "fdatasync"}, {76, "truncate"}, {77, "ftruncate"}, {78, "getdents"}, {79, "getcwd"}, {80, "chdir"}, {81, "fchdir"},
	{82, "rename"}, {83, "mkdir"}, {84, "rmdir"}, {86, "link"}, {87, "unlink"}, {88, "symlink"},
	{89, "readlink"}, {92, "chown"}, {93, "fchown"}, {94, "lchown"}, {95, "umask"},
	{96, "gettimeofday"}, {97, "getrlimit"}, {98, "getrusage"}, {99, "sysinfo"}, {100, "times"}, {102, "getuid"},
	{104, "getgid"}, {105, "setuid"}, {106, "setgid"}, {107, "geteuid"}, {108, "getegid"}, {109, "setpgid"},
	{110, "getppid"}, {111, "getpgrp"}, {112, "setsid"}, {113, "setreuid"}, {114, "setregid"}, {115, "getgroups"},
	{116, "setgroups"}, {117, "setresuid"}, {118, "getresuid"}, {119, "setresgid"}, {120, "getresgid"}, {121, "getpgid"},
	{122, "setfsuid"}, {123, "setfsgid"}, {124, "getsid"}, {125, "capget"}, {126, "capset"}, {127, "rt_sigpending"},
	{128, "rt_sigtimedwait"}, {129, "rt_sigqueueinfo"}, {130, "rt_sigsuspend"}, {131, "sigaltstack"}, {132, "utime"},
	{137, "statfs"}, {138, "fstatfs"}, {140, "getpriority"}, {141, "setpriority"}, {142, "sched_setparam"},
	{143, "sched_getparam"}, {144, "sched_setscheduler"}, {145, "sched_getscheduler"}, {146, "sched_get_priority_max"},
	{147, "sched_get_priority_min"}, {148, "sched_rr_get_interval"}, {149, "mlock"}, {150, "munlock"}, {151, "mlockall"},
	{152, "munlockall"}, {157, "prctl"}, {158, "arch_prctl"}, {159, "adjtimex"}, {160, "setrlimit"}, {162, "sync"},
	{186, "gettid"}, {187, "readahead"}, {188, "setxattr"}, {189, "lsetxattr"}, {190, "fsetxattr"}, {191, "getxattr"},
	{192, "lgetxattr"}, {193, "fgetxattr"}, {194, "listxattr"}, {195, "llistxattr"}, {196, "flistxattr"},
	{197, "removexattr"}, {198, "lremovexattr"}, {199, "fremovexattr"}, {200, "tkill"}, {201, "time"}, {202, "futex"},
	{203, "sched_setaffinity"}, {204, "sched_getaffinity"}, {205, "set_thread_area"},
	{211, "get_thread_area"},
	{213, "epoll_create"}, {217, "getdents64"}, {218, "set_tid_address"}, {219, "restart_syscall"}, {220, "semtimedop"},
	{221, "fadvise64"}, {222, "timer_create"}, {223, "timer_settime"}, {224, "timer_gettime"}, {225, "timer_getoverrun"},
	{226, "timer_delete"}, {228, "clock_gettime"}, {229, "clock_getres"}, {230, "clock_nanosleep"}, {231, "exit_group"},
	{232, "epoll_wait"}, {233, "epoll_ctl"}, {234, "tgkill"}, {235, "utimes"}, {240, "mq_open"}, {241, "mq_unlink"},
	{242, "mq_timedsend"}, {243, "mq_timedreceive"}, {244, "mq_notify"}, {245, "mq_getsetattr"}, {247, "waitid"},
	{251, "ioprio_set"}, {252, "ioprio_get"}, {253, "inotify_init"}, {254, "inotify_add_watch"}, {255, "inotify_rm_watch"},
	{258, "mkdirat"}, {260, "fchownat"}, {261, "futimesat"}, {262, "newfstatat"},
	{263, "unlinkat"}, {264, "renameat"}, {265, "linkat"}, {266, "symlinkat"}, {267, "readlinkat"},
	{269, "faccessat"}, {270, "pselect6"}, {271, "ppoll"}, {273, "set_robust_list"}, {274, "get_robust_list"},
	{275, "splice"}, {276, "tee"}, {277, "sync_file_range"}, {280, "utimensat"}, {281, "epoll_pwait"}, {282, "signalfd"},
	{283, "timerfd_create"}, {284, "eventfd"}, {285, "fallocate"}, {286, "timerfd_settime"}, {287, "timerfd_gettime"},
	{288, "accept4"}, {289, "signalfd4"}, {290, "eventfd2"}, {291, "epoll_create1"}, {292, "dup3"}, {293, "pipe2"},
	{294, "inotify_init1"}, {295, "preadv"}, {296, "pwritev"}, {297, "rt_tgsigqueueinfo"}, {299, "recvmmsg"},
	{302, "prlimit64"}, {305, "clock_adjtime"}, {306, "syncfs"}, {307, "sendmmsg"}, {309, "getcpu"}, {314, "sched_setattr"},
	{315, "sched_getattr"}, {316, "renameat2"}, {317, "seccomp"}, {318, "getrandom"}, {319, "memfd_create"},
	{322, "execveat"}, {324, "membarrier"}, {325, "mlock2"}, {326, "copy_file_range"}, {327, "preadv2"}, {328, "pwritev2"},
	{329, "pkey_mprotect"}, {330, "pkey_alloc"}, {331, "pkey_free"}, {332, "statx"}, {334, "rseq"},
	{335, "uretprobe"}, {336, "uprobe"}, {424, "pidfd_send_signal"}, {434, "pidfd_open"}, {436, "close_range"},
	{439, "faccessat2"}, {441, "epoll_pwait2"}, {444, "landlock_create_ruleset"},
	{445, "landlock_add_rule"}, {446, "landlock_restrict_self"}, {447, "memfd_secret"}, {448, "process_mrelease"},
	{449, "futex_waitv"}, {451, "cachestat"}, {453, "map_shadow_stack"}, {454, "futex_wake"},
	{455, "futex_wait"}, {456, "futex_requeue"}, {462, "mseal"}, {463, "setxattrat"}, {464, "getxattrat"},
	{465, "listxattrat"}, {466, "removexattrat"}, {468, "file_getattr"}, {469, "file_setattr"},
};
