package plan

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

var atFDCWD = uintptr(^uint64(0) - 99) // AT_FDCWD, -100

// Last returns the call that was written last, to change how its errors count.
func (b *Builder) Last() *Call { return &b.Inside[len(b.Inside)-1] }

// Ignoring lets the call that was written last count as done when it ends with one of errnos (at most four).
func (b *Builder) Ignoring(errnos ...unix.Errno) {
	c := b.Last()
	for i, e := range errnos {
		c.Ignore[i] = uint8(e)
	}
}

// Files and directories.

// Openat opens path below dir, see openat(2). O_CLOEXEC is added.
func (b *Builder) Openat(dir Reg, path Ptr, flags, mode uint32) Reg {
	r := b.Reg()
	b.OpenatTo(r, dir, path, flags, mode)
	return r
}

// OpenatTo is Openat into the register r.
func (b *Builder) OpenatTo(r, dir Reg, path Ptr, flags, mode uint32) {
	b.add(unix.SYS_OPENAT, 0, uintptr(path), uintptr(flags|unix.O_CLOEXEC), uintptr(mode)).fd(0, dir).out(r)
}

// OpenInRoot opens path with root as its "/", whatever links lie on the way: it can't leave root, and magic links of
// proc(5) are refused. See openat2(2), RESOLVE_IN_ROOT.
func (b *Builder) OpenInRoot(root Reg, path Ptr, flags, mode uint64) Reg {
	r := b.Reg()
	how := b.Words64(flags|unix.O_CLOEXEC, mode, unix.RESOLVE_IN_ROOT|unix.RESOLVE_NO_MAGICLINKS)
	b.add(unix.SYS_OPENAT2, 0, uintptr(path), uintptr(how), sizeofOpenHow).fd(0, root).out(r)
	return r
}

const sizeofOpenHow = 24

// OpenNoLinks opens path below dir, for its place only; no part of it may be a symbolic link, and with beneath none may lead
// out of dir. See openat2(2), RESOLVE_NO_SYMLINKS.
func (b *Builder) OpenNoLinks(dir Reg, path Ptr, beneath bool) Reg {
	r, resolve := b.Reg(), uint64(unix.RESOLVE_NO_SYMLINKS)
	if beneath {
		resolve |= unix.RESOLVE_BENEATH
	}
	how := b.Words64(unix.O_PATH|unix.O_CLOEXEC, 0, resolve)
	b.add(unix.SYS_OPENAT2, 0, uintptr(path), uintptr(how), sizeofOpenHow).fd(0, dir).out(r)
	return r
}

// NotRoot fails with EBUSY if r is the same place as the root so far, see statx(2): links may have led there.
func (b *Builder) NotRoot(r Reg) {
	var at [2]Ptr
	for i, of := range [...]Reg{Root, r} {
		at[i] = b.Space(int(unsafe.Sizeof(unix.Statx_t{})))
		const flags, mask = unix.AT_EMPTY_PATH, unix.STATX_INO | unix.STATX_MNT_ID
		b.add(unix.SYS_STATX, 0, uintptr(b.String("")), flags, mask, uintptr(at[i])).fd(0, of)
	}
	b.add(Differ, uintptr(at[0]), uintptr(at[1]))
}

// Offsets in struct statx.
const (
	StatxIno   = unsafe.Offsetof(unix.Statx_t{}.Ino)
	StatxMount = unsafe.Offsetof(unix.Statx_t{}.Mnt_id)
)

// Close closes r; the register is handed out again.
func (b *Builder) Close(r Reg) {
	b.add(unix.SYS_CLOSE).fd(0, r)
	if r >= firstFree && b.nfree < len(b.free) {
		b.free[b.nfree] = r
		b.nfree++
	}
}

// CloseRange closes the descriptors first to last, or marks them close-on-exec, see close_range(2).
func (b *Builder) CloseRange(first, last uint32, flags uint) {
	b.add(unix.SYS_CLOSE_RANGE, uintptr(first), uintptr(last), uintptr(flags))
}

// Dup makes the descriptor to a copy of r, see dup3(2).
func (b *Builder) Dup(r Reg, to int) { b.add(unix.SYS_DUP3, 0, uintptr(to), 0).fd(0, r) }

