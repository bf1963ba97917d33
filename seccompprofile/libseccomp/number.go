package libseccomp

import (
	"strings"

	"box/seccompprofile/policy"

	seccomp "github.com/seccomp/libseccomp-golang"
)

// multiplexed are the calls of i386 that socketcall and ipc stand for as well. Where there is a rule about one of them
// libseccomp makes a second one about the call that stands for it, which no policy asked for, and fails if the rule has
// conditions; so it gets none.
const multiplexed = " accept accept4 bind connect getpeername getsockname getsockopt listen recvfrom recvmmsg " +
	"recvmmsg_time64 recvmsg sendmmsg sendmsg sendto setsockopt shutdown socket socketpair " +
	"msgctl msgget msgrcv msgsnd semctl semget semop semtimedop semtimedop_time64 shmat shmctl shmdt shmget "

// Holds reports whether libseccomp's program has the rules about a call. It can't where the call is newer than its
// table and of another architecture than the machine's, and where the call is one of i386's that have two ways.
func Holds(a *policy.Arch, nr uint32) bool {
	enable()
	_, ok := number(a, nr)
	return ok
}

// number returns the number by which libseccomp takes a call: that of the machine's own architecture, or a negative one
// that stands for the name where the machine doesn't have it.
func number(a *policy.Arch, nr uint32) (seccomp.ScmpSyscall, bool) {
	if a == policy.I386 && strings.Contains(multiplexed, " "+a.CallName(nr)+" ") {
		return 0, false
	}
	arch := scmpArch(a)
	if native, err := seccomp.GetNativeArch(); err == nil && native == arch {
		return seccomp.ScmpSyscall(nr), true
	}
	name, err := seccomp.ScmpSyscall(nr).GetNameByArch(arch)
	if err != nil {
		return 0, false
	}
	n, err := seccomp.GetSyscallFromName(name)
	return n, err == nil
}
