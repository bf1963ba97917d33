package life

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"box/cmd/box/internal/failure"
	"box/cmd/box/internal/say"
	"box/cmd/box/internal/verb"
	"box/register"

	"golang.org/x/sys/unix"
)

const psHelp = "Lists the boxes that are up, and the runs in the foreground that have no name.\n\n" +
	"Of a box that is Lost nobody knows how it ended: its monitor was killed, or the machine began anew."

// listed is a box or a run as ps shows it. Its names in JSON stay.
type listed struct {
	Name    string   `json:"name"` // "" is a run in the foreground without one
	ID      string   `json:"id"`
	State   string   `json:"state"` // Up, Restarting, Exited, Lost
	Command []string `json:"command"`
	Created string   `json:"created"` // RFC 3339
	Started string   `json:"started,omitempty"`
	Ended   string   `json:"ended,omitempty"`
	Status  *int     `json:"status,omitempty"` // of one that has exited
	Signal  string   `json:"signal,omitempty"` // that ended it
	Why     string   `json:"why,omitempty"`    // who ended it: stop, kill, time
	Monitor int      `json:"monitor_pid,omitempty"`
	Init    int      `json:"init_pid,omitempty"`
	PID     int      `json:"pid,omitempty"` // of the command
	Ports   []string `json:"ports"`

	Shares map[string]shared `json:"shares,omitempty"` // by the kind of namespace: pid, net, ipc, uts

	created, started, ended time.Time
}

// restarting is the state of a box that has ended and is started again soon.
const restarting = "Restarting"

// PS lists boxes.
func PS(c *verb.Context) (int, error) {
	var flags struct {
		All   bool `short:"a" name:"all" help:"Boxes that have ended, too."`
		Quiet bool `short:"q" name:"quiet" help:"Print the names only."`
		JSON  bool `name:"json" help:"Print them as JSON."`
		Tree  bool `name:"tree" help:"Print the processes of each, as a tree."`
	}
	if helped, err := verb.Parse("ps", psHelp, &flags, c.Words); helped || err != nil {
		return 0, err
	}
	list, err := lists(flags.All)
	if err != nil {
		return 0, err
	}
	switch {
	case flags.JSON:
		return 0, printJSON(list)
	case flags.Quiet:
		for i := range list {
			if list[i].Name != "" {
				if err := write(list[i].Name); err != nil {
					return 0, err
				}
			}
		}
		return 0, nil
	case flags.Tree:
		return 0, trees(list)
	}
	rows := [][]string{{"NAME", "COMMAND", "CREATED", "STATUS", "PORTS", "ID"}}
	for i := range list {
		l := &list[i]
		name := l.Name
		if name == "" {
			name = "-"
		}
		rows = append(rows, []string{
			name, cut(say.ShellWords(l.Command), 40), since(l.created) + " ago", l.status(), strings.Join(l.Ports, ", "), l.ID,
		})
	}
	return 0, table(os.Stdout, rows)
}

// lists returns the boxes, by name, and after them the runs that have none.
func lists(ended bool) ([]listed, error) {
	r, err := open()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	boxes, err := r.List()
	if err != nil {
		return nil, failure.Register("", err)
	}
	for _, err := range r.Unread {
		if ended {
			say.Report(failure.Register("", err))
		}
	}
	list := []listed{}
	for _, b := range boxes {
		if state := b.State(); ended || state == register.Up {
			list = append(list, describe(b, state))
		}
		b.Close()
	}
	for _, pid := range r.Running() {
		if p := look(pid); p != nil && p.uid == strconv.Itoa(os.Getuid()) {
			list = append(list, foreground(p))
		}
	}
	return list, nil
}

// describe reads what is known of a box.
func describe(b *register.Box, state register.State) listed {
	facts, live, exit := b.Facts(), b.Live(), b.Exit()
	l := listed{
		Name: b.Name, ID: b.ID(), State: state.String(), Command: facts.Values("command"), Ports: networkOf(facts).Ports,
		created: moment(facts.Value("created")), started: moment(live.Value("started")), Shares: sharesOf(b),
	}
	l.Created, l.Started = stamp(l.created), stamp(l.started)
	if b.Rests() {
		l.State = restarting
	}
	if state == register.Up && live.Value("boot") == register.BootID() {
		l.Monitor, l.Init, l.PID = live.Number("shim"), live.Number("init"), live.Number("command")
	}
	if state == register.Exited || l.State == restarting {
		l.ended = moment(exit.Value("ended"))
		l.Ended, l.Why = stamp(l.ended), exit.Value("why")
		status := exit.Number("status")
		l.Status = &status
		if signal := exit.Number("signal"); signal != 0 {
			l.Signal = unix.SignalName(unix.Signal(signal))
		}
	}
	return l
}

