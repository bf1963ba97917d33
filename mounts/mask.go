package mounts

import (
	"box/plan"
	"box/spec"

	"golang.org/x/sys/unix"
)

// masked tells the parent of a mount that hides something of the host in what is bound writable: when the host
// replaces the name, the mount is gone, and the sandbox must end.
//
// unlink(2), rmdir(2) and rename(2) of a mount point outside detach what is mounted there, in every mount namespace:
// the command would get at what the name is by then. The mount is named by the descriptor r, which must be open on
// it.
func (t *tree) masked(r plan.Reg) {
	if t.mask {
		t.b.Masked(r)
		t.masks++
	}
}

// maskedAt is masked for what is mounted at dest, and open nowhere.
// What is mounted on the root has no name on the host that somebody could replace.
func (t *tree) maskedAt(dest string) {
	path := spec.Relative(dest)
	if !t.mask || path == "" {
		return
	}
	r := t.b.OpenInRoot(plan.WhyPlace, plan.Root, t.b.String(path), unix.O_PATH, 0)
	t.masked(r)
	t.b.Close(r)
}

// watch gives the parent the mount table, by which it learns that one of them is gone. The table shows what the
// process that opens it can reach: so it does after the pivot.
func (t *tree) watch() {
	if t.masks == 0 {
		return
	}
	table := t.b.Openat(plan.WhyMonitor, plan.Proc, t.b.String("self/mountinfo"), unix.O_RDONLY, 0)
	t.b.Send(plan.Mounts, table, 0)
	t.b.Close(table)
}
