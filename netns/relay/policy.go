package relay

import (
	"net/netip"
	"strconv"
	"strings"

	"box/netns/netrange"
	"box/spec"
)

// machineName is the name of the machine outside, for the ports of rules host:PORT.
const machineName = "host.box.internal"

// Where the name of a connection comes from, or what it has instead of one: "via" in the log.
const (
	viaName    = "name"    // the address stands for a name that was asked for by DNS
	viaHosts   = "hosts"   // the host's /etc/hosts has the address for a name
	viaAddress = "address" // a rule has the address
	viaHost    = "host"    // a port of the machine outside
	viaPublish = "publish" // a published port
)

// verdict is what is decided about a connection, before anything is resolved.
type verdict struct {
	to        netip.AddrPort   // what was dialled in the sandbox
	name      string           // "" for an address
	port      uint16           //
	via       string           //
	rule      string           // what allows it, as it was written; "" for a refusal
	reason    string           // why it is refused
	flag      string           // what would allow it
	dials     []netip.AddrPort // where to; none: what the name resolves to
	private   bool             // it may be in a private network
	toHost    bool             // it is the machine outside, as a rule says
	forbidden bool             // an address was passed over
	quiet     bool             // a refusal that is not worth a line of the report
}

func (v *verdict) allowed() bool { return v.rule != "" }

// subject names the connection in messages.
func (v *verdict) subject() string {
	if v.name != "" {
		return escape(v.name) + ":" + strconv.Itoa(int(v.port))
	}
	return v.to.String()
}

// checksName reports whether a TLS greeting has to ask for the same name.
func (v *verdict) checksName() bool { return v.via != viaHost && v.via != viaPublish }

// policy judges by the rules.
type policy struct{ network *spec.Network }

// judge decides about a connection to an address in the sandbox.
func (r *Relay) judge(to netip.AddrPort) verdict {
	a := to.Addr()
	v := verdict{to: to, port: to.Port()}
	switch {
	case a.IsLoopback():
		v.via = viaHost
		r.policy.judgeHost(&v)
		v.quiet = true // the sandbox's own address: no server of its own is there
	case isFake(a):
		name, ok := r.names.nameOf(a)
		if !ok {
			v.reason = "no name has this address"
			break
		}
		v.via, v.name = viaName, name
		r.policy.judgeName(&v)
	case isOwn(a):
		v.reason, v.quiet = "it is the sandbox's own address", true
	default:
		r.judgeAddress(&v)
	}
	return v
}

// judgeHost allows ports of the machine outside.
func (p policy) judgeHost(v *verdict) {
	v.reason, v.flag = "no rule allows it", hostFlag(v.port)
	for i := range p.network.Allow {
		if rule := &p.network.Allow[i]; rule.Kind == spec.NetHostPort && rule.Port == v.port {
			v.rule, v.reason, v.flag, v.toHost = rule.Word, "", "", true
			v.dials = []netip.AddrPort{
				netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), v.port),
				netip.AddrPortFrom(netip.IPv6Loopback(), v.port),
			}
			return
		}
	}
}

// judgeName allows or refuses v.name. An exact rule counts before one that others match as well, since it allows private addresses.
func (p policy) judgeName(v *verdict) {
	if v.name == machineName {
		v.via = viaHost
		p.judgeHost(v)
		return
	}
	if denied := p.denies(v.name); denied != "" {
		v.reason = "--deny " + denied + " refuses it"
		return
	}
	for i := range p.network.Allow {
		rule := &p.network.Allow[i]
		if rule.Port != v.port || !matches(rule, v.name) {
			continue
		}
		if v.rule == "" || rule.Kind == spec.NetName {
			v.rule, v.private = rule.Word, rule.Kind == spec.NetName
		}
	}
	if v.rule == "" {
		v.reason, v.flag = "no rule allows it", allowFlag(v.name, v.port)
	}
}

// judgeAddress allows or refuses an address that stands for itself, or that the host's /etc/hosts has for an exact name.
func (r *Relay) judgeAddress(v *verdict) {
	bytes := v.to.Addr().As16()
	v.via = viaAddress
	v.reason, v.flag = "no rule allows it", "--allow "+v.to.String()
	if reason := netrange.Never(bytes); reason != "" {
		v.reason, v.flag = "it is "+reason, ""
		return
	}
	if r.policy.deniesAddress(bytes) {
		v.reason, v.flag = "--deny refuses it", ""
		return
	}
	for i := range r.policy.network.Allow {
		rule := &r.policy.network.Allow[i]
		if rule.Kind == spec.NetPrefix && rule.Port == v.port && contains(rule, bytes) {
			v.allowAddress(rule)
			return
		}
	}
	for i := range r.policy.network.Allow {
		rule := &r.policy.network.Allow[i]
		if rule.Kind != spec.NetName || rule.Port != v.port || r.policy.denies(rule.Name) != "" {
			continue
		}
		if r.hosts.has(v.to.Addr(), rule.Name) {
			v.via, v.name = viaHosts, rule.Name
			v.allowAddress(rule)
			return
		}
	}
	if r.routes.own(v.to.Addr()) {
		v.reason, v.flag = "it is an address of this host", hostFlag(v.port)
	}
}

