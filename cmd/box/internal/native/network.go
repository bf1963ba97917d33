package native

import (
	"strings"

	"box/cmd/box/internal/arg"
	"box/cmd/box/internal/say"
	"box/internal/early"
	"box/netns"
	"box/netns/netgroup"
	"box/netns/netrange"
	"box/spec"
)

// What the flags for the network do. They are noted, and judged together by
// networked: no place in the line counts more than another.

// netWords are the words of the flags that networked has to name.
type netWords struct {
	// mode is the word of --net, and from its words; "" if it was not given.
	mode string
	from []string
	// host are the words of what asked for the caller's network.
	host []string
	// allow, deny and log are the words of the first of each.
	allow, deny, log []string
}

// mostPorts bounds the ports that rules name: each takes two listeners.
const mostPorts = 64

// defaultPorts are those of a name without ports.
var defaultPorts = [...]uint16{443, 80}

// netMode chooses what is reached.
func (b *Line) netMode(w []string) error {
	if name, is := boxNamed(w[0]); is {
		b.net.mode, b.net.from = "box", b.step.words
		return b.joinBox(spec.Net, name)
	}
	b.unjoin(spec.Net)
	switch w[0] {
	case "none":
		b.spec.New |= spec.Net
	case "names":
		b.spec.New |= spec.Net
	case "host":
		b.net.mode, b.net.from = w[0], b.step.words
		return b.netHost()
	case "open":
		return say.BadHint("not supported yet: every address, and what it can't be told by a name",
			"--net names with --allow NAME, or --net host")
	default:
		return say.BadHint("not none, names, host or box:NAME", "--net host is all that you reach, --allow NAME one host")
	}
	b.net.mode, b.net.from = w[0], b.step.words
	return nil
}

// netHost lets the sandbox use the caller's network.
func (b *Line) netHost() error {
	b.net.host = b.step.words
	return b.share(spec.Net)
}

// allow adds rules: one for each port of what is named, or for each name of a
// group.
func (b *Line) allow(w []string) error {
	if b.net.allow == nil {
		b.net.allow = b.step.words
	}
	b.netOrigin()
	word := w[0]
	if word == "" || word[0] != '@' {
		err := b.allowWord(word, word)
		if err != nil {
			return say.WithHint(err, arg.Repaired("--allow", word))
		}
		return nil
	}
	names, ok := netgroup.Find(word[1:])
	if !ok {
		early.Ordinary()
		return say.BadHint("no such group", "there are "+groupNames())
	}
	for _, name := range names {
		if err := b.allowWord(name, word); err != nil {
			return err
		}
	}
	return nil
}

// groupNames lists the groups.
func groupNames() string {
	var names []string
	for i := 0; netgroup.At(i) != ""; i++ {
		names = append(names, "@"+netgroup.At(i))
	}
	return strings.Join(names, ", ")
}

// netOrigin notes the step as the first about the network.
func (b *Line) netOrigin() {
	if b.spec.Network.Origin.Words == nil {
		b.spec.Network.Origin.Words = b.step.words
	}
}

// allowWord adds the rules of one word. typed is what the user has typed.
func (b *Line) allowWord(word, typed string) error {
	r, ports, err := arg.Target(word)
	if err != nil {
		return err
	}
	r.Word = typed
	if err := matchable(&r, ports); err != nil {
		return err
	}
	if ports == "" {
		for _, port := range defaultPorts {
			b.addRule(r, port)
		}
		return nil
	}
	for ports != "" {
		var port uint16
		if port, ports, err = arg.CutPort(ports); err != nil {
			return err
		}
		if port == netns.DNSPort {
			return say.Bad("port 53 is that of the sandbox's own name server, which answers for every name that is allowed")
		}
		b.addRule(r, port)
	}
	return nil
}

