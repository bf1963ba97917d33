package mounts

import (
	"box/plan"
	"box/spec"

	"golang.org/x/sys/unix"
)

// proc mounts a /proc of the sandbox's own processes, or the host's if it shares theirs.
// In a user namespace the kernel mounts a new one only if one is there already of which nothing is covered, else
// EPERM: see mount_too_revealing() in fs/namespace.c. Docker covers parts of it.
//
// There are three ways. If nobody can have touched the way to it, it is mounted and covered by path, with the fewest
// calls. If nothing has to be covered, it is mounted as any file system. Otherwise it is made without a place
// (fsmount(2)), or cloned from the host's, so that its parts are reached by its descriptor.
func (t *tree) proc(i int) {
	e, r := &t.s.Tree[i], t.source[i]
	if t.found[i] == absent && t.s.Mounts.Guard == spec.NoGuard && t.hidesKeys() && t.ours(e.Dest) {
		t.mount(e.Dest, "proc", unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, 0)
		t.hideKeys("/..", e.Dest)
		return
	}
	switch {
	case t.found[i] == absent && t.s.Mounts.Guard == spec.NoGuard && !t.hidesKeys():
		t.mount(e.Dest, "proc", unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, 0)
		return
	case t.found[i] == absent:
		r = t.fresh("proc", unix.MOUNT_ATTR_NOSUID|unix.MOUNT_ATTR_NODEV|unix.MOUNT_ATTR_NOEXEC)
	}
	// It is guarded after it has its place: what is mounted on it must be below a mount of this namespace.
	t.put(r, e.Dest)
	t.guard(r)
	if t.found[i] == absent && t.hidesKeys() {
		t.b.Fchdir(plan.WhyDevice, r)
		t.hideKeys("", ".")
	}
	t.b.Close(r)
}

// keys are the parts of /proc that list keys: not those of the sandbox, but of all who have the caller's user id, and
// how many keys each user of the machine has. See proc_keys(5), proc_key-users(5).
var keys = [...]string{"/keys", "/key-users"}

// hidesKeys reports whether they are hidden. Where something covers a part of /proc, no user namespace inside may mount
// a new one: see mount_too_revealing() in the kernel's fs/namespace.c.
func (t *tree) hidesKeys() bool { return !t.s.Mounts.AllKeys && !t.s.Nested }

// hideKeys covers them with /dev/null, in a /proc that shows only the sandbox's processes. A kernel without keys has
// none of them.
// root and proc are the two parts of the path of that /proc, as mount(2) gets it.
func (t *tree) hideKeys(root, proc string) {
	null, none := t.b.String("/dev/null"), plan.Ptr(0)
	for _, name := range keys {
		at := t.b.Concat(root, proc, name)
		t.b.Mount(plan.WhyDevice, null, at, none, unix.MS_BIND, none)
		t.b.Ignoring(unix.ENOENT)
		if t.s.Mounts.Guard != spec.NoGuard { // root could change the mode of the host's device
			const flags = unix.MS_REMOUNT | unix.MS_BIND | unix.MS_RDONLY | unix.MS_NOSUID | unix.MS_NOEXEC
			t.b.Mount(plan.WhyDevice, none, at, none, flags, none)
			t.b.Last().When = plan.Done
		}
		// The device may be what is missing: that is an error.
		t.b.OpenatTo(plan.WhyDevice, t.b.Fresh(), plan.Cwd, null, unix.O_PATH, 0)
		t.b.Last().When = uint8(unix.ENOENT)
	}
}

// guarded are the parts of /proc with which root could change the machine.
// The files in sys name programs that the kernel runs as root outside (kernel.core_pattern, see core(5);
// kernel.modprobe), sysrq-trigger reboots, irq directs interrupts, and bus holds the configuration of devices. If
// root runs box, uid 0 inside is uid 0 outside to procfs, whatever capabilities it lacks.
var guarded = [...]string{"sys", "sysrq-trigger", "irq", "bus"}

// guard makes these parts of a /proc read-only, as far as the Spec says. An ordinary user can't write them anyway.
func (t *tree) guard(proc plan.Reg) {
	if t.s.Mounts.Guard == spec.NoGuard {
		return
	}
	for _, name := range guarded {
		// access(2) is asked when the plan is compiled, with the ids of the caller.
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
