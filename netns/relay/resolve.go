package relay

import (
	"context"
	"errors"
	"io/fs"
	"net"
	"net/netip"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// keepFor is how long the addresses of a name are used again: many connections that a program makes at once are one question.
const keepFor = 2e9

// lookup is a question to the host's resolver, or its answer.
type lookup struct {
	relay   *Relay
	name    string
	waiting []*dial
	cancel  context.CancelFunc
	addrs   []netip.Addr
	until   int64 // when the answer is no longer used; 0: there is none yet
}

// resolve finds the addresses for d, which may be told at once.
func (r *Relay) resolve(d *dial) {
	name := d.conn.verdict.name
	l := r.lookups[name]
	if l != nil && l.until != 0 {
		if now() < l.until {
			d.found(l.to(d.conn.verdict.port), "")
			return
		}
		l = nil
	}
	if l == nil {
		ctx, cancel := context.WithCancel(context.Background())
		l = &lookup{relay: r, name: name, cancel: cancel}
		r.lookups[name] = l
		r.asked++
		go l.ask(ctx)
	}
	l.waiting = append(l.waiting, d)
	d.lookup = l
}

// ask waits for the host's resolver: /etc/hosts and what /etc/resolv.conf names, see nsswitch.conf(5).
func (l *lookup) ask(ctx context.Context) {
	name := l.name
	if strings.Contains(name, ".") {
		name += "." // no search list
	}
	resolver := net.Resolver{PreferGo: true}
	addrs, err := resolver.LookupNetIP(ctx, "ip", name)
	why := ""
	if err != nil {
		why = lacking("/etc/resolv.conf")
	}
	why = reasonOf(err, why)
	l.relay.post(func() { l.answered(addrs, why) })
}

// answered takes the addresses of the name, and why there might be none.
func (l *lookup) answered(addrs []netip.Addr, why string) {
	l.cancel()
	l.relay.asked--
	for _, a := range addrs {
		if a = a.Unmap(); a.Zone() == "" {
			l.addrs = append(l.addrs, a)
		}
	}
	l.until = now() + keepFor
	if l.relay.lookups[l.name] == l && len(l.addrs) == 0 {
		delete(l.relay.lookups, l.name)
	}
	l.relay.forget()
	waiting := l.waiting
	l.waiting = nil
	if len(l.addrs) > 0 {
		why = ""
	}
	for _, d := range waiting {
		d.found(l.to(d.conn.verdict.port), why)
	}
}

// to returns the addresses with a port.
func (l *lookup) to(port uint16) []netip.AddrPort {
	all := make([]netip.AddrPort, len(l.addrs))
	for i, a := range l.addrs {
		all[i] = netip.AddrPortFrom(a, port)
	}
	return all
}

// leave ends the wait of a dial, and the question with the last one.
func (l *lookup) leave(d *dial) {
	for i := range l.waiting {
		if l.waiting[i] == d {
			l.waiting = append(l.waiting[:i], l.waiting[i+1:]...)
			break
		}
	}
	if len(l.waiting) == 0 && l.until == 0 {
		l.cancel()
		if l.relay.lookups[l.name] == l {
			delete(l.relay.lookups, l.name)
		}
	}
}

// forget removes answers that are no longer used.
func (r *Relay) forget() {
	if len(r.lookups) < 64 {
		return
	}
	t := now()
	for name, l := range r.lookups {
		if l.until != 0 && l.until < t {
			delete(r.lookups, name)
		}
	}
}

// reasonOf says why a name has no address. lack is what lacking says.
func reasonOf(err error, lack string) string {
	dns, ok := errors.AsType[*net.DNSError](err)
	switch {
	case err == nil:
		return "the name has no address"
	case ok && dns.IsNotFound:
		return "the host finds no such name"
	case lack != "":
		return lack
	case ok && dns.IsTimeout:
		return "the host's resolver does not answer"
	case ok && dns.Server != "":
		// Without the port of the question, which is another one each time: a reason is told once.
		return "the host's resolver at " + escape(dns.Server) + ": " + explained(escape(last(dns.Err)))
	case ok:
		return "the host's resolver: " + escape(dns.Err)
	}
	return "the host's resolver: " + escape(err.Error())
}

// last returns what an error is about in the end: what comes after the last colon.
func last(text string) string { return strings.TrimSpace(text[strings.LastIndex(text, ": ")+1:]) }

// lacking says why a file such as /etc/resolv.conf names no resolver, or "". The resolver that is asked without one, at 127.0.0.1,
// is nobody's choice, and that it is not there is not the reason.
func lacking(path string) string {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrPermission) {
		return path + " leads to where it didn't when box was started, and can't be read: start box again"
	}
	if errno, ok := errors.AsType[unix.Errno](err); ok {
		return "the host has no resolver: " + path + ": " + errno.Error()
	}
	for line := range strings.Lines(string(text)) {
		if words := strings.Fields(line); len(words) > 1 && words[0] == "nameserver" {
			return ""
		}
	}
	return "the host has no resolver: " + path + " names none"
}
