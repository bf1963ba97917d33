package life

import (
	"errors"
	"syscall"
	"time"

	"box/cmd/box/internal/say"
	"box/cmd/box/internal/verb"
	"box/internal/inherited"
	"box/register"
	"box/shim"
)

const restartHelp = "" +
	"Asks the command of a box to end, as box stop does, and starts the box again. Its monitor goes on: it keeps its process id, " +
	"its socket and its log. A box that has ended is started, as by box start."

// RestartBoxes starts boxes again that are up.
func RestartBoxes(c *verb.Context) (int, error) {
	var flags struct {
		Time  int      `short:"t" name:"time" default:"10" help:"Seconds before SIGKILL; -1 is never."`
		Names []string `arg:"" name:"name" help:"The boxes."`
	}
	if helped, err := verb.Parse("restart", restartHelp, &flags, c.Words); helped || err != nil {
		return 0, err
	}
	code := 0
	status, err := each(flags.Names, func(r *register.Register, b *register.Box) error {
		if b.State() != register.Up {
			status, err := start(b)
			if err != nil || status != 0 {
				code = max(code, status)
				return err
			}
			return write(b.Name)
		}
		if err := restart(r, b, time.Duration(flags.Time)*time.Second); err != nil {
			return err
		}
		return write(b.Name)
	})
	return max(code, status), err
}

// restart has the monitor of a box start it again, and waits until it is up.
func restart(r *register.Register, b *register.Box, patience time.Duration) error {
	before := b.Live().Value("started")
	if err := ask(r, b, shim.Record{Kind: shim.Again, Value: int64(patience)}); err != nil {
		return err
	}
	end := time.Now().Add(max(patience, 0) + 2*shim.Slow)
	for patience < 0 || time.Now().Before(end) {
		live := b.Live()
		switch {
		case b.State() != register.Up:
			return say.Usagef("box %s has not started again", b.Name).Hintf("box logs %s", b.Name)
		case live != nil && live.Value("started") != before:
			return nil
		}
		time.Sleep(2 * time.Millisecond)
	}
	return unheard(b, shim.ErrSlow)
}

// Again is what a monitor does that starts its box again: it has begun anew with places, the directories of the register, and
// becomes the box's shim. It returns only if that can't be, which the log says.
func Again(h shim.Handover, places []string) error {
	if len(places) != 2 {
		return say.Usagef("the places of the register are missing")
	}
	r, err := register.Open(register.Places{State: places[0], Runtime: places[1]})
	if err != nil {
		return err
	}
	b, err := r.Find(h.Name)
	if err != nil {
		return err
	}
	return failed(b, become(b, h))
}

// become executes the program once more, as the shim of a box with the words of that.
func become(b *register.Box, h shim.Handover) error {
	facts := b.Facts()
	words := facts.Words()
	if words == nil {
		return errors.New("its words are not whole")
	}
	if err := enter(b, facts); err != nil {
		return err
	}
	h.Again = false
	h.Keep()
	inherited.Restore()
	return syscall.Exec("/proc/self/exe", append([]string{h.String(), "run"}, words...), facts.Values("env"))
}

// failed notes in the log, and in how the box ended, that it could not be started again. It returns the error.
func failed(b *register.Box, err error) error {
	shim.NoteFailure(b, err.Error())
	return err
}

// NotStarted notes the same for a monitor that is the box's shim again, and could not make it: m says why.
func NotStarted(h shim.Handover, m *say.Message) {
	r, err := open()
	if err != nil {
		return
	}
	defer r.Close()
	if b, err := r.Find(h.Name); err == nil {
		shim.NoteFailure(b, m.Headline)
		b.Close()
	}
}
