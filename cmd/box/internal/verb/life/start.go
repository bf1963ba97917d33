package life

import (
	"errors"
	"os"

	"box/cmd/box/internal/failure"
	"box/cmd/box/internal/say"
	"box/cmd/box/internal/verb"
	"box/internal/host"
	"box/internal/inherited"
	"box/register"
	"box/shim"

	"golang.org/x/sys/unix"
)

const startHelp = "" +
	"Starts a box again that has ended: with the same words, in the same directory, with the variables that it had then.\n" +
	"What it wrote into memory is gone; its log goes on."

// Start starts boxes again, in the background.
func Start(c *verb.Context) (int, error) {
	var flags struct {
		Names []string `arg:"" name:"name" help:"The boxes."`
	}
	if helped, err := verb.Parse("start", startHelp, &flags, c.Words); helped || err != nil {
		return 0, err
	}
	code := 0
	failed, err := each(flags.Names, func(_ *register.Register, b *register.Box) error {
		status, err := start(b)
		if err != nil {
			return err
		}
		if status != 0 {
			code = status // the new monitor has said why
			return nil
		}
		return write(b.Name)
	})
	return max(code, failed), err
}

// start starts one box, and returns the status of a monitor that could not.
func start(b *register.Box) (status int, err error) {
	if err := b.Take(); err != nil {
		if b.Rests() {
			return 0, say.Usagef("box %s is about to start: its monitor does that", b.Name).
				Hintf("box restart %s starts it at once", b.Name)
		}
		if errors.Is(err, register.ErrUp) {
			return 0, say.Usagef("box %s is up already", b.Name)
		}
		return 0, failure.Register(b.Name, err)
	}
	if b.Lingers() {
		return 0, say.Usagef("box %s is still ending", b.Name)
	}
	facts := b.Facts()
	words := facts.Words()
	if words == nil {
		return 0, say.Usagef("box %s can't be started again: its words are not whole", b.Name).Hintf("box remove %s", b.Name)
	}
	if err := enter(b, facts); err != nil {
		return 0, err
	}
	inherited.Restore()
	pid, report, err := shim.Anew(append([]string{"box", "run"}, words...), facts.Values("env"), b.LockFD(), b.Name)
	if err != nil {
		return 0, say.Usagef("box %s can't be started: %v", b.Name, err)
	}
	b.Unlock() // from now on it is the new monitor's alone
	ended := shim.Await(report, pid, nil)
	if ended.Signal == unix.SIGKILL {
		say.Line(false, true, shim.Killed)
	}
	return ended.Exit(), nil
}

// enter goes to the directory that a box was started in first. Another one that
// has its name by now is not that.
func enter(b *register.Box, facts register.Facts) error {
	path, device, inode := facts.Cwd()
	dir, err := os.Open(path)
	if err != nil {
		return say.Usagef("box %s can't be started: its directory %s: %v", b.Name, say.Visible(path), errors.Unwrap(err))
	}
	defer dir.Close()
	f, errno := host.Look(int(dir.Fd()), "")
	if errno != 0 || f.Dev != device || f.Ino != inode {
		return say.Usagef("box %s can't be started: %s is not the directory that it was started in", b.Name, say.Visible(path))
	}
	if err := unix.Fchdir(int(dir.Fd())); err != nil {
		return say.Usagef("box %s can't be started: its directory %s: %v", b.Name, say.Visible(path), err)
	}
	return nil
}
