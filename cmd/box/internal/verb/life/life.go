// Package life has the verbs for boxes: sandboxes with a name. There is no
// daemon: a verb reads the box's directory, see package register, and asks its
// monitor over a socket, see package shim.
package life

import (
	"errors"
	"fmt"
	"os"

	"box/cmd/box/internal/failure"
	"box/cmd/box/internal/inputs"
	"box/cmd/box/internal/say"
	"box/register"
	"box/shim"
)

// open opens the register. An error is a *say.Message.
func open() (*register.Register, error) {
	r, err := register.Open(inputs.Places())
	if err != nil {
		return nil, failure.Register("", err)
	}
	return r, nil
}

// find opens the box of a name, or of a number. An error is a *say.Message.
func find(r *register.Register, name string) (*register.Box, error) {
	b, err := r.Find(name)
	if err != nil {
		return nil, failure.Register(name, err)
	}
	return b, nil
}

// dial connects to the monitor of a box that is up. An error is a *say.Message.
func dial(r *register.Register, b *register.Box) (*shim.Client, error) {
	if b.State() != register.Up {
		return nil, down(b)
	}
	c, err := shim.Dial(r, b)
	if err != nil {
		return nil, unheard(b, err)
	}
	return c, nil
}

// ask has the monitor of a box that is up do something, which it answers at
// once. An error is a *say.Message.
func ask(r *register.Register, b *register.Box, request shim.Record) error {
	if b.State() != register.Up {
		return down(b)
	}
	err := shim.Insist(r, b, func(c *shim.Client) error {
		_, _, err := c.Ask(request)
		return err
	})
	if err != nil {
		return unheard(b, err)
	}
	return nil
}

// down returns the message for a box that is not up.
func down(b *register.Box) error { return failure.Down(b) }

// unheard returns the message for a monitor that can't be asked.
func unheard(b *register.Box, err error) error { return failure.Unheard(b, err) }

// with opens the box of a name for do, and returns what that returns.
func with(name string, do func(*register.Register, *register.Box) (int, error)) (int, error) {
	r, err := open()
	if err != nil {
		return 0, err
	}
	defer r.Close()
	b, err := find(r, name)
	if err != nil {
		return 0, err
	}
	defer b.Close()
	return do(r, b)
}

// each does something for each name, and goes on after an error, which is
// reported. It returns the status of the first one.
func each(names []string, do func(*register.Register, *register.Box) error) (int, error) {
	r, err := open()
	if err != nil {
		return 0, err
	}
	defer r.Close()
	code := 0
	for _, name := range names {
		err := one(r, name, do)
		if err == nil {
			continue
		}
		m := (*say.Message)(nil)
		if !errors.As(err, &m) {
			return code, err
		}
		if status := say.Report(m); code == 0 {
			code = status
		}
	}
	return code, nil
}

func one(r *register.Register, name string, do func(*register.Register, *register.Box) error) error {
	b, err := find(r, name)
	if err != nil {
		return err
	}
	defer b.Close()
	return do(r, b)
}

// write writes a line to standard output.
func write(line string) error {
	_, err := fmt.Fprintln(os.Stdout, line)
	return err
}
