package userns

import (
	"box/internal/host"
	"box/plan"
)

// Bare lets a process of box's own, outside of the sandbox, keep no capability, whatever it executes. Who has none can't change the
// bounding set, and needs not, since no_new_privs keeps a file from giving any.
func Bare(b *plan.Builder) {
	if host.Capabilities() != 0 {
		drop(b, 0)
	}
}
