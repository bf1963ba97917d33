// Package landlock compiles the domain that the command runs in, see landlock(7). A file that the command inherits as an open
// descriptor is outside of the sandbox's root, and proc(5) lets the command open it once more, with other rights than it was
// opened with: /proc/self/fd/0. Mounts can't forbid that; Landlock can, since its rules are on files and not on names.
package landlock

import (
	"box/plan"
	"box/spec"

	"golang.org/x/sys/unix"
)

// version is what one version of Landlock adds to those before it.
type version struct {
	files  uint64 // access rights on files: LANDLOCK_ACCESS_FS_*
	scopes uint64 // LANDLOCK_SCOPE_*
	since  string // the kernel's version
}

// The rights and scopes that box names.
const (
	execute   = unix.LANDLOCK_ACCESS_FS_EXECUTE
	writeFile = unix.LANDLOCK_ACCESS_FS_WRITE_FILE
	readFile  = unix.LANDLOCK_ACCESS_FS_READ_FILE
	readDir   = unix.LANDLOCK_ACCESS_FS_READ_DIR
	refer     = unix.LANDLOCK_ACCESS_FS_REFER
	truncate  = unix.LANDLOCK_ACCESS_FS_TRUNCATE
	ioctlDev  = unix.LANDLOCK_ACCESS_FS_IOCTL_DEV

	resolveUnix = unix.LANDLOCK_ACCESS_FS_RESOLVE_UNIX

	scopeAbstract = unix.LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET
	scopeSignal   = unix.LANDLOCK_SCOPE_SIGNAL
)

// versions are in order, from ABI 1 on, see landlock(7), VERSIONS. Of a newer kernel box uses the last of them.
var versions = [...]version{
	{files: 1<<13 - 1, since: "5.13"}, // from EXECUTE to MAKE_SYM
	{files: refer, since: "5.19"},
	{files: truncate, since: "6.2"},
	{since: "6.7"}, // TCP ports
	{files: ioctlDev, since: "6.10"},
	{scopes: scopeAbstract | scopeSignal, since: "6.12"},
	{since: "6.15"},                    // audit
	{since: "7.0"},                     // all threads at once
	{files: resolveUnix, since: "7.1"}, // connecting to a socket by its path
}

// firstUsed is the first version that box uses for files: with ABI 1 no file could be renamed or linked into another directory.
const firstUsed = 2

// Rights returns the access rights on files that the kernel's version handles; 0 if it has none that can be used.
func Rights(abi int) (files uint64) {
	if abi < firstUsed {
		return 0
	}
	for i := range min(abi, len(versions)) {
		files |= versions[i].files
	}
	return files
}

// scopes returns the scopes that the kernel's version knows.
func scopes(abi int) (set uint64) {
	for i := range min(abi, len(versions)) {
		set |= versions[i].scopes
	}
	return set
}

// Files returns the access rights on files that the domain of s handles; 0 if it leaves files alone.
func Files(s *spec.Spec) uint64 {
	if !s.Confine.Use || s.Mounting() {
		return 0
	}
	return Rights(plan.LandlockABI())
}

// Scopes returns what the domain of s can't reach outside of itself: what a namespace that is shared with the caller would show.
func Scopes(s *spec.Spec) (set uint64) {
	if !s.Confine.Use {
		return 0
	}
	if s.Callers(spec.Net) {
		set |= scopeAbstract
	}
	if s.Callers(spec.PID) {
		set |= scopeSignal
	}
	if set == 0 {
		return 0
	}
	return set & scopes(plan.LandlockABI())
}

// KeepsContent reports whether a domain that handles these rights keeps a file that was opened for reading from being changed.
// Before ABI 3 truncate(2) is not handled.
func KeepsContent(files uint64) bool { return files&truncate != 0 }

// Domain is a domain while it is written.
type Domain struct {
	b       *plan.Builder
	ruleset plan.Reg
	files   uint64
	scopes  uint64
}

// Begin begins the domain for s, while paths are the host's and pid 1 may still mount. It returns a *plan.HostError if the kernel
// has no Landlock and s requires it.
func Begin(b *plan.Builder, s *spec.Spec) (d Domain, err error) {
	d = Domain{b: b, files: Files(s), scopes: Scopes(s)}
	if d.files == 0 && s.Confine.Required.Words != nil {
		return d, plan.Missing(spec.Confined, "Landlock", unix.EOPNOTSUPP)
	}
	if d.files == 0 && d.scopes == 0 {
		return d, nil
	}
	was := b.For(spec.Confined)
	d.ruleset = b.Ruleset(d.files, 0, d.scopes)
	if d.files != 0 {
		d.queues(!s.Callers(spec.IPC))
	}
	b.For(was)
	return d, nil
}

