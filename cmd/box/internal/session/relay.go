package session

import (
	"box/cmd/box/internal/say"
	"box/internal/early"
	"box/internal/host"
	"box/netns"
	"box/netns/relay"
	"box/plan"

	"golang.org/x/sys/unix"
)

// netTitle is what lines of the report about the network begin with.
const netTitle = "network"

// Relay is the net process of a sandbox, from its beginning to its end: launch.CompileNet has given it its words and its
// descriptors. It returns the exit status, which nobody reads.
//
// Until it is ready, what goes wrong is told to the monitor, which ends the sandbox. After that the monitor's socket says when
// to end: then what was refused is reported.
//
//go:noinline
func Relay(words []string) int {
	early.Ordinary()
	// An execve(2) has made it dumpable again. What runs in the sandbox doesn't run yet.
	host.Prctl(unix.PR_SET_DUMPABLE, 0)
	host.SetName(netns.Name) // it is "exe", by what was executed
	network, log, err := relay.Read(words)
	if err != nil {
		return say.Report(say.Usagef("%s: %v", netns.Name, err))
	}
	told := toldAtOnce{}
	wire := &relay.Wire{FD: netns.FromPID1}
	config := relay.Config{Network: network.Network, Hostname: network.Hostname, Log: log, Tell: told.tell}
	if err := wire.Take(&config); err != nil {
		// Usually pid 1 has ended by itself, and has said why.
		relay.SendText(netns.FromBox, "the sandbox's listeners can't be taken: "+err.Error())
		return say.StatusBox
	}
	r, err := relay.New(config)
	if err != nil {
		relay.SendText(netns.FromBox, relay.Reason(err))
		return say.StatusBox
	}
	if errno := host.ForbidExec(); errno != 0 {
		relay.SendText(netns.FromBox, "execve can't be taken away: "+errno.Error())
		return say.StatusBox
	}
	if wire.Ready() != nil {
		return say.StatusBox
	}
	if err := r.Run(netns.FromBox); err != nil {
		say.Notef("%s: %v: the command has no network any more", netTitle, err)
		return say.StatusBox
	}
	told.report(r)
	return 0
}

// toldAtOnce are the refusals that were told while the command ran, by their texts.
type toldAtOnce map[string]bool

// tell tells the first refusal of a name at once: programs try again for a minute or more. A terminal in raw mode belongs to what
// is on it; then the report at the end has it.
func (t toldAtOnce) tell(l relay.Line) {
	if !host.RawTerminal(2) {
		t[l.Text] = true
		say.Sum(say.Section{Title: netTitle, Lines: []say.Refusal{{Text: l.Text, Flag: l.Flag}}})
	}
}

// report is the report at the end, if the monitor has asked for it: when it has ended, there is nobody to report to.
func (t toldAtOnce) report(r *relay.Relay) {
	if kind, err := relay.Order(netns.FromBox); err != nil || kind != plan.NetReport {
		return
	}
	all, more := r.Report()
	s := say.Section{Title: netTitle, More: more}
	for _, l := range all {
		if !t[l.Text] {
			s.Lines = append(s.Lines, say.Refusal{Text: l.Text, Flag: l.Flag, Count: l.Count})
		}
	}
	say.Sum(s)
}