// Write writes all n bytes at data; less is an error.
func (b *Builder) Write(r Reg, data Ptr, n int) {
	c := b.add(unix.SYS_WRITE, 0, uintptr(data), uintptr(n)).fd(0, r)
	c.Full = true
}

// Mkdirat makes a directory, see mkdirat(2).
func (b *Builder) Mkdirat(dir Reg, name Ptr, mode uint32) {
	b.add(unix.SYS_MKDIRAT, 0, uintptr(name), uintptr(mode)).fd(0, dir)
}

// Mknodat makes an empty regular file, see mknodat(2).
func (b *Builder) Mknodat(dir Reg, name Ptr, mode uint32) {
	b.add(unix.SYS_MKNODAT, 0, uintptr(name), uintptr(unix.S_IFREG|mode), 0).fd(0, dir)
}

// Symlinkat makes a link to target, see symlinkat(2).
func (b *Builder) Symlinkat(target Ptr, dir Reg, name Ptr) {
	b.add(unix.SYS_SYMLINKAT, uintptr(target), 0, uintptr(name)).fd(1, dir)
}

// SymlinkatOnce is Symlinkat, but for the same link that is there already. See readlinkat(2).
func (b *Builder) SymlinkatOnce(target Ptr, n int, dir Reg, name Ptr) {
	b.Symlinkat(target, dir, name)
	b.Ignoring(unix.EEXIST)
	found, length := b.Space(n+1), b.Fresh()
	b.add(unix.SYS_READLINKAT, 0, uintptr(name), uintptr(found), uintptr(n+1)).fd(0, dir).out(length)
	b.Last().When = uint8(unix.EEXIST)
	// After the readlinkat, or after a symlinkat that has succeeded: then there is nothing in found and length.
	c := b.add(Same, uintptr(found), 0, uintptr(target), uintptr(n))
	c.In[1], c.When = length, Done
}

// Unlinkat removes a file, see unlinkat(2).
func (b *Builder) Unlinkat(dir Reg, name Ptr) {
	b.add(unix.SYS_UNLINKAT, 0, uintptr(name), 0).fd(0, dir)
}

// Fchmod sets the mode of what is open as r, see fchmod(2).
func (b *Builder) Fchmod(r Reg, mode uint32) { b.add(unix.SYS_FCHMOD, 0, uintptr(mode)).fd(0, r) }

// Fchdir makes dir the working directory.
func (b *Builder) Fchdir(dir Reg) { b.add(unix.SYS_FCHDIR).fd(0, dir) }

// Chdir makes path the working directory.
func (b *Builder) Chdir(path Ptr) { b.add(unix.SYS_CHDIR, uintptr(path)) }

// Umask sets the file mode creation mask.
func (b *Builder) Umask(mask uint32) { b.add(unix.SYS_UMASK, uintptr(mask)) }

// Mounts.

// Mount mounts a new file system, or binds, at a path, see mount(2).
func (b *Builder) Mount(source, target, fstype Ptr, flags uintptr, data Ptr) {
	b.add(unix.SYS_MOUNT, uintptr(source), uintptr(target), uintptr(fstype), flags, uintptr(data))
}

// OpenTree clones what is mounted at path, with all that is mounted below it: a mount that is nowhere yet.
// See open_tree(2), since Linux 5.2.
func (b *Builder) OpenTree(dir Reg, path Ptr) Reg {
	r := b.Reg()
	b.OpenTreeTo(r, dir, path)
	return r
}

// OpenTreeTo is OpenTree into the register r.
func (b *Builder) OpenTreeTo(r, dir Reg, path Ptr) {
	const flags = unix.OPEN_TREE_CLONE | unix.OPEN_TREE_CLOEXEC | unix.AT_RECURSIVE
	b.add(unix.SYS_OPEN_TREE, 0, uintptr(path), flags).fd(0, dir).out(r)
}

