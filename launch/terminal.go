package launch

import (
	"strconv"

	"golang.org/x/sys/unix"
)

// terminal joins the caller's terminal and the sandbox's own. A nil terminal does nothing: it is that of a sandbox
// without one.
type terminal struct {
	keys   int          // the caller's terminal for input, or -1 if the command reads its input elsewhere
	screen int          // the caller's terminal for output
	reopen int          // screen opened once more, to be closed; or -1
	master int          // the sandbox's; -1 when it is closed
	before unix.Termios // the modes to restore, if raw
	output bool         // standard output is the terminal
	raw    bool         // the modes are ours at present
	toBox  []byte       // read from keys, not yet written to master
	toUser []byte       // read from master, not yet written to screen
	asked  unix.Signal  // what a key asked for that was passed on: SIGINT, SIGQUIT, or 0
	gone   bool         // the caller's terminal has hung up
	quiet  bool         // the master has no other side at present: nothing to poll for
}

// pending bounds what is read ahead in one direction, in bytes.
// A command that writes faster than the caller's terminal reads waits, instead of filling the monitor's memory.
const pending = 16 << 10

// openTerminal takes the master that pid 1 has sent. which says which of 0, 1 and 2 are the caller's terminal.
// A master below 0 means no terminal, and the result is nil. The one that it returns owns the master.
func openTerminal(master int, which [3]bool) *terminal {
	if master < 0 {
		return nil
	}
	t := &terminal{keys: -1, screen: 0, reopen: -1, master: master, output: which[1]}
	for _, fd := range []int{2, 1} {
		if which[fd] {
			t.screen = fd
		}
	}
	if which[0] {
		t.keys = 0
	}
	// A description of our own, because making the caller's non-blocking would make it so for the shell, too.
	path := "/proc/self/fd/" + strconv.Itoa(t.screen)
	if fd, err := unix.Open(path, unix.O_WRONLY|unix.O_NOCTTY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0); err == nil {
		t.reopen, t.screen = fd, fd
	}
	_ = unix.SetNonblock(master, true)
	// A process in the background may set a terminal's modes if it blocks SIGTTOU, see tcsetattr(3): they are restored even
	// if box has been sent there meanwhile.
	_ = unix.PthreadSigmask(unix.SIG_BLOCK, &unix.Sigset_t{Val: [16]uint64{bit(unix.SIGTTOU)}}, nil)
	t.enter()
	return t
}

// hungUp reports whether the caller's terminal is gone.
func (t *terminal) hungUp() bool { return t != nil && t.gone }

// open reports whether there is a terminal that has not been closed.
func (t *terminal) open() bool { return t != nil && t.master >= 0 }

// enter makes the caller's terminal raw, if it is read at all and box is in the foreground, and passes on its size.
func (t *terminal) enter() {
	if !t.open() {
		return
	}
	t.resize()
	// A job in the background that changed the modes would change them for the shell, or for the job in front.
	if t.keys < 0 || t.raw || !foreground(t.keys) {
		return
	}
	before, err := unix.IoctlGetTermios(t.keys, unix.TCGETS)
	if err != nil {
		return
	}
	t.before = *before
	// As cfmakeraw(3): keys are for the sandbox's terminal to interpret, also those that send signals.
	raw := *before
	raw.Iflag &^= unix.IGNBRK | unix.BRKINT | unix.PARMRK | unix.ISTRIP | unix.INLCR | unix.IGNCR | unix.ICRNL | unix.IXON
	if t.output {
		raw.Oflag &^= unix.OPOST // else somebody else writes to the terminal, the rest of a pipeline
	}
	raw.Lflag &^= unix.ECHO | unix.ECHONL | unix.ICANON | unix.ISIG | unix.IEXTEN
	raw.Cflag = raw.Cflag&^(unix.CSIZE|unix.PARENB) | unix.CS8
	raw.Cc[unix.VMIN], raw.Cc[unix.VTIME] = 1, 0
	t.raw = setModes(t.keys, unix.TCSETS, &raw) == nil
}

// setModes sets the modes of a terminal, whatever signals arrive meanwhile.
func setModes(fd int, request uint, modes *unix.Termios) error {
	for {
		if err := unix.IoctlSetTermios(fd, request, modes); err != unix.EINTR {
			return err
		}
	}
}

// leave gives the caller's terminal back as it was.
func (t *terminal) leave() {
	if t == nil || !t.raw {
		return
	}
	t.raw = false
	_ = setModes(t.keys, unix.TCSETS, &t.before)
}

// foreground reports whether the terminal belongs to our process group at present.
func foreground(fd int) bool {
	group, err := unix.IoctlGetInt(fd, unix.TIOCGPGRP)
	return err == nil && group == unix.Getpgrp()
}

// resize passes the size of the caller's terminal on; the kernel sends SIGWINCH inside.
func (t *terminal) resize() {
	if size, err := unix.IoctlGetWinsize(t.screen, unix.TIOCGWINSZ); err == nil {
		_ = unix.IoctlSetWinsize(t.master, unix.TIOCSWINSZ, size)
	}
}

