package launch

import (
	"unsafe"

	"box/internal/early"
	"box/plan"
	"box/spec"

	"golang.org/x/sys/unix"
)

// openTTY opens a new terminal in the sandbox, makes it the controlling one of pid 1's session, and sends its master to
// the parent. It begins with the modes and the size of the caller's terminal.
func openTTY(b *plan.Builder, s *spec.Spec) {
	if s.Life.TTY != [3]bool{} {
		newTTY(b, s)
	}
}

// newTTY is openTTY where one of 0, 1 and 2 is a terminal.
//
//go:noinline
func newTTY(b *plan.Builder, s *spec.Spec) {
	early.Ordinary()
	was := b.For(spec.Terminal)
	master := openMaster(b, s)
	b.Ioctl(plan.WhyTerminal, master, unix.TIOCSPTLCK, uintptr(b.Space(4)))
	const flags = unix.O_RDWR | unix.O_NOCTTY | unix.O_CLOEXEC
	// Its path could lead to another terminal by now: TIOCGPTPEER (Linux 4.13) opens the other side of this very one.
	b.IoctlTo(plan.WhyTerminal, plan.Tty, master, unix.TIOCGPTPEER, flags)
	likeCallers(b, s)
	b.Ioctl(plan.WhyTerminal, plan.Tty, unix.TIOCSCTTY, 0)
	b.Send(plan.Master, master, 0)
	b.Close(master)
	b.For(was)
}

// openMaster opens the multiplexer of the sandbox's own /dev/pts, or of one that is mounted nowhere if there is none.
func openMaster(b *plan.Builder, s *spec.Spec) plan.Reg {
	const flags = unix.O_RDWR | unix.O_NOCTTY
	for i := range s.Tree {
		if s.Tree[i].Kind != spec.Dev {
			continue
		}
		dir := s.Tree[i].Dest + "/pts"
		if e, ok := s.Lookup(dir); ok && e.Kind == spec.Dev {
			return b.OpenInRoot(plan.WhyTerminal, plan.Root, b.String(spec.Relative(dir)+"/ptmx"), flags, 0)
		}
	}
	return detachedMaster(b)
}

// detachedMaster opens the multiplexer of a /dev/pts that is mounted nowhere.
func detachedMaster(b *plan.Builder) plan.Reg {
	const flags = unix.O_RDWR | unix.O_NOCTTY
	fs := b.Fsopen(plan.WhyTerminal, b.String("devpts"))
	b.FsconfigString(plan.WhyTerminal, fs, b.String("ptmxmode"), b.String("0666"))
	b.FsconfigCreate(plan.WhyTerminal, fs)
	mount := b.Fsmount(plan.WhyTerminal, fs, 0)
	master := b.Openat(plan.WhyTerminal, mount, b.String("ptmx"), flags, 0)
	b.Close(mount)
	b.Close(fs)
	return master
}

// likeCallers gives the new terminal the modes and the size of the caller's.
func likeCallers(b *plan.Builder, s *spec.Spec) {
	callers := 0
	for callers < 2 && !s.Life.TTY[callers] {
		callers++
	}
	if size, err := unix.IoctlGetWinsize(callers, unix.TIOCGWINSZ); err == nil {
		data := b.Bytes(unsafe.Slice((*byte)(unsafe.Pointer(size)), unsafe.Sizeof(*size)))
		b.Ioctl(plan.WhyTerminal, plan.Tty, unix.TIOCSWINSZ, uintptr(data))
	}
	modes, err := unix.IoctlGetTermios(callers, unix.TCGETS)
	if err != nil {
		return
	}
	data := b.Bytes(unsafe.Slice((*byte)(unsafe.Pointer(modes)), unsafe.Sizeof(*modes)))
	b.Ioctl(plan.WhyTerminal, plan.Tty, unix.TCSETS, uintptr(data))
}

// takeTTY puts the command's terminal in the place of the caller's. The foreground job there is that of pid 1, unless the
// command begins as that.
func takeTTY(b *plan.Builder, s *spec.Spec) {
	if s.Life.TTY == [3]bool{} {
		return
	}
	was := b.For(spec.Terminal)
	if s.Life.Front {
		b.Foreground(plan.Tty)
	}
	for fd, is := range s.Life.TTY {
		if is {
			b.Dup(plan.Tty, fd)
		}
	}
	b.For(was)
}