// matchable refuses a rule that could allow nothing.
func matchable(r *spec.NetRule, ports string) error {
	switch {
	case r.Kind == spec.NetPrefix && ports == "":
		return say.Bad("an address takes a port: ADDRESS:PORT")
	case r.Kind == spec.NetHostPort && ports == "":
		return say.Bad("this machine's own services are reached by their ports: host:PORT")
	case r.Kind == spec.NetName && (r.Name == "localhost" || strings.HasSuffix(r.Name, ".localhost")):
		return say.BadHint("in the sandbox that is the sandbox itself", "--allow host:PORT reaches a port of this machine")
	case r.Kind == spec.NetName && r.Name == "host.box.internal":
		return say.Bad("it is reached by --allow host:PORT")
	case r.Kind == spec.NetPrefix:
		return dialled(r, ports)
	}
	return nil
}

// dialled refuses addresses that box never connects to.
func dialled(r *spec.NetRule, ports string) error {
	why := netrange.Never(r.Addr)
	if last := lastOf(r); why != "" && r.Bits < 128 && netrange.Never(last) != why {
		why = ""
	}
	if why == "" && r.Bits >= 96+8 && r.Addr[10] == 0xff && r.Addr[12] == 25 {
		why = "one that stands for a name in the sandbox" // 25.0.0.0/8
	}
	if why == "" {
		return nil
	}
	early.Ordinary()
	if r.Addr[10] == 0xff && r.Addr[12] == 127 || r.Addr == [16]byte{15: 1} {
		return say.BadHint("box connects to no loopback address", "--allow host:"+ports+" reaches a port of this machine")
	}
	return say.Bad("box connects to no such address: it is " + why)
}

// lastOf returns the last address of a range.
func lastOf(r *spec.NetRule) (addr [16]byte) {
	addr = r.Addr
	for i := int(r.Bits); i < 128; i++ {
		addr[i/8] |= 1 << (7 - i%8)
	}
	return addr
}

// addRule adds a rule for one port, unless there is the same.
func (b *Line) addRule(r spec.NetRule, port uint16) {
	n := &b.spec.Network
	for i := range n.Allow {
		o := &n.Allow[i]
		if o.Port == port && o.Kind == r.Kind && o.Name == r.Name && o.Addr == r.Addr && o.Bits == r.Bits {
			return
		}
	}
	r.Port = port
	n.Allow = early.Append(n.Allow, r)
}

// deny adds a rule that beats those of --allow, on every port.
func (b *Line) deny(w []string) error {
	if b.net.deny == nil {
		b.net.deny = b.step.words
	}
	b.netOrigin()
	r, ports, err := arg.Target(w[0])
	switch {
	case err != nil:
		return say.WithHint(err, arg.Repaired("--deny", w[0]))
	case ports != "":
		early.Ordinary()
		return say.BadHint("it is denied on every port, so none can be given", "--deny "+w[0][:len(w[0])-len(ports)-1])
	case r.Kind == spec.NetAny, r.Kind == spec.NetHostPort:
		return say.Bad("what --allow does not name is not reached anyway")
	}
	n := &b.spec.Network
	n.Deny = early.Append(n.Deny, r)
	return nil
}

// publish lets others reach a port.
func (b *Line) publish(w []string) error {
	b.netOrigin()
	p, err := arg.Publication(w[0])
	if err != nil {
		return err
	}
	n := &b.spec.Network
	for i := range n.Publish {
		if n.Publish[i].Outside == p.Outside && n.Publish[i].Addr == p.Addr {
			return say.Bad("that port is published already")
		}
	}
	n.Publish = early.Append(n.Publish, p)
	return nil
}

// netLog notes where connections are noted. The file is opened when the
// sandbox begins, by the process that writes it.
func (b *Line) netLog(w []string) error {
	if w[0] == "" {
		return say.Bad("an empty path names nothing")
	}
	b.netOrigin()
	n := &b.spec.Network
	n.Log, n.LogOrigin.Words, b.net.log = w[0], b.step.words, b.step.words
	return nil
}

