package mounts

import (
	"box/plan"
	"box/spec"

	"golang.org/x/sys/unix"
)

// guarded are the parts of /proc with which root could change the machine.
var guarded = [...]string{"sys", "sysrq-trigger", "irq", "bus"}

// guard makes these parts read-only, as far as who starts box could write them: an ordinary user can't anyway.
func (t *tree) guard(e *spec.Entry) {
	if !t.s.Mounts.Guard {
		return
	}
	proc := t.b.OpenInRoot(plan.Root, t.b.String(spec.Relative(e.Dest)), unix.O_PATH|unix.O_DIRECTORY, 0)
	for _, name := range guarded {
		if unix.Access("/proc/"+name, unix.W_OK) != nil {
			continue
		}
		part := t.b.OpenTree(proc, t.b.String(name))
		t.b.MountSetattr(part, unix.MOUNT_ATTR_RDONLY, t.propagation(), true)
		t.attach(part, t.b.OpenInRoot(plan.Root, t.b.Join(spec.Relative(e.Dest), name), unix.O_PATH, 0))
	}
	t.b.Close(proc)
}