// queues allows POSIX message queues: mq_open(2) opens a file of a file system that is mounted nowhere, and the domain would
// forbid that. The one of an IPC namespace of its own can be mounted to get at its root; of the caller's the host's mount is
// asked. A kernel without message queues (ENODEV) needs no rule.
func (d *Domain) queues(own bool) {
	b := d.b
	if !own {
		at := b.Openat(plan.WhyConfine, plan.Cwd, b.String("/dev/mqueue"), unix.O_PATH|unix.O_DIRECTORY, 0)
		b.Ignoring(unix.ENOENT, unix.ENOTDIR, unix.EACCES)
		d.rest(at, len(b.Inside))
		b.Close(at)
		b.Last().When = plan.Done
		return
	}
	fs := b.Fsopen(plan.WhyConfine, b.String("mqueue"))
	b.Ignoring(unix.ENODEV)
	first := len(b.Inside)
	b.FsconfigCreate(plan.WhyConfine, fs)
	at := b.Fsmount(plan.WhyConfine, fs, 0)
	d.rest(at, first)
	// at stays open until pid 1 closes all that it has, while the command runs: to close the last descriptor of such a mount takes
	// 0.1 ms (synchronize_rcu_expedited() of namespace_unlock()).
	b.Close(fs)
	b.Last().When = plan.Done
}

// rest allows what at has open, all from the call first on only if the one before that has succeeded.
func (d *Domain) rest(at plan.Reg, first int) {
	d.b.AllowBelow(d.ruleset, at, d.files)
	for i := first; i < len(d.b.Inside); i++ {
		d.b.Inside[i].When = plan.Done
	}
}

// Rules writes the rules for a command with the descriptors of s, with the sandbox's root as it is bound: a rule is on a file,
// and that of a root which is bound is the host's. More can be allowed until Enter.
func (d *Domain) Rules(s *spec.Spec) {
	if d.files == 0 {
		return
	}
	was := d.b.For(spec.Confined)
	root := d.files
	if s.ReadOnlyRoot() {
		root = readOnly(d.files)
	}
	d.allow("/", root)
	for fd := range s.Life.Stdio {
		d.describe(fd, &s.Life.Stdio[fd])
	}
	for i, fd := range s.Life.Keep {
		d.describe(fd, &s.Life.Kept[i])
	}
	d.b.For(was)
}

// Ruleset returns the register of what has to stay open until Enter; plan.None if there is nothing.
func (d *Domain) Ruleset() plan.Reg { return d.ruleset }

// Allow allows everything at a place of the sandbox, a path without links: a directory and all that lies below it, or a file.
func (d *Domain) Allow(place string, dir bool) {
	was := d.b.For(spec.Confined)
	switch {
	case d.files == 0:
	case dir:
		d.allow(place, d.files)
	default:
		d.allow(place, d.files&ofFile)
	}
	d.b.For(was)
}

// Enter puts the command into the domain. What it can't reach any more it could still have open, so it comes after all files
// that box opens for it.
func (d *Domain) Enter() {
	if d.files != 0 || d.scopes != 0 {
		was := d.b.For(spec.Confined)
		d.b.Restrict(d.ruleset)
		d.b.Close(d.ruleset)
		d.b.For(was)
	}
}

// readOnly returns those of the rights that change nothing.
func readOnly(files uint64) uint64 {
	return files & (execute | readFile | readDir | ioctlDev | resolveUnix)
}

// ofFile are the rights that a rule on a file which is not a directory may have, see landlock_add_rule(2), EINVAL.
const ofFile = execute | writeFile | readFile | truncate | ioctlDev

// allow adds a rule for what is at a place.
func (d *Domain) allow(place string, rights uint64) {
	at := d.b.OpenNoLinks(plan.WhyConfine, plan.Cwd, d.b.String(place), false)
	d.b.AllowBelow(d.ruleset, at, rights)
	d.b.Close(at)
}

// describe adds a rule for a descriptor of the command: what it has open may be opened again as it was opened.
func (d *Domain) describe(fd int, is *spec.Description) {
	var rights uint64
	switch {
	case is.Kind == spec.NoFile, is.Kind == spec.OtherFile:
		return
	case is.Kind == spec.DirectoryFile && is.Fixed:
		rights = readOnly(d.files)
	case is.Kind == spec.DirectoryFile:
		rights = d.files
	default:
		rights = ofDescription(is) & d.files
	}
	if rights != 0 {
		d.b.AllowFile(d.ruleset, fd, rights)
	}
}

// ofDescription returns the rights with which a file was opened that is not a directory.
func ofDescription(is *spec.Description) (rights uint64) {
	if is.Reads {
		rights |= readFile
	}
	if is.Writes {
		rights |= writeFile | truncate
	}
	if is.Kind == spec.DeviceFile {
		rights |= ioctlDev
	}
	return rights
}
