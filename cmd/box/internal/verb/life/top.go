package life

import (
	"os"
	"os/user"
	"strconv"
	"time"

	"box/cmd/box/internal/verb"
	"box/internal/host"
	"box/register"
)

const topHelp = "Lists the processes of a box: their numbers inside and outside, and what they take.\n\n" +
	"They are ordinary processes of yours: kill(1), strace(1) and nice(1) take the number outside."

// Top lists the processes of a box.
func Top(c *verb.Context) (int, error) {
	var flags struct {
		Follow bool   `short:"f" name:"follow" help:"Again every two seconds, until the box ends."`
		Name   string `arg:"" name:"name" help:"The box."`
	}
	if helped, err := verb.Parse("top", topHelp, &flags, c.Words); helped || err != nil {
		return 0, err
	}
	return with(flags.Name, func(_ *register.Register, b *register.Box) (int, error) { return 0, printProcesses(b, flags.Follow) })
}

// printProcesses prints the processes of a box, and goes on with that if follow is set.
func printProcesses(b *register.Box, follow bool) error {
	for first := true; ; first = false {
		if b.State() != register.Up || !isInit(b) {
			if first {
				return down(b)
			}
			return nil
		}
		if follow && host.IsTerminal(1) {
			if _, err := os.Stdout.WriteString("\x1b[H\x1b[J"); err != nil {
				return err
			}
		}
		if err := table(os.Stdout, processRows(b.Live().Number("init"))); err != nil || !follow {
			return err
		}
		time.Sleep(2 * time.Second)
	}
}

// processRows returns the rows of a box's processes.
func processRows(init int) [][]string {
	rows := [][]string{{"PID", "HOST", "PARENT", "USER", "%CPU", "MEM", "TTY", "STAT", "TIME", "COMMAND"}}
	names, up := map[string]string{}, uptime()
	for _, p := range of(processes(), init) {
		name, known := names[p.uid]
		if !known {
			name = p.uid
			if u, err := user.LookupId(p.uid); err == nil {
				name = u.Username
			}
			names[p.uid] = name
		}
		args := p.args
		if p.pid == init {
			args = "box (pid 1)"
		}
		rows = append(rows, []string{
			strconv.Itoa(p.inside), strconv.Itoa(p.pid), strconv.Itoa(p.parent), name, p.share(up), p.memory(), p.tty(),
			p.state, p.cpu(), args,
		})
	}
	return rows
}
