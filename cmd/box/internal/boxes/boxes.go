// Package boxes finds boxes by their names, for verbs, and has the messages for those that can't be found or reached.
//
// It is on the ordinary side.
package boxes

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"box/cmd/box/internal/inputs"
	"box/cmd/box/internal/say"
	"box/internal/early"
	"box/internal/nearest"
	"box/register"
	"box/shim"

	"golang.org/x/sys/unix"
)

// Open opens the directories of boxes. An error is a *say.Message.
func Open() (*register.Register, error) {
	early.Ordinary()
	r, err := register.Open(inputs.Places())
	if err != nil {
		return nil, Problem(err)
	}
	return r, nil
}

// Problem returns the message for an error of package register.
func Problem(err error) *say.Message {
	early.Ordinary()
	m := say.Usagef("boxes with a name: %v", err)
	if e := (*register.Error)(nil); errors.As(err, &e) {
		m = say.Usagef("boxes with a name: %s %s: %v", e.Do, e.Path, e.Errno)
		switch e.Errno {
		case unix.EACCES, unix.EPERM:
			m.Cause = "it is somebody else's, or others may write there"
		case unix.ENOLCK:
			m.Cause = "its file system has no locks"
		}
	}
	return m
}

// Find opens a box by its name. An error is a *say.Message.
func Find(r *register.Register, name string) (*register.Box, error) {
	early.Ordinary()
	b, err := r.Find(name)
	switch {
	case err == nil:
		return b, nil
	case !errors.Is(err, register.ErrNone):
		return nil, Problem(err)
	}
	m := say.Usagef("%s: no such box", say.Words([]string{name})).Hintf("box ps -a lists the boxes")
	if !register.IsName(name) {
		m.Cause = "a name has small letters, digits, and after the first of these dots, dashes and underscores, at most " +
			strconv.Itoa(register.NameMax)
		return nil, m
	}
	if list, err := r.List(); err == nil {
		var names []string
		for _, b := range list {
			names = append(names, b.Name)
			b.Close()
		}
		if near := nearest.Of(name, names); near != "" {
			m = m.Hintf("did you mean %s?", near)
		}
	}
	return nil, m
}

// Unreachable returns the message for a box whose monitor could not be asked: an error of package shim.
func Unreachable(b *register.Box, err error) *say.Message {
	early.Ordinary()
	if f := (*shim.FormatError)(nil); errors.As(err, &f) {
		return say.Usagef("%s: %v", b.Name, err).Hintf("stop the box, and start it with this version: box stop %s", b.Name)
	}
	state := b.State()
	switch {
	case state != register.Up:
		m := say.Usagef("%s is not up: %s", b.Name, Ended(b))
		return m.Hintf("box start %s", b.Name)
	case errors.Is(err, shim.ErrSlow):
		m := say.Usagef("%s: %v", b.Name, err).Hintf("box remove -f %s ends it", b.Name)
		m.Cause = "it is stopped, or has much to do"
		return m
	case errors.Is(err, shim.ErrDown):
		m := say.Usagef("%s: its monitor can't be reached", b.Name)
		m.Cause = "its socket is gone, or the box is just starting or ending"
		return m
	case errors.Is(err, unix.EMFILE), errors.Is(err, unix.ETOOMANYREFS):
		m := say.Usagef("%s: its descriptors can't be handed over: %v", b.Name, err)
		m.Cause = "programs of yours have as many descriptors on their way over sockets as their limit allows, see unix(7)"
		return m
	}
	return say.Usagef("%s: %v", b.Name, err)
}

// Ended returns how a box that is not up has ended, such as "Exited (137) by SIGKILL".
func Ended(b *register.Box) string {
	early.Ordinary()
	exit := b.Exit()
	if exit == nil {
		return "Lost: its monitor was killed, or the machine began anew"
	}
	text := fmt.Sprintf("Exited (%d)", exit.Number("status"))
	if signal := exit.Number("signal"); signal != 0 {
		text += " by " + unix.SignalName(unix.Signal(signal))
		if why := exit.Value("why"); why == "" || why == "itself" {
			text += " from outside or by itself"
		}
	}
	return text
}

// Since returns a time of the register (nanoseconds since 1970) as people say it: "3 minutes ago" is Since + " ago".
func Since(nanoseconds string) string {
	early.Ordinary()
	n, err := strconv.ParseInt(strings.TrimSpace(nanoseconds), 10, 64)
	if err != nil || n <= 0 {
		return "?"
	}
	d := time.Since(time.Unix(0, n))
	for _, u := range [...]struct {
		name string
		size time.Duration
	}{{"day", 24 * time.Hour}, {"hour", time.Hour}, {"minute", time.Minute}} {
		if n := int(d / u.size); n == 1 {
			return "1 " + u.name
		} else if n > 1 {
			return fmt.Sprintf("%d %ss", n, u.name)
		}
	}
	if n := max(int(d/time.Second), 0); n != 1 {
		return fmt.Sprintf("%d seconds", n)
	}
	return "1 second"
}
