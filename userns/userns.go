// Package userns compiles who the sandbox is: its user namespaces with uid_map and gid_map, the other namespaces to
// make, and the loss of all privilege at the end. See user_namespaces(7), capabilities(7).
package userns

import (
	"box/plan"
	"box/spec"

	"golang.org/x/sys/unix"
)

// cloneFlags are the CLONE_NEW* flags of clone(2).
var cloneFlags = [...]struct {
	ns   spec.Namespaces
	flag uint64
}{
	{spec.User, unix.CLONE_NEWUSER},
	{spec.PID, unix.CLONE_NEWPID},
	{spec.Mount, unix.CLONE_NEWNS},
	{spec.Net, unix.CLONE_NEWNET},
	{spec.IPC, unix.CLONE_NEWIPC},
	{spec.UTS, unix.CLONE_NEWUTS},
	{spec.Cgroup, unix.CLONE_NEWCGROUP},
}

// Flags returns the CLONE_NEW* flags for a set of namespaces.
func Flags(set spec.Namespaces) uint64 {
	var flags uint64
	for _, c := range cloneFlags {
		if set.Has(c.ns) {
			flags |= c.flag
		}
	}
	return flags
}

// Compile writes the maps of the first user namespace. Everything else in the sandbox needs them, since without a mapped
// root nothing can be mounted or made.
func Compile(b *plan.Builder, s *spec.Spec) error {
	if !s.New.Has(spec.User) || s.IDs.Given {
		return nil
	}
	if s.IDs.Ranges {
		return compileRanges(b, s)
	}
	was := b.For(spec.Identity)
	writeMaps(b, first(s), self())
	b.For(was)
	return nil
}

// ids is a pair of a user id and a group id.
type ids struct{ uid, gid uint32 }

// self returns who started box.
func self() ids { return ids{uint32(unix.Getuid()), uint32(unix.Getgid())} }

// first returns who the sandbox is while it is built. devpts needs a mapped root, and a /dev comes with nearly every
// sandbox; so it is root, and Finish makes a second namespace in which it is who the command wants to be.
func first(s *spec.Spec) ids {
	if s.Shares() || needsRoot(s) { // who shares them may need it
		return ids{}
	}
	return ids{s.IDs.UID, s.IDs.GID}
}

// needsRoot reports whether something in the sandbox can only be made with a mapped root, see devpts_mount() in the
// kernel's fs/devpts/inode.c.
func needsRoot(s *spec.Spec) bool {
	if s.Life.TTY != [3]bool{} {
		return true
	}
	for i := range s.Tree {
		if s.Tree[i].Kind == spec.Dev {
			return true
		}
	}
	return false
}

// writeMaps maps inside to outside, one id each. The process writes its own maps, which the kernel allows for its own
// ids if setgroups(2) is given up first.
func writeMaps(b *plan.Builder, inside, outside ids) {
	write(b, "self/setgroups", "deny")
	write(b, "self/uid_map", "%d %d 1\n", uint64(inside.uid), uint64(outside.uid))
	write(b, "self/gid_map", "%d %d 1\n", uint64(inside.gid), uint64(outside.gid))
}

// write writes a file of the maps below the host's /proc, which Proc keeps open over the pivot.
func write(b *plan.Builder, path, format string, values ...uint64) {
	fd := b.Openat(plan.WhyIDMap, plan.Proc, b.String(path), unix.O_WRONLY, 0)
	data, n := b.Text(format, values...)
	b.Write(plan.WhyIDMap, fd, data, n)
	b.Close(fd)
}
