package mounts

import (
	"box/internal/early"
	"box/plan"

	"golang.org/x/sys/unix"
)

// What all that a sandbox has in memory holds at most together, if no flag says how much: a quarter of the machine's
// memory or 2 GiB, the smaller, and a file, directory or link for each 16 KiB of it. The kernel's own default is half
// of the memory, for each tmpfs.
const (
	maxTmpfs = 2 << 30  // bytes
	perInode = 16 << 10 // bytes of the size for each inode
)

// What a tmpfs with a size of its own has: a file for each page, but some at least. An inode takes about 1 KiB that
// the size doesn't count.
const (
	perSizedInode = 4 << 10
	minInodes     = 1 << 10
	maxInodes     = 1 << 20
)

// tmpfs mounts entry i. What has no size of its own is a part of the base. Those parts have one limit together: a
// limit for each would be none.
func (t *tree) tmpfs(i int) {
	e := &t.s.Tree[i]
	if t.pooled && e.Size == 0 {
		part := t.part(i, e.Perms)
		// Nobody else can have put a link on the way, so it is bound by path, which takes fewer calls.
		if path := t.pathOf(e.Dest); path != 0 && !e.RO {
			t.place(e.Dest)
			t.b.Fchdir(plan.WhyMount, plan.Base)
			t.b.Mount(plan.WhyMount, part, path, 0, unix.MS_BIND, 0)
			return
		}
		source := t.b.OpenTree(plan.WhyMount, plan.Base, part)
		if e.RO {
			// The part itself stays writable: only its mount becomes read-only.
			t.b.MountSetattr(plan.WhyAttributes, source, attributes(e), 0, false)
		}
		if e.There {
			t.attach(source, t.there(e))
			return
		}
		t.attach(source, t.point(e.Dest, true, 0o755, 0))
		return
	}
	flags := uintptr(unix.MS_NOSUID | unix.MS_NODEV)
	if e.RO {
		flags |= unix.MS_RDONLY
	}
	t.mount(e.Dest, "tmpfs", flags, t.tmpfsOptions(e.Perms, e.Size))
}

// tmpfsOptions returns the mount options for a tmpfs, see tmpfs(5). A size of 0 is the default. A limit of box's own
// counts inodes, too: a file without content takes memory that the size does not count.
func (t *tree) tmpfsOptions(perms uint32, size uint64) plan.Ptr {
	if t.s.Mounts.KernelTmpfsSize {
		return t.labelled(t.wholeOptions(perms, size))
	}
	inodes := min(max(size/perSizedInode, minInodes), maxInodes)
	if size == 0 {
		size = defaultSize()
		inodes = size / perInode
	}
	options, _ := t.b.Text("mode=%o,size=%d,nr_inodes=%d", uint64(perms), size, inodes)
	return t.labelled(options)
}

// labelled adds the SELinux context of what is made, see mount(8), context.
func (t *tree) labelled(options plan.Ptr) plan.Ptr {
	if t.s.Labels.File == "" {
		return options
	}
	// The quotes are for mount(2): a context with categories has commas.
	early.Ordinary()
	return t.b.String(t.b.Read(options) + `,context="` + t.s.Labels.File + `"`)
}

// wholeOptions leaves to the kernel what isn't asked for. Its limit is then half of the memory for each tmpfs, see
// tmpfs(5). A size of 0 was not asked for.
func (t *tree) wholeOptions(perms uint32, size uint64) plan.Ptr {
	if size == 0 {
		options, _ := t.b.Text("mode=0%o", uint64(perms))
		return options
	}
	options, _ := t.b.Text("mode=0%o,size=%d", uint64(perms), size)
	return options
}

// defaultSize returns a multiple of the largest page that there is: the kernel rounds up to whole pages.
//
// The largest is 64 KiB, on some arm64 and ppc64 kernels. If the machine doesn't say how much memory it has, it is
// maxTmpfs.
func defaultSize() uint64 {
	const page = 64 << 10
	if memory := plan.Memory(); memory != 0 {
		return min(memory/4, maxTmpfs) &^ (page - 1)
	}
	return maxTmpfs
}
