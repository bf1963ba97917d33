package plan

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// Openat opens path below dir, see openat(2). O_CLOEXEC is added.
func (b *Builder) Openat(why Why, dir Reg, path Ptr, flags, mode uint32) Reg {
	r := b.Reg()
	b.OpenatTo(why, r, dir, path, flags, mode)
	return r
}

// OpenatTo is Openat into the register r.
func (b *Builder) OpenatTo(why Why, r, dir Reg, path Ptr, flags, mode uint32) {
	b.add(why, unix.SYS_OPENAT, 0, uintptr(path), uintptr(flags|unix.O_CLOEXEC), uintptr(mode)).fd(0, dir).out(r)
}

// OpenInRoot opens path with root as its "/", whatever links lie on the way: it can't leave root, and magic links of
// proc(5) are refused. See openat2(2), RESOLVE_IN_ROOT.
func (b *Builder) OpenInRoot(why Why, root Reg, path Ptr, flags, mode uint64) Reg {
	r := b.Reg()
	b.OpenInRootTo(why, r, root, path, flags, mode)
	return r
}

// OpenInRootTo is OpenInRoot into the register r.
func (b *Builder) OpenInRootTo(why Why, r, root Reg, path Ptr, flags, mode uint64) {
	how := b.Words64(flags|unix.O_CLOEXEC, mode, unix.RESOLVE_IN_ROOT|unix.RESOLVE_NO_MAGICLINKS)
	b.add(why, unix.SYS_OPENAT2, 0, uintptr(path), uintptr(how), sizeofOpenHow).fd(0, root).out(r)
}

const sizeofOpenHow = 24

// OpenPlain opens path as the process sees it, but follows no magic link of proc(5): these lead out of every root. See
// openat2(2), RESOLVE_NO_MAGICLINKS.
func (b *Builder) OpenPlain(why Why, path Ptr, flags uint64) Reg {
	r := b.Fresh()
	how := b.Words64(flags|unix.O_CLOEXEC, 0, unix.RESOLVE_NO_MAGICLINKS)
	b.add(why, unix.SYS_OPENAT2, 0, uintptr(path), uintptr(how), sizeofOpenHow).fd(0, Cwd).out(r)
	return r
}

// OpenNoLinks opens path below dir, for its place only; no part of it may be a symbolic link, and with beneath none may lead
// out of dir. See openat2(2), RESOLVE_NO_SYMLINKS.
func (b *Builder) OpenNoLinks(why Why, dir Reg, path Ptr, beneath bool) Reg {
	r := b.Reg()
	b.OpenNoLinksTo(why, r, dir, path, beneath)
	return r
}

// OpenLastLink is OpenNoLinks beneath dir, but the last part may be a link: then the place of the link itself is opened.
func (b *Builder) OpenLastLink(why Why, dir Reg, path Ptr) Reg {
	r := b.Reg()
	how := b.Words64(unix.O_PATH|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0, unix.RESOLVE_NO_SYMLINKS|unix.RESOLVE_BENEATH)
	b.add(why, unix.SYS_OPENAT2, 0, uintptr(path), uintptr(how), sizeofOpenHow).fd(0, dir).out(r)
	return r
}

// OpenNoLinksTo is OpenNoLinks into the register r.
func (b *Builder) OpenNoLinksTo(why Why, r, dir Reg, path Ptr, beneath bool) {
	resolve := uint64(unix.RESOLVE_NO_SYMLINKS)
	if beneath {
		resolve |= unix.RESOLVE_BENEATH
	}
	how := b.Words64(unix.O_PATH|unix.O_CLOEXEC, 0, resolve)
	b.add(why, unix.SYS_OPENAT2, 0, uintptr(path), uintptr(how), sizeofOpenHow).fd(0, dir).out(r)
}

// NotRoot fails with EBUSY if r is the same place as the root so far, see statx(2): links may have led there. Before Linux 5.8 it
// has no numbers of mounts; then a directory that is bound on the root and once more elsewhere is taken for the root there, too.
func (b *Builder) NotRoot(r Reg) {
	b.add(WhyNotRoot, Differ, uintptr(b.statx(Root, 0)), uintptr(b.statx(r, 0)))
}

