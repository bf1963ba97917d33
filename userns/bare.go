package userns

import (
	"box/plan"

	"golang.org/x/sys/unix"
)

// Bare lets a process of box's own, outside of the sandbox, keep no capability, whatever it executes. Who has none can't change the
// bounding set (EPERM), and needs not: no_new_privs keeps a file from giving any.
func Bare(b *plan.Builder) {
	first := len(b.Inside)
	drop(b, 0)
	for i := first; i < len(b.Inside); i++ {
		if c := &b.Inside[i]; c.Args[0] == unix.PR_CAPBSET_DROP {
			c.Ignore[1] = uint8(unix.EPERM)
		}
	}
}
