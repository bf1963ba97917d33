package relay

import (
	"math/rand/v2"
	"net/netip"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"box/spec"
)

// TestSpecialNames: what no resolver may be asked for is no name of a rule about many.
func TestSpecialNames(t *testing.T) {
	for _, name := range []string{
		"localhost", "a.localhost", "host.box.internal", "x.box.internal", "1.2.3.4", "1", "0x7f000001", "127.1", "2130706433",
	} {
		for _, rule := range rules("*:1 *.localhost:1 *.internal:1 *.box.internal:1 *.3.4:1", false) {
			if matches(&rule, name) {
				t.Errorf("%s matches %s", rule.Word, name)
			}
		}
	}
	for _, name := range []string{"a.example", "1.example", "x--y.example", "_dmarc.example", "localhost.example"} {
		if rule := rules("*:1", false)[0]; !matches(&rule, name) {
			t.Errorf("* does not match %s", name)
		}
	}
}

// byPattern decides in another way than policy: by a regular expression a rule.
func byPattern(rule *spec.NetRule, name string) bool {
	quoted := regexp.QuoteMeta(rule.Name)
	pattern := map[spec.NetKind]string{
		spec.NetName: "^" + quoted + "$", spec.NetSuffix: "^.+[.]" + quoted + "$", spec.NetAny: "^.+$",
	}[rule.Kind]
	if pattern == "" || !regexp.MustCompile(pattern).MatchString(name) {
		return false
	}
	return rule.Kind == spec.NetName ||
		!regexp.MustCompile(`(^|\.)(localhost|[0-9]+|0x[^.]*)$|\.box\.internal$`).MatchString(name)
}

// FuzzMatches: two matchers agree.
func FuzzMatches(f *testing.F) {
	for _, s := range []string{"a.example", "*.example", "*", "b.a.example", "example", "a.0x1", "1.2.3.4", "x.localhost"} {
		for _, n := range []string{"a.example", "b.a.example", "example", "1.2.3.4", "localhost", "host.box.internal"} {
			f.Add(s, n)
		}
	}
	f.Fuzz(func(t *testing.T, word, name string) {
		if !plain(name) || !plain(strings.TrimPrefix(strings.ReplaceAll(word, "*", "x"), "x.")) {
			return
		}
		rule := rules(word+":1", false)[0]
		if got, want := matches(&rule, name), byPattern(&rule, name); got != want {
			t.Errorf("%q and %q: %v", word, name, got)
		}
	})
}

// TestJudge walks the whole policy, with random rules and names, against what a reader of the rules would say.
func TestJudge(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	pick := func(all ...string) string { return all[random.IntN(len(all))] }
	word := func() string {
		return pick("a.example", "*.example", "*", "b.a.example", "*.a.example", "host",
			"198.51.100.0/24", "2001:db8::/32", "10.0.0.0/8")
	}
	allowed, refused := 0, 0
	for range 20_000 {
		var allow, deny string
		for range random.IntN(4) {
			allow += " " + word() + ":" + strconv.Itoa(1+random.IntN(2))
		}
		if random.IntN(3) == 0 {
			deny = pick("a.example", "*.a.example", "198.51.100.7", "10.0.0.0/8")
		}
		r := Relay{routes: routes{fd: -1}}
		r.names.init()
		network := spec.Network{Allow: rules(allow, false), Deny: rules(deny, true)}
		r.policy.network = &network
		r.hosts.names, r.hosts.checked = map[netip.Addr][]string{}, 1<<62
		name := pick("a.example", "b.a.example", "c.b.a.example", "example", "host.box.internal", "", "", "")
		address := netip.MustParseAddr(
			pick("198.51.100.7", "198.51.100.8", "2001:db8::7", "10.1.1.1", "11.1.1.1", "127.0.0.1", "::1"))
		if name != "" {
			address, _ = r.names.addressOf(name)
		}
		port := uint16(1 + random.IntN(2))
		v := r.judge(netip.AddrPortFrom(address, port))
		want := false
		for i := range network.Allow {
			rule := &network.Allow[i]
			host := name == "host.box.internal" || address.IsLoopback()
			want = want || rule.Port == port && (byPattern(rule, name) || host && rule.Kind == spec.NetHostPort ||
				rule.Kind == spec.NetPrefix && name == "" && !host && holds(rule, address))
		}
		for i := range network.Deny {
			rule := &network.Deny[i]
			if byPattern(rule, name) || name == "" && rule.Kind == spec.NetPrefix && holds(rule, address) {
				want = false
			}
		}
		if v.allowed() != want {
			t.Fatalf("allow%s, deny %s: %q %v:%d: %+v", allow, deny, name, address, port, v)
		}
		if want {
			allowed++
		} else {
			refused++
			if v.reason == "" {
				t.Fatalf("refused without a reason: %+v", v)
			}
		}
	}
	if allowed < 1000 || refused < 1000 {
		t.Errorf("%d allowed, %d refused: the test tries too little", allowed, refused)
	}
}

