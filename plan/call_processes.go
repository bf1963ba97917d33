package plan

import "golang.org/x/sys/unix"

// Unshare makes new namespaces for the walking process, see unshare(2).
func (b *Builder) Unshare(why Why, flags uintptr) { b.add(why, unix.SYS_UNSHARE, flags) }

// Setns enters the namespace that the caller's descriptor fd names; kind is its CLONE_NEW* flag. See setns(2).
func (b *Builder) Setns(fd int, kind uintptr) { b.add(WhyJoin, unix.SYS_SETNS, uintptr(fd), kind) }

// SetUID sets the user ids, see setresuid(2).
func (b *Builder) SetUID(id uint32) {
	b.add(WhyUID, unix.SYS_SETRESUID, uintptr(id), uintptr(id), uintptr(id))
}

// SetGID sets the group ids, see setresgid(2).
func (b *Builder) SetGID(id uint32) {
	b.add(WhyGID, unix.SYS_SETRESGID, uintptr(id), uintptr(id), uintptr(id))
}

// Prctl is prctl(2) with up to two arguments.
func (b *Builder) Prctl(why Why, option int, arg2, arg3 uintptr) {
	b.add(why, unix.SYS_PRCTL, uintptr(option), arg2, arg3, 0, 0)
}

// Capset sets the effective, permitted and inheritable sets to keep, see capset(2).
func (b *Builder) Capset(keep uint64) {
	header := b.Words32(unix.LINUX_CAPABILITY_VERSION_3, 0)
	low, high := uint32(keep), uint32(keep>>32)
	b.add(WhyPrivilege, unix.SYS_CAPSET, uintptr(header), uintptr(b.Words32(low, low, low, high, high, high)))
}

// Setgroups drops the supplementary groups, see setgroups(2).
func (b *Builder) Setgroups() { b.add(WhyIDMap, unix.SYS_SETGROUPS, 0, 0) }

// Setsid begins a session, see setsid(2).
func (b *Builder) Setsid() { b.add(WhyInheritance, unix.SYS_SETSID) }

// Setpgid begins a process group, see setpgid(2).
func (b *Builder) Setpgid() { b.add(WhyInheritance, unix.SYS_SETPGID, 0, 0) }

// Foreground makes the walking process's group the foreground group of the terminal, see tcsetpgrp(3).
func (b *Builder) Foreground(terminal Reg) {
	group, pid := b.Space(4), b.Reg()
	b.add(WhyTerminal, unix.SYS_GETPGID, 0).out(pid)
	b.add(WhyTerminal, Poke, uintptr(group)).fd(1, pid)
	b.Ioctl(WhyTerminal, terminal, unix.TIOCSPGRP, uintptr(group))
}

// Limit sets a resource limit of the walking process, see prlimit(2).
func (b *Builder) Limit(resource int, soft, hard uint64) {
	b.add(WhyLimits, unix.SYS_PRLIMIT64, 0, uintptr(resource), uintptr(b.Words64(soft, hard)), 0)
}

// SetCPUs sets the CPUs that the process may run on, see sched_setaffinity(2).
func (b *Builder) SetCPUs(mask []byte) {
	b.add(WhyInheritance, unix.SYS_SCHED_SETAFFINITY, 0, uintptr(len(mask)), uintptr(b.Bytes(mask)))
}

// Sethostname sets the host name of the UTS namespace.
func (b *Builder) Sethostname(name Ptr, n int) {
	b.add(WhyHostname, unix.SYS_SETHOSTNAME, uintptr(name), uintptr(n))
}

// NewKeyring gives the process an empty session keyring, see keyctl_join_session_keyring(3).
func (b *Builder) NewKeyring() {
	b.add(WhyKeyring, unix.SYS_KEYCTL, unix.KEYCTL_JOIN_SESSION_KEYRING, 0)
}

// IgnoreSignal sets the disposition SIG_IGN, see rt_sigaction(2).
func (b *Builder) IgnoreSignal(signal int) { b.disposition(signal, 1) }

// DefaultSignal sets the disposition SIG_DFL.
func (b *Builder) DefaultSignal(signal int) { b.disposition(signal, 0) }

func (b *Builder) disposition(signal int, handler uint64) {
	action := b.Words64(handler, 0, 0, 0)
	b.add(WhyInheritance, unix.SYS_RT_SIGACTION, uintptr(signal), uintptr(action), 0, 8)
}

// SetMask sets the signal mask to mask, bit 0 being signal 1, see rt_sigprocmask(2).
func (b *Builder) SetMask(mask uint64) {
	const setmask = 2 // SIG_SETMASK
	b.add(WhyInheritance, unix.SYS_RT_SIGPROCMASK, setmask, uintptr(b.Words64(mask)), 0, 8)
}

// Signalfd makes a descriptor for the signals in mask, see signalfd(2).
func (b *Builder) Signalfd(r Reg, mask uint64) {
	minusOne := ^uintptr(0)
	b.add(WhyProcess, unix.SYS_SIGNALFD4, minusOne, uintptr(b.Words64(mask)), 8, unix.SFD_CLOEXEC|unix.SFD_NONBLOCK).out(r)
}

// LoadFilter loads a seccomp program of len(program)/8 instructions, see prctl(2), PR_SET_SECCOMP. It uses prctl(2) and not
// seccomp(2): a program that is loaded before another one may allow only the older of the two.
func (b *Builder) LoadFilter(program []byte) {
	fprog := b.Words64(uint64(len(program)/8), uint64(b.Bytes(program)))
	b.Prctl(WhyFilter, unix.PR_SET_SECCOMP, unix.SECCOMP_MODE_FILTER, uintptr(fprog))
}

// Listen loads a seccomp program and returns the descriptor that reports the calls which it answers with
// SECCOMP_RET_USER_NOTIF, see seccomp_unotify(2), since Linux 5.0.
func (b *Builder) Listen(program []byte) Reg {
	r := b.Fresh()
	fprog := b.Words64(uint64(len(program)/8), uint64(b.Bytes(program)))
	b.add(WhyFilter, unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, unix.SECCOMP_FILTER_FLAG_NEW_LISTENER, uintptr(fprog)).out(r)
	return r
}

// Execve replaces the process, see execve(2).
func (b *Builder) Execve(why Why, path, argv, envp Ptr) {
	b.add(why, unix.SYS_EXECVE, uintptr(path), uintptr(argv), uintptr(envp))
}