// SameFile fails with EINVAL if r is not of the file that the caller's descriptor fd names.
func (b *Builder) SameFile(why Why, r Reg, fd int) {
	is, want := b.statx(r, 0), b.statx(None, fd)
	b.equal(why, is+Ptr(StatxIno), want+Ptr(StatxIno), unix.EINVAL)
	b.equal(why, is+Ptr(StatxDev), want+Ptr(StatxDev), unix.EINVAL)
}

// IsFile fails with ESTALE if r is not of the file with these numbers, see stat(2).
func (b *Builder) IsFile(why Why, r Reg, dev, ino uint64) {
	is := b.statx(r, 0)
	b.equal(why, is+Ptr(StatxIno), b.Words64(ino), unix.ESTALE)
	b.equal(why, is+Ptr(StatxDev), b.Words32(unix.Major(dev), unix.Minor(dev)), unix.ESTALE)
}

// UnlessRemoved fails with ENOENT if the call before has, unless what r has open has been removed: its link count is 0.
func (b *Builder) UnlessRemoved(why Why, r Reg) {
	at := b.Space(int(unsafe.Sizeof(unix.Statx_t{}))) // which is 0 if nobody looks
	const nlink = Ptr(unsafe.Offsetof(unix.Statx_t{}.Nlink))
	b.add(WhyOther, unix.SYS_STATX, 0, uintptr(b.String("")), unix.AT_EMPTY_PATH, unix.STATX_NLINK, uintptr(at)).fd(0, r)
	b.Last().When = uint8(unix.ENOENT)
	b.add(why, Equal, uintptr(at+nlink), uintptr(b.Space(4)), 4, uintptr(unix.ENOENT))
}

// statx returns where the attributes of r will be, or of the descriptor fd if r is None.
func (b *Builder) statx(r Reg, fd int) Ptr {
	at := b.Space(int(unsafe.Sizeof(unix.Statx_t{})))
	const flags, mask = unix.AT_EMPTY_PATH, unix.STATX_INO | unix.STATX_MNT_ID
	b.add(WhyOther, unix.SYS_STATX, uintptr(fd), uintptr(b.String("")), flags, mask, uintptr(at)).fd(0, r)
	return at
}

// Offsets in struct statx.
const (
	StatxIno   = unsafe.Offsetof(unix.Statx_t{}.Ino)
	StatxMount = unsafe.Offsetof(unix.Statx_t{}.Mnt_id)
	StatxDev   = unsafe.Offsetof(unix.Statx_t{}.Dev_major) // and the minor number after it
)

// Close closes r; the register is handed out again.
func (b *Builder) Close(r Reg) {
	b.add(WhyOther, unix.SYS_CLOSE).fd(0, r)
	if r >= firstFree && b.nfree < len(b.free) {
		b.free[b.nfree] = r
		b.nfree++
	}
}

// CloseRange closes the descriptors first to last, or marks them close-on-exec, see close_range(2).
func (b *Builder) CloseRange(first, last uint32, flags uint) {
	b.add(WhyInheritance, unix.SYS_CLOSE_RANGE, uintptr(first), uintptr(last), uintptr(flags))
}

// Dup makes the descriptor to a copy of r, see dup3(2).
func (b *Builder) Dup(r Reg, to int) {
	b.add(WhyInheritance, unix.SYS_DUP3, 0, uintptr(to), 0).fd(0, r)
}

// Write writes all n bytes at data; less is an error.
func (b *Builder) Write(why Why, r Reg, data Ptr, n int) {
	b.add(why, unix.SYS_WRITE, 0, uintptr(data), uintptr(n)).fd(0, r)
}

// CopyFile appends the file at path, if it is there and can be read, to the regular file r. See sendfile(2).
func (b *Builder) CopyFile(why Why, r Reg, path Ptr) {
	from := b.Openat(why, Cwd, path, unix.O_RDONLY|unix.O_NONBLOCK, 0)
	b.Ignoring(unix.ENOENT, unix.EACCES)
	const most = 1 << 30
	c := b.add(why, unix.SYS_SENDFILE, 0, 0, 0, most).fd(0, r).fd(1, from)
	c.Ignore[0], c.When = uint8(unix.EINVAL), Done // EINVAL: not every file system can do that
	b.Close(from)
	b.Last().When = Done
}

