package mounts

import (
	"box/internal/early"
	"box/plan"
)

// What a tmpfs of box holds at most: a quarter of the machine's memory or 2 GiB, the smaller, and a million files. The
// kernel's own default is half of the memory, for each.
const (
	maxTmpfs  = 2 << 30
	maxInodes = 1 << 20
)

// tmpfsOptions returns the mount options for a tmpfs, see tmpfs(5). A size of 0 is the default.
func (t *tree) tmpfsOptions(perms uint32, size uint64) plan.Ptr {
	if t.s.Mounts.KernelTmpfsSize {
		return t.labelled(t.wholeOptions(perms, size))
	}
	if size == 0 {
		size = defaultSize()
	}
	options, _ := t.b.Text("mode=%o,size=%d,nr_inodes=%d", uint64(perms), size, maxInodes)
	return t.labelled(options)
}

// labelled adds the SELinux context of what is made, see mount(8), context.
func (t *tree) labelled(options plan.Ptr) plan.Ptr {
	if t.s.Labels.File == "" {
		return options
	}
	return t.withContext(options)
}

//go:noinline
func (t *tree) withContext(options plan.Ptr) plan.Ptr {
	early.Ordinary()
	return t.b.String(t.b.Read(options) + `,context="` + t.s.Labels.File + `"`)
}

// wholeOptions leaves to the kernel what isn't asked for.
func (t *tree) wholeOptions(perms uint32, size uint64) plan.Ptr {
	if size == 0 {
		options, _ := t.b.Text("mode=0%o", uint64(perms))
		return options
	}
	options, _ := t.b.Text("mode=0%o,size=%d", uint64(perms), size)
	return options
}

// defaultSize returns a multiple of the largest page that there is: the kernel rounds up to whole pages.
func defaultSize() uint64 {
	const page = 64 << 10
	if memory := plan.Memory(); memory != 0 {
		return min(memory/4, maxTmpfs) &^ (page - 1)
	}
	return maxTmpfs
}
