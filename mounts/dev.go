package mounts

import (
	"box/plan"

	"golang.org/x/sys/unix"
)

// nodes are the host's devices in the sandbox's /dev. tty is the controlling terminal of whoever opens it, see
// tty(4), and so nobody else's.
var nodes = [...]string{"null", "zero", "full", "random", "urandom", "tty"}

// devLinks are the links in it.
//
// The first five lead into /proc, and so nowhere in a sandbox that has none. ptmx leads to the sandbox's own devpts.
var devLinks = [...]struct{ name, target string }{
	{"stdin", "/proc/self/fd/0"},
	{"stdout", "/proc/self/fd/1"},
	{"stderr", "/proc/self/fd/2"},
	{"fd", "/proc/self/fd"},
	{"core", "/proc/kcore"},
	{"ptmx", "pts/ptmx"},
}

// dev mounts, for entry i, a directory in memory with the few devices that programs rely on, a private shm and
// terminals of its own. Nobody else can reach it yet, so paths relative to it are safe.
func (t *tree) dev(i int) {
	b, e := t.b, &t.s.Tree[i]
	dev := t.devDir(i)
	b.Fchdir(plan.WhyDevice, dev)
	for _, node := range nodes {
		t.node(dev, b.Join("/dev", node), node)
	}
	// The Spec names a device for the console, if there is one.
	if e.Source != "" {
		t.node(dev, b.String(e.Source), "console")
	}
	if !t.s.Mounts.WritableNodes {
		// The nodes are the host's: who may change their mode, as root may, would change it there. On a read-only mount a
		// device can be opened for writing nevertheless.
		b.MountSetattr(plan.WhyAttributes, dev, unix.MOUNT_ATTR_NOSUID|unix.MOUNT_ATTR_RDONLY, unix.MS_PRIVATE, true)
		// The first call was for all mounts below, the second is for the directory alone: links and shm are still to
		// be made in it. devpts is mounted later, and stays writable.
		b.MountClearattr(plan.WhyAttributes, dev, unix.MOUNT_ATTR_RDONLY)
	}
	for _, link := range devLinks {
		b.Symlinkat(plan.WhyDevice, b.String(link.target), dev, b.String(link.name))
	}
	shm := e.Perms
	// As /dev/shm of the host: everybody may make files there, and remove their own, see shm_overview(7).
	if shm == 0 {
		shm = 0o1777
	}
	b.Mkdirat(plan.WhyDevice, dev, b.String("shm"), shm)
	pts := b.String("pts")
	b.Mkdirat(plan.WhyDevice, dev, pts, 0o755)
	// Without ptmxmode nobody could open ptmx: its mode is 0.
	devpts := b.String("devpts")
	options := b.Concat("newinstance,ptmxmode=0666,mode=620", t.terminals(), "")
	b.Mount(plan.WhyDevice, devpts, pts, devpts, unix.MS_NOSUID|unix.MS_NOEXEC, options)
	if t.s.Mounts.WritableNodes {
		b.MountSetattr(plan.WhyAttributes, dev, unix.MOUNT_ATTR_NOSUID, unix.MS_PRIVATE, true)
	}
	b.Close(dev)
}

// terminals returns the option of devpts that bounds how many there are. All sandboxes and containers of the machine have those
// together that kernel.pty.reserve doesn't keep for the host, 3072 by default: a quarter of them is for one.
func (t *tree) terminals() string {
	if t.s.Limits.Quarter {
		return ",max=768"
	}
	return ""
}

// devDir mounts the directory, and returns it open.
//
// It is known by descriptor from then on. Looked up by its path once more, it could be another directory, and the
// devices would be made there.
func (t *tree) devDir(i int) plan.Reg {
	e := &t.s.Tree[i]
	// A tmpfs of its own, with the limits that the kernel gives it.
	if !t.pooled {
		dev := t.fresh("tmpfs", unix.MOUNT_ATTR_NOSUID|unix.MOUNT_ATTR_NODEV)
		t.put(dev, e.Dest)
		return dev
	}
	part := t.part(i, 0o755)
	if path := t.pathOf(e.Dest); path != 0 {
		t.place(e.Dest)
		t.b.Fchdir(plan.WhyMount, plan.Base)
		dev := t.b.Reg()
		t.bindHere(plan.WhyMount, dev, part, path)
		return dev
	}
	dev := t.b.OpenTree(plan.WhyMount, plan.Base, part)
	t.put(dev, e.Dest)
	return dev
}

// node binds a device of the host at name in dev, which is the working directory. mknod(2) makes no device outside of
// the first user namespace (EPERM), so the host's is bound onto an empty file. A device can be mounted on anything
// but a directory (ENOTDIR).
func (t *tree) node(dev plan.Reg, source plan.Ptr, name string) {
	at := t.b.String(name)
	t.b.Mknodat(plan.WhyDevice, dev, at, 0o666)
	t.b.Mount(plan.WhyDevice, source, at, 0, unix.MS_BIND, 0)
}
