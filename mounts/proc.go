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
	case t.found[i] == absent && t.s.Mounts.Guard == spec.NoGuard && !t.hidesKeys():
		t.mount(e.Dest, "proc", unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, 0)
		return
	case t.found[i] == absent:
		r = t.fresh("proc", unix.MOUNT_ATTR_NOSUID|unix.MOUNT_ATTR_NODEV|unix.MOUNT_ATTR_NOEXEC)
	}
	t.place(r, e.Dest)
	t.guard(r)
	if t.found[i] == absent && t.hidesKeys() {
		t.hideKeys(r)
	}
	t.b.Close(r)
}

// keys are the parts of /proc that list keys: not those of the sandbox, but of all who have the caller's user id, and how many keys
// each user of the machine has. See proc_keys(5), proc_key-users(5).
var keys = [...]string{"keys", "key-users"}

// hidesKeys says whether they are hidden. Where something covers a part of /proc, no user namespace inside may mount a new one: see
// mount_too_revealing() in the kernel's fs/namespace.c.
func (t *tree) hidesKeys() bool { return !t.s.Mounts.Keys && !t.s.Nested }

// hideKeys covers them with /dev/null, in a /proc that shows only the sandbox's processes. A kernel without keys has none of them.
func (t *tree) hideKeys(proc plan.Reg) {
	for _, name := range keys {
		null := t.b.OpenTree(plan.Cwd, t.b.String("/dev/null"))
		t.b.MountSetattr(null, unix.MOUNT_ATTR_RDONLY|unix.MOUNT_ATTR_NOSUID|unix.MOUNT_ATTR_NOEXEC, t.propagation(), false)
		t.b.MoveMountAt(null, proc, t.b.String(name))
		t.b.Ignoring(unix.ENOENT)
		t.b.Close(null)
	}
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
		part := t.b.OpenTree(proc, path)
		t.b.MountSetattr(part, unix.MOUNT_ATTR_RDONLY, t.propagation(), true)
		t.attach(part, t.b.Openat(proc, path, unix.O_PATH|unix.O_NOFOLLOW, 0))
	}
}