// OpenTreeOf is OpenTree for what of has open, into the register r.
func (b *Builder) OpenTreeOf(r, of Reg) {
	const flags = unix.OPEN_TREE_CLONE | unix.OPEN_TREE_CLOEXEC | unix.AT_RECURSIVE | unix.AT_EMPTY_PATH
	b.add(unix.SYS_OPEN_TREE, 0, uintptr(b.String("")), flags).fd(0, of).out(r)
}

// MountSetattr sets attributes of the mount r and, if recursive, of all mounts below it. It only adds: what the host
// has locked can't be lost. See mount_setattr(2), since Linux 5.12.
func (b *Builder) MountSetattr(r Reg, attrs, propagation uint64, recursive bool) {
	flags := uintptr(unix.AT_EMPTY_PATH)
	if recursive {
		flags |= unix.AT_RECURSIVE
	}
	attr := b.Words64(attrs, 0, propagation, 0)
	b.add(unix.SYS_MOUNT_SETATTR, 0, uintptr(b.String("")), flags, uintptr(attr), sizeofMountAttr).fd(0, r)
}

const sizeofMountAttr = 32

// MoveMount puts the mount r onto what to names. See move_mount(2), since Linux 5.2.
func (b *Builder) MoveMount(r, to Reg) {
	empty := b.String("")
	const flags = unix.MOVE_MOUNT_F_EMPTY_PATH | unix.MOVE_MOUNT_T_EMPTY_PATH
	b.add(unix.SYS_MOVE_MOUNT, 0, uintptr(empty), 0, uintptr(empty), flags).fd(0, r).fd(2, to)
}

// PivotRoot makes the working directory the root, with the old root mounted on top of it, see pivot_root(2).
func (b *Builder) PivotRoot() {
	dot := uintptr(b.String("."))
	b.add(unix.SYS_PIVOT_ROOT, dot, dot)
}

// Detach unmounts what is on top of the working directory, see umount2(2), MNT_DETACH.
func (b *Builder) Detach() {
	b.add(unix.SYS_UMOUNT2, uintptr(b.String(".")), unix.MNT_DETACH)
}

// Fsopen begins a mount that is attached nowhere, see fsopen(2).
func (b *Builder) Fsopen(fstype Ptr) Reg {
	r := b.Reg()
	b.add(unix.SYS_FSOPEN, uintptr(fstype), unix.FSOPEN_CLOEXEC).out(r)
	return r
}

// FsconfigString sets a parameter, see fsconfig(2).
func (b *Builder) FsconfigString(fs Reg, key, value Ptr) {
	b.add(unix.SYS_FSCONFIG, 0, unix.FSCONFIG_SET_STRING, uintptr(key), uintptr(value), 0).fd(0, fs)
}

// FsconfigCreate makes the file system.
func (b *Builder) FsconfigCreate(fs Reg) {
	b.add(unix.SYS_FSCONFIG, 0, unix.FSCONFIG_CMD_CREATE, 0, 0, 0).fd(0, fs)
}

// Fsmount makes a mount of it, see fsmount(2).
func (b *Builder) Fsmount(fs Reg) Reg {
	r := b.Reg()
	b.add(unix.SYS_FSMOUNT, 0, unix.FSMOUNT_CLOEXEC, 0).fd(0, fs).out(r)
	return r
}

// Processes, ids and privileges.

// Unshare makes new namespaces for the walking process, see unshare(2).
func (b *Builder) Unshare(flags uintptr) { b.add(unix.SYS_UNSHARE, flags) }

// Prctl is prctl(2) with up to two arguments.
func (b *Builder) Prctl(option int, arg2, arg3 uintptr) {
	b.add(unix.SYS_PRCTL, uintptr(option), arg2, arg3, 0, 0)
}

// Capset sets the effective, permitted and inheritable sets to keep, see capset(2).
func (b *Builder) Capset(keep uint64) {
	header := b.Words32(unix.LINUX_CAPABILITY_VERSION_3, 0)
	low, high := uint32(keep), uint32(keep>>32)
	b.add(unix.SYS_CAPSET, uintptr(header), uintptr(b.Words32(low, low, low, high, high, high)))
}

// Setgroups drops the supplementary groups, see setgroups(2).
func (b *Builder) Setgroups() { b.add(unix.SYS_SETGROUPS, 0, 0) }