func holds(rule *spec.NetRule, a netip.Addr) bool {
	network := netip.AddrFrom16(rule.Addr)
	bits := int(rule.Bits)
	if network.Is4In6() && bits >= 96 {
		network, bits = network.Unmap(), bits-96
	}
	return netip.PrefixFrom(network, bits).Contains(a)
}

func TestContains(t *testing.T) {
	for _, c := range []struct {
		rule, address string
		want          bool
	}{
		{"0.0.0.0/0", "1.2.3.4", true},
		{"0.0.0.0/0", "2001:db8::1", false},
		{"::/0", "1.2.3.4", false},
		{"::/0", "2001:db8::1", true},
		{"1.2.3.4", "1.2.3.4", true},
		{"1.2.3.4", "1.2.3.5", false},
		{"1.2.3.0/31", "1.2.3.1", true},
		{"1.2.3.0/31", "1.2.3.2", false},
	} {
		rule := rules(c.rule, true)[0]
		if got := contains(&rule, netip.MustParseAddr(c.address).As16()); got != c.want {
			t.Errorf("%s contains %s: %v", c.rule, c.address, got)
		}
	}
}

func TestParseHosts(t *testing.T) {
	names := map[netip.Addr][]string{}
	parseHosts("# 9.9.9.9 no\n"+
		"1.2.3.4\tA.Example b # c\nbad d\n::1 e\nfe80::1%eth0 f\n1.2.3.4 g.\n1.2.3.5\n::ffff:1.2.3.6 h", names)
	for a, want := range map[string]string{"1.2.3.4": "a.example b g", "::1": "e", "1.2.3.6": "h"} {
		if got := strings.Join(names[netip.MustParseAddr(a)], " "); got != want {
			t.Errorf("%s: %q", a, got)
		}
	}
	if len(names) != 3 {
		t.Errorf("%v", names)
	}
}

func TestFakeAddresses(t *testing.T) {
	var n, other names
	n.init()
	other.init()
	a, _ := n.addressOf("a.example")
	b, _ := n.addressOf("b.example")
	again, _ := other.addressOf("a.example")
	if a == b || a != again || !isFake(a) {
		t.Errorf("%v, %v, %v", a, b, again)
	}
	seen := map[netip.Addr]bool{}
	for i := 0; len(n.address) < maxNames; i++ {
		name := strconv.Itoa(i) + ".many.example"
		a, ok := n.addressOf(name)
		if back, _ := n.nameOf(a); !ok || seen[a] || !isFake(a) || back != name {
			t.Fatalf("%s: %v, %v, %q", name, a, ok, back)
		}
		seen[a] = true
	}
	if a, ok := n.addressOf("one.more.example"); ok {
		t.Errorf("more than %d names: %v", maxNames, a)
	}
	if a, ok := n.addressOf("7.many.example"); !ok || !seen[a] {
		t.Error("a name has lost its address")
	}
}
