package life

import (
	"box/cmd/box/internal/arg"
	"box/cmd/box/internal/say"
	"box/cmd/box/internal/verb"
	"box/register"
	"box/shim"

	"golang.org/x/sys/unix"
)

const killHelp = "Sends a signal to the command of a box. SIGKILL ends the box, and all that runs in it."

// Kill sends a signal.
func Kill(c *verb.Context) (int, error) {
	var flags struct {
		Signal string   `short:"s" name:"signal" default:"KILL" help:"The signal: a name or a number."`
		Names  []string `arg:"" name:"name" help:"The boxes."`
	}
	if helped, err := verb.Parse("kill", killHelp, &flags, c.Words); helped || err != nil {
		return 0, err
	}
	signal, ok := arg.Signal(flags.Signal)
	if !ok {
		return 0, say.Usagef("kill -s %s: not a signal, such as TERM or 15", say.Words([]string{flags.Signal}))
	}
	return each(flags.Names, func(r *register.Register, b *register.Box) error {
		if err := ask(r, b, shim.Record{Kind: shim.Signal, Value: int64(signal)}); err != nil {
			return err
		}
		if signal == unix.SIGKILL {
			if err := settle(b); err != nil {
				return err
			}
		}
		return write(b.Name)
	})
}