// Mkdirat makes a directory, see mkdirat(2).
func (b *Builder) Mkdirat(why Why, dir Reg, name Ptr, mode uint32) {
	b.add(why, unix.SYS_MKDIRAT, 0, uintptr(name), uintptr(mode)).fd(0, dir)
}

// Mknodat makes an empty regular file, see mknodat(2).
func (b *Builder) Mknodat(why Why, dir Reg, name Ptr, mode uint32) {
	b.add(why, unix.SYS_MKNODAT, 0, uintptr(name), uintptr(unix.S_IFREG|mode), 0).fd(0, dir)
}

// Symlinkat makes a link to target, see symlinkat(2).
func (b *Builder) Symlinkat(why Why, target Ptr, dir Reg, name Ptr) {
	b.add(why, unix.SYS_SYMLINKAT, uintptr(target), 0, uintptr(name)).fd(1, dir)
}

// SymlinkatOnce is Symlinkat, but for the same link that is there already: n is the length of target. What else is there is
// reported as the failure's text. See readlinkat(2).
func (b *Builder) SymlinkatOnce(target Ptr, n int, dir Reg, name Ptr) {
	b.Symlinkat(WhyLink, target, dir, name)
	b.Ignoring(unix.EEXIST)
	if b.link == 0 {
		b.link = b.Space(unix.PathMax + 8) // the walk reads it by words
	}
	length := b.Fresh()
	b.add(WhyThere, unix.SYS_READLINKAT, 0, uintptr(name), uintptr(b.link), unix.PathMax).fd(0, dir).out(length)
	b.Last().When = uint8(unix.EEXIST)
	// After the readlinkat, or after a symlinkat that has succeeded: then there is nothing in length.
	b.Sends |= 1 << Text
	c := b.add(WhyTarget, Same, uintptr(b.link), 0, uintptr(target), uintptr(n))
	c.In[1], c.When = length, Done
}

// ChmodOf sets the mode of what r has open, if only its place: by its name in /proc, see fchmodat(2) and proc(5).
func (b *Builder) ChmodOf(r Reg, mode uint32) {
	path, digits := b.descriptorPath("self/fd/")
	b.add(WhyMode, Digits, uintptr(digits)).fd(1, r)
	b.add(WhyMode, unix.SYS_FCHMODAT, 0, uintptr(path), uintptr(mode)).fd(0, Proc)
}

// OpenAgain opens what r has open, if only its place, with other flags: by its name in /proc, see proc(5).
func (b *Builder) OpenAgain(why Why, r Reg, flags uint32) Reg {
	path, digits := b.descriptorPath("self/fd/")
	b.add(why, Digits, uintptr(digits)).fd(1, r)
	return b.Openat(why, Proc, path, flags, 0)
}

// SeekAs gives r the file offset of the caller's descriptor fd, see lseek(2).
func (b *Builder) SeekAs(r Reg, fd int) {
	at := b.Fresh()
	b.add(WhyStdio, unix.SYS_LSEEK, uintptr(fd), 0, unix.SEEK_CUR).out(at)
	b.add(WhyStdio, unix.SYS_LSEEK, 0, 0, unix.SEEK_SET).fd(0, r).fd(1, at)
}

// Fchmodat sets the mode of what is at name in dir, see fchmodat(2).
func (b *Builder) Fchmodat(why Why, dir Reg, name Ptr, mode uint32) {
	b.add(why, unix.SYS_FCHMODAT, 0, uintptr(name), uintptr(mode)).fd(0, dir)
}

// digitsRoom is what Digits fills in.
const digitsPlace = "////////"

// descriptorPath returns a path that ends in a descriptor's number, and where Digits has to write that.
func (b *Builder) descriptorPath(prefix string) (path, digits Ptr) {
	path = b.Concat(prefix, digitsPlace, "")
	return path, path + Ptr(len(prefix))
}

// Fchdir makes dir the working directory.
func (b *Builder) Fchdir(why Why, dir Reg) { b.add(why, unix.SYS_FCHDIR).fd(0, dir) }

// Chdir makes path the working directory.
func (b *Builder) Chdir(why Why, path Ptr) { b.add(why, unix.SYS_CHDIR, uintptr(path)) }

// Umask sets the file mode creation mask.
func (b *Builder) Umask(mask uint32) { b.add(WhyInheritance, unix.SYS_UMASK, uintptr(mask)) }
