package launch

import (
	"strconv"

	"box/internal/host"

	"golang.org/x/sys/unix"
)

// terminal joins the caller's terminal and the sandbox's own. A nil terminal does nothing: it is that of a sandbox
// without one.
type terminal struct {
	keys   int          // the caller's terminal for input
	screen int          // the caller's terminal for output
	own    []int        // those of them that box has opened, to be closed
	shared bool         // keys is the caller's own description, which must not be made non-blocking
	master int          // the sandbox's; -1 when it is closed
	first  unix.Termios // the sandbox's modes as box has set them, for a command that may not set others yet
	before unix.Termios // the caller's modes, to be restored if raw
	ours   unix.Termios // those that box has set in their place
	output bool         // standard output is the terminal: nobody else writes to it
	front  bool         // the command has the sandbox's terminal, and so the caller's if that is box's
	leads  bool         // it leads the session there: no job is brought to the foreground
	placed bool         // it has been seen there since it is to have it, or is not waited for
	held   int64        // since when keys are kept back because it has not: a time of host.Clock, or 0
	raw    bool         // the modes are ours at present, and keys are read
	toBox  []byte       // read from keys, not yet written to master
	toUser []byte       // read from master, not yet written to screen
	asked  unix.Signal  // what a key asked for that was passed on: SIGINT, SIGQUIT, or 0
	orphan bool         // the command has asked for a terminal that nobody will give to box
	gone   bool         // the caller's terminal has hung up
	quiet  bool         // the master has no other side at present: nothing to poll for
}

// pending bounds what is read ahead in one direction, in bytes.
// A command that writes faster than the caller's terminal reads waits, instead of filling the monitor's memory.
const pending = 16 << 10

// openTerminal takes the master that pid 1 has sent. which says which of 0, 1 and 2 are the caller's terminal, front whether
// the command begins as its foreground job.
// A master below 0 means no terminal, and the result is nil. The one that it returns owns the master.
func openTerminal(master int, which [3]bool, front bool) *terminal {
	if master < 0 {
		return nil
	}
	t := &terminal{master: master, output: which[1], front: front}
	screen := 0
	for _, fd := range []int{2, 1} {
		if which[fd] {
			screen = fd
		}
	}
	t.screen, _ = t.reopen(screen, unix.O_WRONLY)
	t.keys, t.shared = t.openKeys(which, screen)
	_ = unix.SetNonblock(master, true)
	if first, err := unix.IoctlGetTermios(master, unix.TCGETS); err == nil && !front {
		t.first = *first
	}
	// A process in the background may set a terminal's modes if it blocks SIGTTOU, see tcsetattr(3): they are restored even
	// if box has been sent there meanwhile. One that reads gets EIO if it blocks SIGTTIN, see read(2).
	block(unix.SIG_BLOCK, bit(unix.SIGTTOU)|bit(unix.SIGTTIN))
	return t
}

// openKeys opens the terminal that keys come from: standard input, or what a program asks for keys beside its input.
func (t *terminal) openKeys(which [3]bool, screen int) (fd int, shared bool) {
	if which[0] {
		return t.reopen(0, unix.O_RDONLY)
	}
	if fd, failed := t.openControlling(unix.O_RDONLY); !failed {
		return fd, false
	}
	return t.reopen(screen, unix.O_RDONLY)
}

// block changes the signals that the thread blocks, see sigprocmask(2).
func block(how int, set uint64) {
	_ = unix.PthreadSigmask(how, &unix.Sigset_t{Val: [16]uint64{set}}, nil)
}

// reopen opens a terminal once more: making the caller's own description non-blocking would make it so for the shell, too.
// Where it can't be opened, it returns the descriptor itself: a terminal that is root's, under su(1), and not the controlling one.
func (t *terminal) reopen(fd, flags int) (opened int, shared bool) {
	if host.Controls(fd) {
		if opened, shared = t.openControlling(flags); !shared {
			return opened, false
		}
	}
	if opened, shared = t.open("/proc/self/fd/"+strconv.Itoa(fd), flags); shared {
		return fd, true
	}
	return opened, false
}

// openControlling opens the controlling terminal, which anybody may that has one, whoever owns it: see tty(4).
func (t *terminal) openControlling(flags int) (fd int, failed bool) { return t.open("/dev/tty", flags) }

