package mounts

import (
	"box/plan"
	"box/spec"

	"golang.org/x/sys/unix"
)

// nodes are the host's devices in the sandbox's /dev.
var nodes = [...]string{"null", "zero", "full", "random", "urandom", "tty"}

// devLinks are the links in it.
var devLinks = [...]struct{ name, target string }{
	{"stdin", "/proc/self/fd/0"},
	{"stdout", "/proc/self/fd/1"},
	{"stderr", "/proc/self/fd/2"},
	{"fd", "/proc/self/fd"},
	{"core", "/proc/kcore"},
	{"ptmx", "pts/ptmx"},
}

// dev mounts a tmpfs with the few devices that programs rely on, a private shm and terminals of its own. Nobody else
// can reach it yet, so paths relative to it are safe.
func (t *tree) dev(e *spec.Entry) {
	b := t.b
	t.mount(e.Dest, "tmpfs", unix.MS_NOSUID|unix.MS_NODEV, t.tmpfsOptions(0o755, 0))
	dev := b.OpenInRoot(plan.Root, b.String(spec.Relative(e.Dest)), unix.O_PATH|unix.O_DIRECTORY, 0)
	b.Fchdir(dev)
	for _, node := range nodes {
		name := b.String(node)
		b.Mknodat(dev, name, 0o666)
		b.Mount(b.Join("/dev", node), name, 0, unix.MS_BIND, 0)
	}
	for _, link := range devLinks {
		b.Symlinkat(b.String(link.target), dev, b.String(link.name))
	}
	shm := e.Perms
	if shm == 0 {
		shm = 0o1777
	}
	b.Mkdirat(dev, b.String("shm"), shm)
	pts := b.String("pts")
	b.Mkdirat(dev, pts, 0o755)
	devpts := b.String("devpts")
	b.Mount(devpts, pts, devpts, unix.MS_NOSUID|unix.MS_NOEXEC, b.String("newinstance,ptmxmode=0666,mode=620"))
	b.MountSetattr(dev, unix.MOUNT_ATTR_NOSUID, unix.MS_PRIVATE, true)
	b.Close(dev)
}