// background is how often to look whether box has been brought to the foreground, in milliseconds: a shell tells a
// job that was running all the time nothing of it.
const background = 250

// listen adds what the terminal waits for to a poll set. It returns for how many milliseconds to wait at most.
//
// -1 is without end. A place with the descriptor -1 is passed over by poll(2). A side is read only as long as there
// is room for what it says, so that whoever writes too fast has to wait.
func (t *terminal) listen(set []unix.PollFd) int {
	for _, place := range []int{onKeys, onMaster, onScreen} {
		set[place] = unix.PollFd{Fd: -1}
	}
	if !t.open() {
		return -1
	}
	wait := -1
	if t.keys >= 0 && !t.raw {
		t.enter()
		wait = background
	}
	if t.raw && len(t.toBox) < pending {
		set[onKeys] = unix.PollFd{Fd: int32(t.keys), Events: unix.POLLIN}
	}
	if len(t.toUser) > 0 {
		set[onScreen] = unix.PollFd{Fd: int32(t.screen), Events: unix.POLLOUT}
	}
	var events int16
	if len(t.toUser) < pending {
		events |= unix.POLLIN
	}
	if len(t.toBox) > 0 {
		events |= unix.POLLOUT
	}
	if events != 0 && !t.quiet {
		set[onMaster] = unix.PollFd{Fd: int32(t.master), Events: events}
	}
	return wait
}

// copy moves bytes as far as the poll has shown them to be there.
func (t *terminal) copy(set []unix.PollFd) {
	if !t.open() {
		return
	}
	if set[onKeys].Revents != 0 {
		if !fill(t.keys, &t.toBox) {
			t.keys, t.raw, t.gone = -1, false, true
		}
	}
	if set[onMaster].Revents&unix.POLLOUT != 0 {
		t.lookForKeys()
		drain(t.master, &t.toBox)
	}
	if set[onMaster].Revents&^unix.POLLOUT != 0 && !fill(t.master, &t.toUser) {
		t.quiet = true // nobody has the other side open; what may still hold the sandbox is not our business
	}
	if set[onScreen].Revents != 0 {
		drain(t.screen, &t.toUser)
	}
}

// lookForKeys looks for keys of which the sandbox's terminal makes a signal, see termios(3), ISIG.
func (t *terminal) lookForKeys() {
	modes, err := unix.IoctlGetTermios(t.master, unix.TCGETS)
	if err != nil || modes.Lflag&unix.ISIG == 0 {
		return
	}
	for _, key := range t.toBox {
		switch key {
		case 0: // _POSIX_VDISABLE: there is no such key
		case modes.Cc[unix.VINTR]:
			t.asked = unix.SIGINT
		case modes.Cc[unix.VQUIT]:
			t.asked = unix.SIGQUIT
		}
	}
}

// fill reads once. It returns false at the end or on an error that stays.
// A master that nobody has the other side of open answers EIO.
func fill(fd int, to *[]byte) bool {
	var buffer [4096]byte
	n, err := unix.Read(fd, buffer[:])
	if n > 0 {
		*to = append(*to, buffer[:n]...)
		return true
	}
	return err == unix.EAGAIN || err == unix.EINTR
}

// drain writes once. What can't be written to a terminal that is gone is dropped.
func drain(fd int, from *[]byte) {
	n, err := unix.Write(fd, *from)
	switch {
	case n > 0:
		*from = append((*from)[:0], (*from)[n:]...)
	case err != unix.EAGAIN && err != unix.EINTR:
		*from = (*from)[:0]
	}
}

// closeTerminal gives the caller's terminal back; finishTerminal shows what the command wrote last, when it has ended.
func (b *Sandbox) closeTerminal() { b.tty.leave() }

func (b *Sandbox) finishTerminal() {
	t := b.tty
	if !t.open() {
		return
	}
	b.show()
	unix.Close(t.master)
	t.master = -1
	if t.reopen >= 0 {
		unix.Close(t.reopen)
	}
}

// show copies what the command has written so far.
func (b *Sandbox) show() {
	for fill(b.tty.master, &b.tty.toUser) && len(b.tty.toUser) > 0 {
		if !b.flush() {
			return
		}
	}
	b.flush()
}

// flush writes all that is pending. It waits for the caller's terminal, until a signal or the caller's end says that nobody
// will read it: then it returns false.
func (b *Sandbox) flush() bool {
	t := b.tty
	for len(t.toUser) > 0 {
		set := []unix.PollFd{
			{Fd: int32(t.screen), Events: unix.POLLOUT},
			{Fd: int32(b.signal), Events: unix.POLLIN},
			{Fd: int32(b.caller), Events: unix.POLLIN},
		}
		if _, err := unix.Poll(set, -1); err != nil && err != unix.EINTR {
			return false
		}
		asked := false
		if set[1].Revents != 0 {
			s := b.nextSignal()
			b.take(s) // the command gets it
			asked = ends[s] || b.ended
		}
		if asked || set[2].Revents != 0 {
			t.toUser = nil
			return false
		}
		if set[0].Revents != 0 {
			drain(t.screen, &t.toUser)
		}
	}
	return true
}
