package life

import (
	"errors"

	"box/cmd/box/internal/failure"
	"box/cmd/box/internal/say"
	"box/cmd/box/internal/verb"
	"box/register"
	"box/shim"
)

const removeHelp = "" +
	"Forgets a box that has ended: how it is started, how it ended, and its log. Files that it has written elsewhere stay."

// Remove forgets boxes.
func Remove(c *verb.Context) (int, error) {
	var flags struct {
		Force bool     `short:"f" name:"force" help:"End it first, by SIGKILL, if it is up."`
		Names []string `arg:"" name:"name" help:"The boxes."`
	}
	if helped, err := verb.Parse("remove", removeHelp, &flags, c.Words); helped || err != nil {
		return 0, err
	}
	return each(flags.Names, func(r *register.Register, b *register.Box) error {
		if flags.Force && b.State() == register.Up {
			if err := shim.End(r, b); err != nil {
				return unheard(b, err)
			}
		}
		if err := b.Remove(); err != nil && !b.Gone() {
			return notRemoved(b, err)
		}
		return write(b.Name)
	})
}

// notRemoved returns the message for a box that is still there.
func notRemoved(b *register.Box, err error) error {
	if errors.Is(err, register.ErrUp) {
		return say.Usagef("box %s is up", b.Name).Hintf("box stop %s, or box remove -f %s, ends it first", b.Name, b.Name)
	}
	return failure.Register(b.Name, err)
}

const pruneHelp = "Forgets all boxes that have ended, and what is left of those whose start was interrupted. It prints their names."

// Prune forgets all boxes that are not up.
func Prune(c *verb.Context) (int, error) {
	if helped, err := verb.Parse("prune", pruneHelp, &struct{}{}, c.Words); helped || err != nil {
		return 0, err
	}
	r, err := open()
	if err != nil {
		return 0, err
	}
	defer r.Close()
	list, err := r.List()
	if err != nil {
		return 0, failure.Register("", err)
	}
	var first error
	if len(r.Unread) > 0 {
		first = failure.Register("", r.Unread[0])
	}
	for _, b := range list {
		if b.State() != register.Up {
			switch err := b.Remove(); {
			case err == nil:
				err = write(b.Name)
				if first == nil {
					first = err
				}
			case errors.Is(err, register.ErrUp) || b.Gone():
			case first == nil:
				first = notRemoved(b, err)
			}
		}
		b.Close()
	}
	r.Sweep()
	return 0, first
}
