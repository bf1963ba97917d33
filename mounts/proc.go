package mounts

import (
	"box/plan"
	"box/spec"

	"golang.org/x/sys/unix"
)

// proc mounts a /proc of the sandbox's own processes, or the host's if it shares theirs.
func (t *tree) proc(i int) {
	e, r := &t.s.Tree[i], t.source[i]
	switch {
	case t.found[i] == absent && t.s.Mounts.Guard == spec.NoGuard:
		t.mount(e.Dest, "proc", unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, 0)
		return
	case t.found[i] == absent:
		r = t.fresh("proc", unix.MOUNT_ATTR_NOSUID|unix.MOUNT_ATTR_NODEV|unix.MOUNT_ATTR_NOEXEC)
	}
	t.place(r, e.Dest)
	t.guard(r)
	t.b.Close(r)
}

// guarded are the parts of /proc with which root could change the machine.
var guarded = [...]string{"sys", "sysrq-trigger", "irq", "bus"}

// guard makes these parts of a /proc read-only, as far as the Spec says. An ordinary user can't write them anyway.
func (t *tree) guard(proc plan.Reg) {
	if t.s.Mounts.Guard == spec.NoGuard {
		return
	}
	for _, name := range guarded {
		mode := uint32(unix.F_OK)
		if t.s.Mounts.Guard == spec.GuardOpen {
			mode = unix.W_OK
		}
		if !plan.Allowed(t.b.Join("/proc", name), mode) {
			continue
		}
		path := t.b.String(name)
		part := t.b.OpenTree(plan.WhyAttributes, proc, path)
		t.b.MountSetattr(plan.WhyAttributes, part, unix.MOUNT_ATTR_RDONLY, t.propagation(), true)
		t.attach(part, t.b.Openat(plan.WhyAttributes, proc, path, unix.O_PATH|unix.O_NOFOLLOW, 0))
	}
}