func (v *verdict) allowAddress(rule *spec.NetRule) {
	v.rule, v.reason, v.flag, v.private = rule.Word, "", "", true
	v.dials = []netip.AddrPort{v.to}
}

// mayName reports whether a rule allows any port of a name, so that it gets an address.
func (p policy) mayName(name string) bool {
	if name == machineName {
		return p.any(func(rule *spec.NetRule) bool { return rule.Kind == spec.NetHostPort })
	}
	return p.denies(name) == "" && p.any(func(rule *spec.NetRule) bool { return matches(rule, name) })
}

func (p policy) any(is func(*spec.NetRule) bool) bool {
	for i := range p.network.Allow {
		if is(&p.network.Allow[i]) {
			return true
		}
	}
	return false
}

// denies returns the rule that refuses a name on every port, as it was written, or "".
func (p policy) denies(name string) string {
	for i := range p.network.Deny {
		if matches(&p.network.Deny[i], name) {
			return p.network.Deny[i].Word
		}
	}
	return ""
}

// deniesAddress reports whether a rule refuses an address, or the IPv4 address that it wraps.
func (p policy) deniesAddress(a netrange.Addr) bool {
	v4, wraps := netrange.Inner(a)
	inner := netrange.Addr{10: 0xff, 11: 0xff, 12: v4[0], 13: v4[1], 14: v4[2], 15: v4[3]}
	for i := range p.network.Deny {
		rule := &p.network.Deny[i]
		if rule.Kind == spec.NetPrefix && (contains(rule, a) || wraps && contains(rule, inner)) {
			return true
		}
	}
	return false
}

// contains reports whether an address is one of the rule's. ::/0 has no IPv4 address.
func contains(rule *spec.NetRule, a netrange.Addr) bool {
	if netrange.Is4(a) && (rule.Bits < 96 || !netrange.Is4(rule.Addr)) {
		return false
	}
	return netrange.Within(a, rule.Addr, rule.Bits)
}

// matches reports whether a rule is about a name, which is in lower case and has no dot at its end. Names that no resolver is asked
// for are left out of what others match.
func matches(rule *spec.NetRule, name string) bool {
	switch rule.Kind {
	case spec.NetName:
		return rule.Name == name
	case spec.NetSuffix:
		rest, ok := strings.CutSuffix(name, rule.Name)
		return ok && len(rest) > 1 && rest[len(rest)-1] == '.' && !special(name)
	case spec.NetAny:
		return !special(name)
	}
	return false
}

// special reports whether a name is the sandbox's own (RFC 6761, 6.3), a name of box's, or an address in figures.
func special(name string) bool {
	last := name[strings.LastIndexByte(name, '.')+1:]
	return last == "localhost" || name == machineName || strings.HasSuffix(name, ".box.internal") ||
		strings.Trim(last, "0123456789") == "" || strings.HasPrefix(last, "0x")
}

// namesAgree reports whether a TLS greeting may ask for a name: the one that was dialled, or none. For an address it may ask for
// what no rule refuses.
func (p policy) namesAgree(v *verdict, asked string) bool {
	switch {
	case asked == "":
		return true
	case v.name == "":
		return p.denies(normal(asked)) == ""
	}
	return normal(asked) == v.name
}

// normal returns a name as rules have it.
func normal(name string) string {
	return strings.ToLower(strings.TrimSuffix(name, "."))
}

// hostFlag returns the flag that allows a port of the machine outside.
func hostFlag(port uint16) string { return "--allow host:" + strconv.Itoa(int(port)) }

// allowFlag returns the flag that allows a name and a port, or "" for a name that it doesn't take.
func allowFlag(name string, port uint16) string {
	if !plain(name) || special(name) {
		return ""
	}
	if port == 0 || port == 443 || port == 80 {
		return "--allow " + name
	}
	return "--allow " + name + ":" + strconv.Itoa(int(port))
}

// plain reports whether a name has only what names of hosts have, and underscores.
func plain(name string) bool {
	if name == "" || len(name) > 253 {
		return false
	}
	for label := range strings.SplitSeq(name, ".") {
		if label == "" || len(label) > 63 {
			return false
		}
	}
	return strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789-_.") == ""
}
