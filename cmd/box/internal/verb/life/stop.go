package life

import (
	"errors"
	"time"

	"box/cmd/box/internal/verb"
	"box/register"
	"box/shim"
)

const stopHelp = "" +
	"Asks the command of a box to end, by SIGTERM or what --stop-signal says, and ends the box by SIGKILL after a while.\n\n" +
	"It is the box's monitor that waits for that: it happens, too, if box stop is interrupted."

// Stop ends boxes.
func Stop(c *verb.Context) (int, error) {
	var flags struct {
		Time  int      `short:"t" name:"time" default:"10" help:"Seconds before SIGKILL; -1 is never."`
		Names []string `arg:"" name:"name" help:"The boxes."`
	}
	if helped, err := verb.Parse("stop", stopHelp, &flags, c.Words); helped || err != nil {
		return 0, err
	}
	return each(flags.Names, func(r *register.Register, b *register.Box) error {
		if b.State() == register.Up {
			if err := stop(r, b, time.Duration(flags.Time)*time.Second); err != nil {
				return err
			}
		}
		return write(b.Name)
	})
}

// stop ends one box. patience is how long its command has; below 0 it is never
// killed.
func stop(r *register.Register, b *register.Box, patience time.Duration) error {
	limit := time.Duration(-1)
	if patience >= 0 {
		limit = patience + shim.Slow
	}
	err := shim.Insist(r, b, func(c *shim.Client) error {
		_, _, err := c.End(shim.Record{Kind: shim.Stop, Value: int64(patience)}, limit)
		return err
	})
	if err != nil && !errors.Is(err, shim.ErrDown) {
		return unheard(b, err)
	}
	return settle(b)
}

// settle waits until nothing of a box is left.
func settle(b *register.Box) error {
	if err := shim.Settled(b); err != nil {
		return unheard(b, err)
	}
	return nil
}
