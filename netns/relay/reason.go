package relay

import (
	"errors"
	"strings"

	"box/spec"

	"golang.org/x/sys/unix"
)

// Reason returns why a Relay can't begin, in the words of the command line: a line, and perhaps a hint on a second one.
func Reason(err error) string {
	p, ok := errors.AsType[*PublishError](err)
	if !ok {
		return "the network can't begin: " + err.Error()
	}
	words := spec.Quote([]string{"--publish", p.Port.Word})
	switch p.Errno {
	case unix.EADDRINUSE:
		return words + ": somebody else listens on that port of this machine"
	case unix.EAFNOSUPPORT:
		return words + ": this machine has no IPv6"
	case unix.EACCES:
		return words + ": only root may listen on such a low port of this machine\n" +
			"a port from 1024 on outside; or as root: sysctl net.ipv4.ip_unprivileged_port_start=0"
	case unix.EADDRNOTAVAIL:
		return words + ": this machine has no such address"
	}
	return words + ": " + p.Errno.Error()
}

// explained adds to the text of an error what it means, if that is this machine's.
func explained(text string) string {
	if strings.HasSuffix(text, unix.ENETUNREACH.Error()) {
		return text + ": this machine has no route there"
	}
	return text
}