// networked decides what is reached, when all flags are known, and refuses
// flags that can't be meant together.
func (b *Line) networked() error {
	n, w := &b.spec.Network, &b.net
	if b.spec.Join.Of.Has(spec.Net) {
		return b.networkOf(n)
	}
	if w.mode == "names" || w.mode == "" && w.allow != nil {
		n.Mode = spec.NetNames
	}
	if n.Origin.Words == nil {
		if n.Mode == spec.NetNames {
			n.Origin.Words = w.from
		}
		if !b.spec.New.Has(spec.Net) {
			n.Mode = spec.NetHost
			tellHost(w.host)
		}
		return nil
	}
	if !b.spec.New.Has(spec.Net) {
		early.Ordinary()
		return say.Refuse(n.Origin.Words,
			"with the caller's network ("+say.Words(w.host)+") everything is reached, and no port is published")
	}
	switch {
	case w.mode == "none" && (w.allow != nil || w.deny != nil):
		return say.Refuse(w.from, "nothing is reached then, so --allow and --deny have no effect")
	case w.deny != nil && w.allow == nil:
		return say.Refuse(w.deny, "nothing is allowed that it could deny: --allow NAME")
	case w.log != nil && !n.Relayed():
		return say.Refuse(w.log, "there are no connections to be noted: --allow NAME, or --publish")
	}
	for i := range n.Allow {
		if r := &n.Allow[i]; denied(r, n.Deny) {
			early.Ordinary()
			return say.Refuse([]string{"--allow", r.Word}, "--deny names the same, so it has no effect")
		}
	}
	return b.ports()
}

// tellHost tells what the caller's network brings. words are those of the flag
// that has asked for it.
func tellHost(words []string) {
	flag, mode := words[0], ""
	if len(words) > 1 {
		mode = " host"
	}
	say.Tell(flag, mode, ": the command reaches what you reach: services on 127.0.0.1, the local network, metadata services")
}

// denied reports whether what the user has allowed by its name is denied by the
// same. A part of a group may be.
func denied(r *spec.NetRule, deny []spec.NetRule) bool {
	for i := range deny {
		d := &deny[i]
		if r.Word[0] != '@' && d.Kind == r.Kind && d.Name == r.Name && d.Addr == r.Addr && d.Bits == r.Bits {
			return true
		}
	}
	return false
}

// ports looks at the ports of all rules, and of what is published.
func (b *Line) ports() error {
	n := &b.spec.Network
	ports := 0
	for i := range n.Allow {
		if !ruleFor(n.Allow[:i], n.Allow[i].Port) {
			ports++
		}
	}
	if ports > mostPorts {
		early.Ordinary()
		return say.Refuse(b.net.allow, "more than 64 ports in all --allow")
	}
	for i := range n.Publish {
		p := &n.Publish[i]
		words := [...]string{"--publish", p.Word}
		switch {
		case b.spec.Life.Direct:
			early.Ordinary()
			return say.Refuse(words[:],
				"with --as-pid-1 there is no process of box's in the sandbox that could connect to its ports")
		case ruleFor(n.Allow, p.Inside):
			early.Ordinary()
			return rulesPort(words[:], n, p.Inside)
		}
	}
	return nil
}

// ruleFor reports whether one of the rules is for a port.
func ruleFor(rules []spec.NetRule, port uint16) bool {
	for i := range rules {
		if rules[i].Port == port {
			return true
		}
	}
	return false
}

// rulesPort returns the message for a port that the command can't listen on,
// since box does.
func rulesPort(words []string, n *spec.Network, port uint16) error {
	var text early.Text
	text.AddNumber(uint64(port))
	m := say.Usagef("%s: the command can't listen on port %s: box does, for --allow", say.Words(words), text.String())
	for i := range n.Allow {
		if r := &n.Allow[i]; r.Port == port && port == 80 && r.Kind != spec.NetPrefix && strings.IndexByte(r.Word, ':') < 0 {
			return m.Hintf("--allow %s:443 leaves port 80 to the command", r.Word)
		}
	}
	return m.Hintf("another port inside: --publish OUTSIDE:INSIDE")
}
