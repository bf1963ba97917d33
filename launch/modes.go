package launch

import (
	"bytes"

	"box/internal/host"

	"golang.org/x/sys/unix"
)

// enter makes the caller's terminal raw, as cfmakeraw(3) does, so that keys are for the sandbox's terminal to interpret, also those
// that send signals. It returns false where box is in the background: it would change the modes for the shell, or for the job in
// front.
func (t *terminal) enter() bool {
	if !host.Foreground(t.keys) {
		t.raw = false // whoever has the terminal now has set the modes, too
		return false
	}
	t.resize()
	now, err := unix.IoctlGetTermios(t.keys, unix.TCGETS)
	if err != nil {
		t.raw, t.gone = false, true
		return false
	}
	if t.raw && *now == t.ours {
		return true
	}
	raw := *now
	raw.Iflag &^= unix.IGNBRK | unix.BRKINT | unix.PARMRK | unix.ISTRIP | unix.INLCR | unix.IGNCR | unix.ICRNL | unix.IXON
	if t.output {
		raw.Oflag &^= unix.OPOST
	}
	raw.Lflag &^= unix.ECHO | unix.ECHONL | unix.ICANON | unix.ISIG | unix.IEXTEN
	raw.Cflag = raw.Cflag&^(unix.CSIZE|unix.PARENB) | unix.CS8
	raw.Cc[unix.VMIN], raw.Cc[unix.VTIME] = 1, 0
	if t.shared {
		raw.Cc[unix.VMIN] = 0 // a read after which nothing is there must not wait
	}
	if t.ours, err = setModes(t.keys, &raw); err != nil {
		t.raw, t.gone = false, true
		return false
	}
	t.before, t.raw = *now, true
	t.adopt()
	return true
}

// adopt gives the sandbox's terminal the modes that the caller's has for this job, if nobody has set others there. When the
// command began in the background, the caller's had those for the shell to read a line, or another program's.
func (t *terminal) adopt() {
	if inside, err := unix.IoctlGetTermios(t.master, unix.TCGETS); err == nil && *inside == t.first && t.before != t.first {
		t.first, _ = setModes(t.master, &t.before)
	}
}

// leave gives the caller's terminal back as it was. Modes that somebody else has set since stay.
func (t *terminal) leave() {
	if !t.raw {
		return
	}
	t.raw = false
	if now, err := unix.IoctlGetTermios(t.keys, unix.TCGETS); err == nil && *now == t.ours {
		_, _ = setModes(t.keys, &t.before)
	}
}

// setModes sets the modes of a terminal, whatever signals arrive meanwhile, and returns what the terminal has made of them.
func setModes(fd int, modes *unix.Termios) (unix.Termios, error) {
	for {
		switch err := unix.IoctlSetTermios(fd, unix.TCSETS, modes); err {
		case nil:
			now, err := unix.IoctlGetTermios(fd, unix.TCGETS)
			if err != nil {
				return *modes, err
			}
			return *now, nil
		case unix.EINTR:
		default:
			return *modes, err
		}
	}
}

// processedTwice reports whether what the command writes is processed by both terminals: each turns \n into \r\n. The caller's
// does where it is left alone, and where others write to it that are no part of the sandbox, the rest of a pipeline.
// In that case it follows the sandbox's while it is raw: a program that draws on the screen turns that off.
func (t *terminal) processedTwice() bool {
	if t.raw && t.output {
		return false
	}
	inside, err := unix.IoctlGetTermios(t.master, unix.TCGETS)
	if err != nil {
		return false
	}
	if want := t.ours.Oflag&^unix.OPOST | inside.Oflag&unix.OPOST; t.raw && want != t.ours.Oflag {
		t.follow(want)
	}
	outside, err := unix.IoctlGetTermios(t.screen, unix.TCGETS)
	const both = unix.OPOST | unix.ONLCR
	return err == nil && inside.Oflag&outside.Oflag&both == both
}

// follow changes how output is processed, unless somebody else has set the modes since.
func (t *terminal) follow(output uint32) {
	now, err := unix.IoctlGetTermios(t.keys, unix.TCGETS)
	if err != nil || *now != t.ours {
		return
	}
	want := t.ours
	want.Oflag = output
	t.ours, _ = setModes(t.keys, &want)
}

// withoutReturns takes the \r out of each \r\n from n on. A \r that came alone stays.
func withoutReturns(text []byte, n int) []byte {
	return append(text[:n], bytes.ReplaceAll(text[n:], []byte("\r\n"), []byte("\n"))...)
}