// Setsid begins a session, see setsid(2).
func (b *Builder) Setsid() { b.add(unix.SYS_SETSID) }

// Setpgid begins a process group, see setpgid(2).
func (b *Builder) Setpgid() { b.add(unix.SYS_SETPGID, 0, 0) }

// Foreground makes the walking process's group the foreground group of the terminal, see tcsetpgrp(3).
func (b *Builder) Foreground(terminal Reg) {
	group, pid := b.Space(4), b.Reg()
	b.add(unix.SYS_GETPGID, 0).out(pid)
	b.add(Poke, uintptr(group)).fd(1, pid)
	b.Ioctl(terminal, unix.TIOCSPGRP, uintptr(group))
}

// Limit sets a resource limit of the walking process, see prlimit(2).
func (b *Builder) Limit(resource int, soft, hard uint64) {
	b.add(unix.SYS_PRLIMIT64, 0, uintptr(resource), uintptr(b.Words64(soft, hard)), 0)
}

// SetCPUs sets the CPUs that the process may run on, see sched_setaffinity(2).
func (b *Builder) SetCPUs(mask []byte) {
	b.add(unix.SYS_SCHED_SETAFFINITY, 0, uintptr(len(mask)), uintptr(b.Bytes(mask)))
}

// Sethostname sets the host name of the UTS namespace.
func (b *Builder) Sethostname(name Ptr, n int) {
	b.add(unix.SYS_SETHOSTNAME, uintptr(name), uintptr(n))
}

// NewKeyring gives the process an empty session keyring, see keyctl_join_session_keyring(3).
func (b *Builder) NewKeyring() { b.add(unix.SYS_KEYCTL, unix.KEYCTL_JOIN_SESSION_KEYRING, 0) }

// IgnoreSignal sets the disposition SIG_IGN, see rt_sigaction(2).
func (b *Builder) IgnoreSignal(signal int) {
	const ignore = 1 // SIG_IGN
	action := b.Words64(ignore, 0, 0, 0)
	b.add(unix.SYS_RT_SIGACTION, uintptr(signal), uintptr(action), 0, 8)
}

// SetMask sets the signal mask to mask, bit 0 being signal 1, see rt_sigprocmask(2).
func (b *Builder) SetMask(mask uint64) {
	const setmask = 2 // SIG_SETMASK
	b.add(unix.SYS_RT_SIGPROCMASK, setmask, uintptr(b.Words64(mask)), 0, 8)
}

// Signalfd makes a descriptor for the signals in mask, see signalfd(2).
func (b *Builder) Signalfd(r Reg, mask uint64) {
	minusOne := ^uintptr(0)
	b.add(unix.SYS_SIGNALFD4, minusOne, uintptr(b.Words64(mask)), 8, unix.SFD_CLOEXEC|unix.SFD_NONBLOCK).out(r)
}

// LoadFilter loads a seccomp program of len(program)/8 instructions, see prctl(2), PR_SET_SECCOMP. prctl is what
// bubblewrap uses too, so that a program that allows only the one way works.
func (b *Builder) LoadFilter(program []byte) {
	fprog := b.Words64(uint64(len(program)/8), uint64(b.Bytes(program)))
	b.Prctl(unix.PR_SET_SECCOMP, unix.SECCOMP_MODE_FILTER, uintptr(fprog))
}

// Execve replaces the process, see execve(2).
func (b *Builder) Execve(path, argv, envp Ptr) {
	b.add(unix.SYS_EXECVE, uintptr(path), uintptr(argv), uintptr(envp))
}

// Sockets and devices.

// Socket opens a socket, see socket(2).
func (b *Builder) Socket(domain, typ, protocol int) Reg {
	r := b.Reg()
	b.add(unix.SYS_SOCKET, uintptr(domain), uintptr(typ|unix.SOCK_CLOEXEC), uintptr(protocol)).out(r)
	return r
}

// Ioctl is ioctl(2) with an argument that is a number or an address.
func (b *Builder) Ioctl(r Reg, request, arg uintptr) {
	b.add(unix.SYS_IOCTL, 0, request, arg).fd(0, r)
}

