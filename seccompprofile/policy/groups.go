package policy

import (
	"slices"
	"strings"
)

// group is a set of calls under a name. Where systemd has the name, it means much the same there.
type group struct{ name, calls string }

// groups are sorted by name. A call may be in several.
var groups = [...]group{
	{"@aio", "io_cancel io_destroy io_getevents io_pgetevents io_pgetevents_time64 io_setup io_submit"},
	{"@chown", "chown chown32 fchown fchown32 fchownat lchown lchown32"},
	{"@clock", "adjtimex clock_adjtime clock_adjtime64 clock_settime clock_settime64 settimeofday stime"},
	{"@debug", "kcmp lookup_dcookie perf_event_open pidfd_getfd process_vm_readv process_vm_writev ptrace"},
	{"@io-uring", "io_uring_enter io_uring_register io_uring_setup"},
	{"@ipc", "ipc memfd_create mq_getsetattr mq_notify mq_open mq_timedreceive mq_timedreceive_time64 mq_timedsend " +
		"mq_timedsend_time64 mq_unlink msgctl msgget msgrcv msgsnd pipe pipe2 process_madvise process_vm_readv " +
		"process_vm_writev semctl semget semop semtimedop semtimedop_time64 shmat shmctl shmdt shmget"},
	{"@keyring", "add_key keyctl request_key"},
	{"@landlock", "landlock_add_rule landlock_create_ruleset landlock_restrict_self"},
	{"@module", "delete_module finit_module init_module"},
	{"@mount", "chroot fsconfig fsmount fsopen fspick listmount mount mount_setattr move_mount open_tree open_tree_attr " +
		"pivot_root statmount umount umount2"},
	{"@namespace", "chroot clone3 listns pivot_root setdomainname sethostname setns unshare"},
	{"@network-io", "accept accept4 bind connect getpeername getsockname getsockopt listen recvfrom recvmmsg " +
		"recvmmsg_time64 recvmsg sendmmsg sendmsg sendto setsockopt shutdown socket socketcall socketpair"},
	{"@numa", "get_mempolicy mbind migrate_pages move_pages set_mempolicy set_mempolicy_home_node"},
	{"@obsolete", "_sysctl afs_syscall bdflush break create_module ftime get_kernel_syms getpmsg gtty idle lock mpx " +
		"prof profil putpmsg query_module security sgetmask ssetmask stime stty sysfs tuxcall ulimit uselib ustat vserver"},
	{"@pkey", "pkey_alloc pkey_free pkey_mprotect"},
	{"@privileged", "acct bpf chroot clock_adjtime64 clock_settime clock_settime64 delete_module fanotify_init finit_module " +
		"init_module ioperm iopl kexec_file_load kexec_load mount nfsservctl open_by_handle_at pivot_root quotactl " +
		"quotactl_fd reboot setdomainname sethostname setns settimeofday stime swapoff swapon syslog umount umount2 " +
		"unshare vhangup"},
	{"@process-vm", "process_madvise process_vm_readv process_vm_writev"},
	{"@raw-io", "ioperm iopl"},
	{"@reboot", "kexec_file_load kexec_load reboot"},
	{"@resources", "ioprio_set mbind migrate_pages move_pages nice prlimit64 sched_setaffinity sched_setattr " +
		"sched_setparam sched_setscheduler set_mempolicy set_mempolicy_home_node setpriority setrlimit"},
	{"@sandbox", "landlock_add_rule landlock_create_ruleset landlock_restrict_self seccomp"},
	{"@setuid", "setgid setgid32 setgroups setgroups32 setregid setregid32 setresgid setresgid32 setresuid setresuid32 " +
		"setreuid setreuid32 setuid setuid32"},
	{"@swap", "swapoff swapon"},
	{"@timer", "alarm getitimer setitimer timer_create timer_delete timer_getoverrun timer_gettime timer_gettime64 " +
		"timer_settime timer_settime64 timerfd_create timerfd_gettime timerfd_gettime64 timerfd_settime " +
		"timerfd_settime64 times"},
	{"@userfault", "userfaultfd"},
}

// Groups returns the names of all groups.
func Groups() []string {
	var names []string
	for _, g := range groups {
		names = append(names, g.name)
	}
	return names
}

// Group returns the calls of a group, or nil.
func Group(name string) []string { return strings.Fields(groupOf(name)) }

func groupOf(name string) string {
	i := slices.IndexFunc(groups[:], func(g group) bool { return g.name == name })
	if i < 0 {
		return ""
	}
	return groups[i].calls
}
