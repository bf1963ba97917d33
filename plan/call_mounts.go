package plan

import "golang.org/x/sys/unix"

// Mount mounts a new file system, or binds, at a path, see mount(2).
func (b *Builder) Mount(why Why, source, target, fstype Ptr, flags uintptr, data Ptr) {
	b.add(why, unix.SYS_MOUNT, uintptr(source), uintptr(target), uintptr(fstype), flags, uintptr(data))
}

// MountOn is Mount for what at has open, if only its place: by its name in /proc, see proc(5), for which nobody need enter it.
func (b *Builder) MountOn(why Why, source Ptr, at Reg, fstype Ptr, flags uintptr, data Ptr, when uint8) {
	path, digits := b.descriptorPath("/proc/self/fd/")
	b.add(why, Digits, uintptr(digits)).fd(1, at).When = when
	b.Mount(why, source, path, fstype, flags, data)
	b.Last().When = when
}

// OpenTree clones what is mounted at path, with all that is mounted below it: a mount that is nowhere yet.
// See open_tree(2), since Linux 5.2.
func (b *Builder) OpenTree(why Why, dir Reg, path Ptr) Reg {
	r := b.Reg()
	b.OpenTreeTo(why, r, dir, path)
	return r
}

// OpenTreeTo is OpenTree into the register r.
func (b *Builder) OpenTreeTo(why Why, r, dir Reg, path Ptr) {
	const flags = unix.OPEN_TREE_CLONE | unix.OPEN_TREE_CLOEXEC | unix.AT_RECURSIVE
	b.add(why, unix.SYS_OPEN_TREE, 0, uintptr(path), flags).fd(0, dir).out(r)
}

// OpenTreeOf is OpenTree for what of has open, into the register r.
func (b *Builder) OpenTreeOf(why Why, r, of Reg) {
	const flags = unix.OPEN_TREE_CLONE | unix.OPEN_TREE_CLOEXEC | unix.AT_RECURSIVE | unix.AT_EMPTY_PATH
	b.add(why, unix.SYS_OPEN_TREE, 0, uintptr(b.String("")), flags).fd(0, of).out(r)
}

// MountSetattr sets attributes of the mount r and, if recursive, of all mounts below it. It only adds: what the host
// has locked can't be lost. See mount_setattr(2), since Linux 5.12.
func (b *Builder) MountSetattr(why Why, r Reg, attrs, propagation uint64, recursive bool) {
	flags := uintptr(unix.AT_EMPTY_PATH)
	if recursive {
		flags |= unix.AT_RECURSIVE
	}
	attr := b.Words64(attrs, 0, propagation, 0)
	b.add(why, unix.SYS_MOUNT_SETATTR, 0, uintptr(b.String("")), flags, uintptr(attr), sizeofMountAttr).fd(0, r)
}

// MountClearattr takes attributes away from the mount r alone. What a user namespace above has set is locked: EPERM.
func (b *Builder) MountClearattr(why Why, r Reg, attrs uint64) {
	attr := b.Words64(0, attrs, 0, 0)
	b.add(why, unix.SYS_MOUNT_SETATTR, 0, uintptr(b.String("")), unix.AT_EMPTY_PATH, uintptr(attr), sizeofMountAttr).fd(0, r)
}

const sizeofMountAttr = 32

// MoveMount puts the mount r onto what to names. See move_mount(2), since Linux 5.2.
func (b *Builder) MoveMount(why Why, r, to Reg) {
	empty := b.String("")
	const flags = unix.MOVE_MOUNT_F_EMPTY_PATH | unix.MOVE_MOUNT_T_EMPTY_PATH
	b.add(why, unix.SYS_MOVE_MOUNT, 0, uintptr(empty), 0, uintptr(empty), flags).fd(0, r).fd(2, to)
}

// MoveMountAt puts the mount r onto name in the directory to. No link is followed there.
func (b *Builder) MoveMountAt(why Why, r, to Reg, name Ptr) {
	empty := b.String("")
	b.add(why, unix.SYS_MOVE_MOUNT, 0, uintptr(empty), 0, uintptr(name), unix.MOVE_MOUNT_F_EMPTY_PATH).fd(0, r).fd(2, to)
}

// PivotRoot makes the working directory the root, with the old root mounted on top of it, see pivot_root(2).
func (b *Builder) PivotRoot() {
	dot := uintptr(b.String("."))
	b.add(WhyRoot, unix.SYS_PIVOT_ROOT, dot, dot)
}

// Detach unmounts what is on top of the working directory, see umount2(2), MNT_DETACH.
func (b *Builder) Detach() { b.DetachAt(b.String(".")) }

// DetachAt is Detach for a path.
func (b *Builder) DetachAt(path Ptr) {
	b.add(WhyRoot, unix.SYS_UMOUNT2, uintptr(path), unix.MNT_DETACH)
}

// Fsopen begins a mount that is attached nowhere, see fsopen(2).
func (b *Builder) Fsopen(why Why, fstype Ptr) Reg {
	r := b.Reg()
	b.add(why, unix.SYS_FSOPEN, uintptr(fstype), unix.FSOPEN_CLOEXEC).out(r)
	return r
}

// FsconfigString sets a parameter, see fsconfig(2).
func (b *Builder) FsconfigString(why Why, fs Reg, key, value Ptr) {
	b.add(why, unix.SYS_FSCONFIG, 0, unix.FSCONFIG_SET_STRING, uintptr(key), uintptr(value), 0).fd(0, fs)
}

// FsconfigCreate makes the file system.
func (b *Builder) FsconfigCreate(why Why, fs Reg) {
	b.add(why, unix.SYS_FSCONFIG, 0, unix.FSCONFIG_CMD_CREATE, 0, 0, 0).fd(0, fs)
}

// Fsmount makes a mount of it, see fsmount(2).
func (b *Builder) Fsmount(why Why, fs Reg, attrs uintptr) Reg {
	r := b.Reg()
	b.add(why, unix.SYS_FSMOUNT, 0, unix.FSMOUNT_CLOEXEC, attrs).fd(0, fs).out(r)
	return r
}

// Layers returns the options of an overlay whose directories are open descriptors: lower from the top, upper and work None
// for one that can't be written. Their numbers are filled in before the mount. See the kernel's Documentation/filesystems/
// overlayfs.rst; userxattr is what a user namespace needs.
func (b *Builder) Layers(lower []Reg, upper, work Reg) Ptr {
	const place = "/proc/self/fd/" + digitsPlace
	size := len("lowerdir=,upperdir=,workdir=,userxattr") + (len(lower)+2)*(len(place)+1)
	text := b.memory(size + 1)[:0]
	regs := make([]Reg, 0, len(lower)+2)
	at := make([]int, 0, len(lower)+2)
	add := func(key string, r Reg) {
		text = append(append(text, key...), place...)
		regs, at = append(regs, r), append(at, len(text)-len(digitsPlace))
	}
	for i, r := range lower {
		add([...]string{"lowerdir=", ":"}[min(i, 1)], r)
	}
	if upper != None {
		add(",upperdir=", upper)
		add(",workdir=", work)
	}
	text = append(text, ",userxattr\x00"...)
	for i, r := range regs {
		b.add(WhyOther, Digits, uintptr(address(text[at[i]:]))).fd(1, r)
	}
	return address(text)
}
