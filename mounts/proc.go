package mounts

import (
	"box/plan"
	"box/spec"

	"golang.org/x/sys/unix"
)

// guarded are the parts of /proc with which root could change the machine.
var guarded = [...]string{"sys", "sysrq-trigger", "irq", "bus"}

// guard makes these parts read-only, if root starts box: an ordinary user can't write them anyway. bubblewrap
// leaves out what access(2) says that root can't write, such as the directory sys, whatever is in it.
func (t *tree) guard(e *spec.Entry) {
	if !t.s.Mounts.Guard {
		return
	}
	proc := t.b.OpenInRoot(plan.Root, t.b.String(spec.Relative(e.Dest)), unix.O_PATH|unix.O_DIRECTORY, 0)
	for _, name := range guarded {
		mode := uint32(unix.F_OK)
		if t.s.Mounts.Trust {
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
