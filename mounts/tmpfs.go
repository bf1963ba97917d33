package mounts

import (
	"box/plan"

	"golang.org/x/sys/unix"
)

// What a tmpfs of box holds at most: a quarter of the machine's memory or 2 GiB, the smaller, and a million files. The
// kernel's own default is half of the memory, for each.
const (
	maxTmpfs  = 2 << 30
	maxInodes = 1 << 20
)

// tmpfsOptions returns the mount options for a tmpfs, see tmpfs(5). A size of 0 is the default.
func tmpfsOptions(b *plan.Builder, perms uint32, size uint64) plan.Ptr {
	if size == 0 {
		size = defaultSize()
	}
	options, _ := b.Text("mode=%o,size=%d,nr_inodes=%d", uint64(perms), size, maxInodes)
	return options
}

func defaultSize() uint64 {
	var info unix.Sysinfo_t
	if unix.Sysinfo(&info) != nil {
		return maxTmpfs
	}
	return min(info.Totalram*uint64(info.Unit)/4, maxTmpfs)
}
