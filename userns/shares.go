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
	who     taker
}{
	{"max_inotify_instances", "fs/inotify/max_user_instances", anybody},
	{"max_inotify_watches", "fs/inotify/max_user_watches", anybody},
	{"max_fanotify_groups", "fs/fanotify/max_user_groups", watcher},
	{"max_fanotify_marks", "fs/fanotify/max_user_marks", watcher},
	{"max_user_namespaces", "", nested},
	{"max_pid_namespaces", "", nested},
	{"max_mnt_namespaces", "", nested},
	{"max_net_namespaces", "", nested},
	{"max_ipc_namespaces", "", nested},
	{"max_uts_namespaces", "", nested},
	{"max_cgroup_namespaces", "", nested},
	{"max_time_namespaces", "", nested},
}

// taker says which commands can take of something.
type taker uint8

const (
	anybody taker = iota
	watcher       // no policy refuses it fanotify_init(2)
	nested        // the command may make user namespaces, and in one it has all capabilities
)

// can reports whether the command of s is one of them.
func (t taker) can(s *spec.Spec) bool {
	switch t {
	case watcher:
		return !s.Refused(spec.Fanotify)
	case nested:
		return s.Nested
	}
	return true
}

// limitShares leaves three of four parts to others. Where /proc/sys can't be written, as in most containers, they have no
// protection: nothing that the command could reach depends on it.
func limitShares(b *plan.Builder, s *spec.Spec) {
	for i := range shares {
		share := &shares[i]
		if !share.who.can(s) {
			continue
		}
		limit := callers(share.name, share.machine)
		if limit == 0 {
			continue
		}
		fd := b.Openat(plan.WhyShare, plan.Proc, b.Concat("sys/user/", share.name, ""), unix.O_WRONLY, 0)
		b.Ignoring(unix.EROFS, unix.ENOENT, unix.EACCES, unix.EPERM)
		data, n := b.Text("%d", max(limit/part, 1))
		b.Write(plan.WhyShare, fd, data, n)
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
