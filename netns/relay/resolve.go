package relay

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"strings"
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
	l.relay.post(func() { l.answered(addrs, err) })
}

func (l *lookup) answered(addrs []netip.Addr, err error) {
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
	for _, d := range waiting {
		d.found(l.to(d.conn.verdict.port), problem(err, len(l.addrs)))
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

// problem says why a name has no address, or "".
func problem(err error, found int) string {
	if found > 0 {
		return ""
	}
	if dns, ok := errors.AsType[*net.DNSError](err); ok {
		switch {
		case dns.IsNotFound:
			return "the host finds no such name"
		case dns.IsTimeout:
			return "the host's resolver does not answer"
		}
		return "the host's resolver: " + escape(dns.Err)
	}
	if err != nil {
		return "the host's resolver: " + escape(err.Error())
	}
	return "the name has no address"
}
