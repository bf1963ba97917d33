package launch

import (
	"box/landlock"
	"box/mounts"
	"box/spec"
)

// confine puts the command into its Landlock domain. It comes after the last use of the host's /proc, which the domain forbids, and
// before the filters. pid 1 stays outside.
func confine(d *landlock.Domain, s *spec.Spec) {
	d.Rules(s)
	if s.ReadOnlyRoot() {
		for i := range s.Tree {
			if place, dir := mounts.Writable(s, i); place != "" {
				d.Allow(place, dir)
			}
		}
	}
	d.Enter()
}
