package kernel

import (
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// limits are the sysctls that bound the number of namespaces, see namespaces(7).
var limits = [...]struct {
	flag         uint64
	name, sysctl string
}{
	{unix.CLONE_NEWUSER, "user", "max_user_namespaces"},
	{unix.CLONE_NEWPID, "pid", "max_pid_namespaces"},
	{unix.CLONE_NEWNS, "mount", "max_mnt_namespaces"},
	{unix.CLONE_NEWNET, "network", "max_net_namespaces"},
	{unix.CLONE_NEWIPC, "ipc", "max_ipc_namespaces"},
	{unix.CLONE_NEWUTS, "uts", "max_uts_namespaces"},
	{unix.CLONE_NEWCGROUP, "cgroup", "max_cgroup_namespaces"},
}

// Exhausted returns the name of the first kind of namespace among flags of which no more are allowed, and a sentence
// that says so.
func Exhausted(flags uint64) (name, cause string) {
	for _, l := range limits {
		if flags&l.flag != 0 && Sysctl("user/"+l.sysctl) == "0" {
			return l.name, "user." + l.sysctl + " is 0"
		}
	}
	return "", ""
}

// WhyNoUserns looks for what keeps this process from making a user namespace. It returns the cause and a hint, or empty
// strings if it finds nothing.
func WhyNoUserns() (cause, hint string) {
	switch {
	case Sysctl("user/max_user_namespaces") == "0":
		return "user.max_user_namespaces is 0", "as root: sysctl user.max_user_namespaces=15000"
	case Sysctl("kernel/unprivileged_userns_clone") == "0" && os.Geteuid() != 0:
		return "kernel.unprivileged_userns_clone is 0", "as root: sysctl kernel.unprivileged_userns_clone=1"
	case AppArmorRestricts():
		return "AppArmor keeps it from programs without a profile (kernel.apparmor_restrict_unprivileged_userns is 1)",
			"box doctor prints the AppArmor profile to install"
	case InChroot():
		return "this is a chroot, and a user namespace can't be made in one", ""
	case Filtered():
		return "a system call filter is in force (Seccomp: 2 in /proc/self/status): that of a container or a hardened service", ""
	}
	return "", ""
}

// AppArmorRestricts reports whether AppArmor keeps user namespaces from unconfined programs, as Ubuntu does since
// 23.10.
func AppArmorRestricts() bool {
	return Sysctl("kernel/apparmor_restrict_unprivileged_userns") == "1" && os.Geteuid() != 0
}

// Filtered reports whether the process already runs under a seccomp filter.
func Filtered() bool { return statusField("Seccomp") == "2" }

// statusField returns a field of /proc/self/status, see proc_pid_status(5).
func statusField(name string) string {
	for line := range strings.SplitSeq(read("/proc/self/status"), "\n") {
		if value, ok := strings.CutPrefix(line, name+":"); ok {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

// InChroot reports whether the root directory is not a mount point: a user namespace can't be made then, see clone(2),
// EPERM.
func InChroot() bool {
	for line := range strings.SplitSeq(read("/proc/self/mountinfo"), "\n") {
		if fields := strings.Fields(line); len(fields) > 4 && fields[4] == "/" {
			return false
		}
	}
	return read("/proc/self/mountinfo") != ""
}

// ProcMasked reports whether something is mounted below /proc, which keeps a user namespace from mounting a new one,
// see mount_too_revealing() in the kernel's fs/namespace.c.
func ProcMasked() bool {
	for line := range strings.SplitSeq(read("/proc/self/mountinfo"), "\n") {
		if fields := strings.Fields(line); len(fields) > 4 && strings.HasPrefix(fields[4], "/proc/") {
			return true
		}
	}
	return false
}