// stamp returns a time for programs, or "".
func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339Nano)
}

// foreground describes a run without a name.
func foreground(p *process) listed {
	began := time.Now().Add(-time.Duration((uptime() - float64(p.began)/ticksPerSecond) * float64(time.Second)))
	l := listed{
		ID: "pid " + strconv.Itoa(p.pid), State: register.Up.String(), Command: argumentsOf(p.pid), Monitor: p.pid,
		Ports: []string{}, created: began, started: began, Created: stamp(began), Started: stamp(began),
	}
	if children := childrenOf(p.pid); len(children) > 0 {
		l.Init = children[0]
		if commands := childrenOf(l.Init); len(commands) > 0 {
			l.PID = commands[0]
		}
	}
	return l
}

// argumentsOf returns the arguments of a process, each as it is.
func argumentsOf(pid int) []string {
	data, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/cmdline")
	if err != nil || len(data) == 0 {
		return []string{"?"}
	}
	return strings.Split(strings.TrimSuffix(string(data), "\x00"), "\x00")
}

// childrenOf returns the children of a process, see proc(5), task/TID/children.
func childrenOf(pid int) (list []int) {
	n := strconv.Itoa(pid)
	data, _ := os.ReadFile("/proc/" + n + "/task/" + n + "/children")
	for field := range strings.FieldsSeq(string(data)) {
		if child, err := strconv.Atoi(field); err == nil {
			list = append(list, child)
		}
	}
	return list
}

// status returns the state as people read it.
func (l *listed) status() string {
	switch {
	case l.State == register.Up.String() && l.Name == "":
		return "Up " + since(l.started) + ", in the foreground"
	case l.State == restarting:
		return fmt.Sprintf("Restarting (%d) %s ago", *l.Status, since(l.ended))
	case l.State == register.Up.String() && l.started.IsZero():
		return "Up, just starting"
	case l.State == register.Up.String():
		text := "Up " + since(l.started)
		if with := sharing(l.Shares); with != "" {
			text += ", " + with
		}
		return text
	case l.Status == nil:
		return "Lost"
	}
	text := fmt.Sprintf("Exited (%d) %s ago", *l.Status, since(l.ended))
	switch {
	case l.Why == "time":
		return text + ", its time was over"
	case l.Why == "start":
		return text + ", could not be started again"
	case l.Why == "stop" || l.Why == "kill":
		return text + ", by box " + l.Why
	case l.Why == "safety":
		return text + ", by box, for the sake of safety"
	case l.Why == "space":
		return text + ", with the box whose processes it shared"
	case l.Signal != "":
		return text + ", by " + l.Signal
	}
	return text
}

// trees prints the processes of each.
func trees(list []listed) error {
	all := processes()
	for i := range list {
		l := &list[i]
		name := l.Name
		if name == "" {
			name = l.ID
		}
		if err := write(say.Visible(name + "  " + l.status())); err != nil {
			return err
		}
		root := all[l.Monitor]
		if root == nil {
			continue
		}
		if err := branch(of(all, l.Init), root, "  ", l.Init); err != nil {
			return err
		}
	}
	return nil
}

// branch prints a process and those below it. The numbers are outside, and inside.
func branch(in []*process, p *process, indent string, init int) error {
	text := indent + strconv.Itoa(p.pid)
	if p.depth > 1 && p.inside != p.pid {
		text += " (" + strconv.Itoa(p.inside) + ")"
	}
	args := p.args
	if p.pid == init {
		args = "box: pid 1 of it"
	}
	if err := write(say.Visible(text + "  " + args)); err != nil {
		return err
	}
	for _, child := range in {
		if child.parent == p.pid && child.pid != p.pid {
			if err := branch(in, child, indent+"  ", init); err != nil {
				return err
			}
		}
	}
	return nil
}
