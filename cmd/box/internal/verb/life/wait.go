package life

import (
	"errors"
	"strconv"
	"time"

	"box/cmd/box/internal/say"
	"box/cmd/box/internal/verb"
	"box/register"
	"box/shim"
)

const waitHelp = "" +
	"Waits until a box has ended, and prints its exit status: that of its command, or 128 and the signal that ended it.\n\n" +
	"The status of box wait itself is 0."

// Wait waits for boxes.
func Wait(c *verb.Context) (int, error) {
	var flags struct {
		Names []string `arg:"" name:"name" help:"The boxes."`
	}
	if helped, err := verb.Parse("wait", waitHelp, &flags, c.Words); helped || err != nil {
		return 0, err
	}
	return each(flags.Names, func(r *register.Register, b *register.Box) error {
		status, err := await(r, b)
		if err != nil {
			return err
		}
		return write(strconv.Itoa(status))
	})
}

// await returns the status of a box, when it has ended.
func await(r *register.Register, b *register.Box) (status int, err error) {
	// A monitor that begins anew, to start its box again, hangs up: then there is another one to ask.
	for end := time.Now().Add(shim.Slow); b.State() == register.Up; time.Sleep(2 * time.Millisecond) {
		client, err := shim.Dial(r, b)
		if err == nil {
			status, _, err = client.End(shim.Record{Kind: shim.Wait}, -1)
			client.Close()
			if err == nil {
				return status, settle(b) // it can be started again, and removed
			}
			end = time.Now().Add(shim.Slow)
		}
		if !errors.Is(err, shim.ErrDown) || time.Now().After(end) {
			return 0, unheard(b, err)
		}
	}
	exit := b.Exit()
	if exit == nil {
		return 0, say.Usagef("nobody knows how box %s has ended", b.Name).
			Hintf("its monitor was killed, or the machine began anew")
	}
	return exit.Number("status"), nil
}
