package userns

import (
	"math"

	"box/internal/host"
	"box/plan"
	"box/spec"

	"golang.org/x/sys/unix"
)

// part is what a command takes a part of.
const part = 4

// shares are limits of what a user has in common with all of its processes: what the command takes, the others lack. The kernel
// counts in each user namespace on the way up, so a limit that is set in the sandbox's holds for the sandbox alone. See
// namespaces(7), inotify(7) and inc_ucount() in the kernel's kernel/ucount.c.
var shares = [...]struct {
	name    string // below /proc/sys/user
	machine string // below /proc/sys: what the first user namespace has, or ""
	nested  bool   // only who may make user namespaces can take of it
}{
	{"max_inotify_instances", "fs/inotify/max_user_instances", false},
	{"max_inotify_watches", "fs/inotify/max_user_watches", false},
	{"max_user_namespaces", "", true},
	{"max_pid_namespaces", "", true},
	{"max_mnt_namespaces", "", true},
	{"max_net_namespaces", "", true},
	{"max_ipc_namespaces", "", true},
	{"max_uts_namespaces", "", true},
	{"max_cgroup_namespaces", "", true},
	{"max_time_namespaces", "", true},
}

// limitShares leaves three of four parts to others. Where /proc/sys can't be written, as in most containers, they have no
// protection: nothing that the command could reach depends on it.
func limitShares(b *plan.Builder, s *spec.Spec) {
	for i := range shares {
		share := &shares[i]
		if share.nested && !s.Nested {
			continue
		}
		limit := callers(share.name, share.machine)
		if limit == 0 {
			continue
		}
		fd := b.Openat(plan.Proc, b.Concat("sys/user/", share.name, ""), unix.O_WRONLY, 0)
		b.Ignoring(unix.EROFS, unix.ENOENT, unix.EACCES, unix.EPERM)
		data, n := b.Text("%d", max(limit/part, 1))
		b.Write(fd, data, n)
		b.Last().When = plan.Done
		b.Close(fd)
		b.Last().When = plan.Done
	}
}

// callers returns the limit of the caller's user namespace, or 0 if it can't be read. A new one has the highest limit there is, and
// the first one's may be known.
func callers(name, machine string) uint64 {
	limit := host.Sysctl("user/", name)
	if limit == math.MaxInt32 && machine != "" {
		if first := host.Sysctl(machine, ""); first != 0 {
			limit = first
		}
	}
	return limit
}