// IoctlTo is Ioctl with the result kept in out.
func (b *Builder) IoctlTo(out, r Reg, request, arg uintptr) {
	b.add(unix.SYS_IOCTL, 0, request, arg).fd(0, r).out(out)
}

// LockFile opens a file and takes a lock for reading on it, as long as it is open. See fcntl(2), F_SETLK.
func (b *Builder) LockFile(path Ptr) {
	r := b.Fresh()
	b.Keep = append(b.Keep, r)
	b.OpenatTo(r, Cwd, path, unix.O_RDONLY, 0)
	lock := b.Space(int(unsafe.Sizeof(unix.Flock_t{}))) // F_RDLCK is 0, and a length of 0 is the whole file
	b.add(unix.SYS_FCNTL, 0, unix.F_SETLK, uintptr(lock)).fd(0, r)
}

// KeepFD lets pid 1 keep a descriptor of the caller open.
func (b *Builder) KeepFD(fd int) {
	r := b.Fresh()
	b.Keep = append(b.Keep, r)
	b.add(unix.SYS_FCNTL, uintptr(fd), unix.F_DUPFD_CLOEXEC, 3).out(r)
}

// AwaitByte reads one byte, or the end of the file, from a descriptor of the caller.
func (b *Builder) AwaitByte(fd int) {
	b.add(unix.SYS_READ, uintptr(fd), uintptr(b.Space(1)), 1)
}

// What is no system call.

// Fork begins the command's process, with memory and address space of pid 1 until it executes something.
func (b *Builder) Fork() { b.add(Fork) }

// Wipe zeroes n bytes at start, which is not memory of the Builder.
func (b *Builder) Wipe(start, n uintptr) { b.add(Wipe, start, n) }

// Set stores an address at slot, if the call before succeeded.
func (b *Builder) Set(slot, value Ptr) {
	for shift := range 2 { // the low half comes first on every machine that box knows
		b.add(Poke, uintptr(slot)+uintptr(4*shift), uintptr(uint64(value)>>(32*shift)&0xffffffff)).When = Done
	}
}

// GiveUp ends a search for the command, see GiveUp the number.
func (b *Builder) GiveUp() { b.add(GiveUp) }

// Records to and from the parent.

// AwaitParent tells the parent that the child is ready for the plan's acts, and waits for its answer.
func (b *Builder) AwaitParent() {
	const size = 12
	b.add(unix.SYS_SENDTO, 0, uintptr(b.Words32(Ready, 0, 0)), size, unix.MSG_NOSIGNAL, 0, 0).fd(0, Status)
	b.add(unix.SYS_RECVFROM, 0, uintptr(b.Space(size)), size, 0, 0, 0).fd(0, Status).Full = true
}

// ParentAlive fails if the parent has closed its end of the status socket.
func (b *Builder) ParentAlive() {
	c := b.add(unix.SYS_RECVFROM, 0, uintptr(b.Space(4)), 4, unix.MSG_PEEK|unix.MSG_DONTWAIT, 0, 0).fd(0, Status)
	c.Full, c.Ignore[0] = true, uint8(unix.EAGAIN)
}

// Send sends a record with the descriptor r to the parent, see unix(7), SCM_RIGHTS. The record's step is that of the
// call before; when is as in Call.
func (b *Builder) Send(kind uint32, r Reg, when uint8) {
	step := uint32(len(b.Inside) - 1)
	control := b.Words64(cmsgLen, unix.SOL_SOCKET|unix.SCM_RIGHTS<<32, 0)
	record := b.Words32(kind, step, 0)
	vector := b.Words64(uint64(record), 12)
	message := b.Words64(0, 0, uint64(vector), 1, uint64(control), cmsgSpace, 0)
	c := b.add(Poke, uintptr(control)+cmsgData).fd(1, r)
	c.When = when
	b.add(unix.SYS_SENDMSG, 0, uintptr(message), unix.MSG_NOSIGNAL).fd(0, Status).When = when
}

// The layout of a control message with one descriptor, see cmsg(3).
const (
	cmsgLen   = 20
	cmsgSpace = 24
	cmsgData  = 16
)
