package life

import (
	"errors"

	"box/cmd/box/internal/failure"
	"box/cmd/box/internal/say"
	"box/cmd/box/internal/verb"
	"box/register"
)

const renameHelp = "Gives a box that has ended another name. " +
	"One that is up keeps its name: its monitor and its processes go by that."

// Rename gives a box another name.
func Rename(c *verb.Context) (int, error) {
	var flags struct {
		Old string `arg:"" name:"name" help:"The box."`
		New string `arg:"" name:"new-name" help:"What it is to be called."`
	}
	if helped, err := verb.Parse("container rename", renameHelp, &flags, c.Words); helped || err != nil {
		return 0, err
	}
	if !register.IsName(flags.New) {
		return 0, say.Usagef("container rename %s: not a name: 1 to 64 of a-z, 0-9, and after the first also . _ -",
			say.Words([]string{flags.New}))
	}
	r, err := open()
	if err != nil {
		return 0, err
	}
	defer r.Close()
	return 0, one(r, flags.Old, func(_ *register.Register, b *register.Box) error {
		switch err := b.Rename(flags.New); {
		case err == nil:
			return nil
		case errors.Is(err, register.ErrUp):
			return say.Usagef("box %s is up, and keeps its name", b.Name).Hintf("box stop %s first", b.Name)
		case errors.Is(err, register.ErrNone):
			return failure.Register(b.Name, err)
		default:
			return failure.Register(flags.New, err)
		}
	})
}