func (t *terminal) open(path string, flags int) (fd int, failed bool) {
	fd, err := unix.Open(path, flags|unix.O_NOCTTY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return -1, true
	}
	t.own = append(t.own, fd)
	return fd, false
}

// hungUp reports whether the caller's terminal is gone.
func (t *terminal) hungUp() bool { return t != nil && t.gone }

// lives reports whether there is a terminal that has not been closed.
func (t *terminal) lives() bool { return t != nil && t.master >= 0 }

// resize passes the size of the caller's terminal on; the kernel sends SIGWINCH inside.
func (t *terminal) resize() {
	if size, err := unix.IoctlGetWinsize(t.screen, unix.TIOCGWINSZ); err == nil {
		_ = unix.IoctlSetWinsize(t.master, unix.TIOCSWINSZ, size)
	}
}

// listen adds what the terminal waits for to a poll set. A place with the descriptor -1 is passed over by poll(2). A side
// is read only as long as there is room for what it says, so that whoever writes too fast has to wait.
func (t *terminal) listen(set []unix.PollFd) {
	for _, place := range []int{onKeys, onMaster, onScreen} {
		set[place] = unix.PollFd{Fd: -1}
	}
	if !t.lives() {
		return
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
	if len(t.toBox) > 0 && !t.holds() {
		events |= unix.POLLOUT
	}
	if events != 0 && !t.quiet {
		set[onMaster] = unix.PollFd{Fd: int32(t.master), Events: events}
	}
}

// copy moves bytes as far as the poll has shown them to be there.
func (t *terminal) copy(set []unix.PollFd) {
	if !t.lives() {
		return
	}
	if set[onKeys].Revents != 0 {
		t.read(set[onKeys].Revents)
	}
	if set[onMaster].Revents&unix.POLLOUT != 0 {
		t.lookForKeys()
		drain(t.master, &t.toBox)
	}
	if set[onMaster].Revents&^unix.POLLOUT != 0 && !t.hear() {
		t.quiet = true // nobody has the other side open; what may still hold the sandbox is not our business
	}
	if set[onScreen].Revents != 0 {
		drain(t.screen, &t.toUser)
	}
}

// holds reports whether keys have to wait for the command: it is to have the sandbox's terminal, and pid 1 has it still. A key that
// asks for a signal would ask pid 1 for it, and be lost. Who never comes to the foreground is not waited for without end.
func (t *terminal) holds() bool {
	switch {
	case !t.front:
		t.placed, t.held = false, 0
		return false
	case t.placed || t.leads || len(t.toBox) == 0:
		return false
	case t.held == 0:
		t.held = host.Clock()
	}
	session, err := unix.IoctlGetInt(t.master, unix.TIOCGSID)
	group, wrong := unix.IoctlGetInt(t.master, unix.TIOCGPGRP)
	t.placed = err != nil || wrong != nil || session != group || host.Clock()-t.held > patience
	return !t.placed
}

// holding is how often to look for that, in milliseconds.
const holding = 2

// read takes keys. Another process may have taken what the poll has shown, or the terminal.
func (t *terminal) read(revents int16) {
	if t.shared {
		_, _ = setModes(t.keys, &t.ours) // else it could wait
	}
	ok := fill(t.keys, &t.toBox)
	switch {
	case ok:
	case revents&^unix.POLLIN != 0:
		t.raw, t.gone = false, true
	case !host.Foreground(t.keys): // EIO
		t.raw = false
	}
}

// hear takes what the command has written. It returns false where nobody has the sandbox's terminal open.
func (t *terminal) hear() bool {
	twice := t.processedTwice()
	n := len(t.toUser)
	ok := fill(t.master, &t.toUser)
	if n > 0 && t.toUser[n-1] == '\r' {
		n--
	}
	if twice {
		t.toUser = withoutReturns(t.toUser, n)
	}
	return ok
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

// finishTerminal shows what the command wrote last, when it has ended, and gives the caller's terminal back after that: it was
// written for the modes that are ours.
func (b *Sandbox) finishTerminal() {
	t := b.tty
	if !t.lives() {
		return
	}
	b.show()
	t.leave()
	unix.Close(t.master)
	t.master = -1
	for _, fd := range t.own {
		unix.Close(fd)
	}
}

// show copies what the command has written so far.
func (b *Sandbox) show() {
	for b.tty.hear() && len(b.tty.toUser) > 0 {
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
