package failure

import (
	"errors"
	"fmt"

	"box/cmd/box/internal/say"
	"box/internal/early"
	"box/register"
	"box/shim"

	"golang.org/x/sys/unix"
)

// Down returns the message for a box that is not up.
func Down(b *register.Box) *say.Message {
	early.Ordinary()
	if b.Rests() {
		return resting(b)
	}
	m := say.Usagef("box %s is not up: %s", b.Name, b.State()).Hintf("box start %s starts it again", b.Name)
	if b.State() == register.Lost {
		m.Cause = "its monitor was killed, or the machine began anew"
	}
	return m
}

// resting returns the message for a box that has ended and is about to be started again.
func resting(b *register.Box) *say.Message {
	return say.Usagef("box %s is not up: Restarting (%d)", b.Name, b.Exit().Number("status")).
		Hintf("box restart %s starts it at once, and box logs %s has what it wrote before it ended", b.Name, b.Name)
}

// Unheard returns the message for a box whose monitor can't be asked: an error of package shim.
func Unheard(b *register.Box, err error) *say.Message {
	early.Ordinary()
	m := say.Usagef("box %s: %v", b.Name, err)
	switch format := (*shim.FormatError)(nil); {
	case errors.Is(err, shim.ErrSlow):
		m.Cause = fmt.Sprintf("its monitor, process %d, may be stopped", b.Live().Number("shim"))
		m.Hint = "box remove -f " + b.Name + " ends it"
	case errors.As(err, &format):
		m.Cause = "it was started by another version of box"
		m.Hint = "box remove -f " + b.Name + " ends it"
	case errors.Is(err, unix.EAGAIN):
		return resting(b)
	case errors.Is(err, shim.ErrDown) && b.State() != register.Up:
		return Down(b)
	case errors.Is(err, shim.ErrDown):
		m.Cause = "its socket is gone, or it is just ending"
		m.Hint = "box remove -f " + b.Name + " ends it"
	case errors.Is(err, unix.EMFILE), errors.Is(err, unix.ETOOMANYREFS):
		m.Cause = "programs of yours have as many descriptors on their way over sockets as their limit allows, see unix(7)"
	}
	return m
}
