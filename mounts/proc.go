package mounts

import (
	"box/plan"
	"box/spec"

	"golang.org/x/sys/unix"
)

// guarded are the parts of /proc with which root could change the machine.
var guarded = [...]string{"sys", "sysrq-trigger", "irq", "bus"}

// guard makes these parts of a /proc read-only, as far as the Spec says. An ordinary user can't write them anyway.
func (t *tree) guard(e *spec.Entry) {
	if t.s.Mounts.Guard == spec.NoGuard {
		return
	}
	proc := t.b.OpenInRoot(plan.Root, t.b.String(spec.Relative(e.Dest)), unix.O_PATH|unix.O_DIRECTORY, 0)
	for _, name := range guarded {
		mode := uint32(unix.F_OK)
		if t.s.Mounts.Guard == spec.GuardOpen {
			mode = unix.W_OK
		}
		if unix.Access("/proc/"+name, mode) != nil {
			continue
		}
		part := t.b.OpenTree(proc, t.b.String(name))
		t.b.MountSetattr(part, unix.MOUNT_ATTR_RDONLY, t.propagation(), true)
		t.attach(part, t.b.OpenInRoot(plan.Root, t.b.Join(spec.Relative(e.Dest), name), unix.O_PATH, 0))
	}
	t.b.Close(proc)
}
