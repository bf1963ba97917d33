package failure

import (
	"strings"

	"box/cmd/box/internal/say"

	"golang.org/x/sys/unix"
)

// netLogs are for the file of --net-log, which the net process opens with the
// caller's rights.
var netLogs = []rule{
	{errno: unix.ELOOP, text: "{words}: it is a symbolic link, which is not followed"},
	{errno: unix.ENXIO, text: "{words}: nobody reads that pipe"},
	{errno: unix.EISDIR, text: "{words}: it is a directory"},
	{text: "{words}: it can't be opened: {reason}"},
}

// relayed is for a net process that has not begun. If it has said why, that is
// the message: a line, and a hint on a second one.
func relayed(t *told) *say.Message {
	if t.Text != "" {
		m := &say.Message{Status: say.StatusBox}
		m.Headline, m.Hint, _ = strings.Cut(t.Text, "\n")
		return m
	}
	m := t.message("{words}: the process that carries connections can't be started: {reason}")
	switch t.Errno {
	case unix.EAGAIN:
		m.Cause = noProcesses
	case unix.ENOSPC: // it has ended before it was ready
		m.Headline = t.fill("{words}: the process that carries connections has ended before the sandbox began")
	case unix.ETOOMANYREFS:
		return tooManyRefs(t)
	}
	return m
}
