package arg

import (
	"net/netip"
	"strings"
	"testing"

	"box/spec"
)

func TestTarget(t *testing.T) {
	for _, c := range []struct {
		word  string
		kind  spec.NetKind // 0 is an error
		name  string
		addr  string // or "", as net/netip reads it
		ports string
	}{
		{word: "x", kind: spec.NetName, name: "x"},
		{word: "Example.ORG.:22,443", kind: spec.NetName, name: "example.org", ports: "22,443"},
		{word: "_dmarc.a-b.c1", kind: spec.NetName, name: "_dmarc.a-b.c1"},
		{word: "1.x", kind: spec.NetName, name: "1.x"},
		{word: "*.Example.org:80", kind: spec.NetSuffix, name: "example.org", ports: "80"},
		{word: "*:80", kind: spec.NetAny, ports: "80"},
		{word: "host:5432", kind: spec.NetHostPort, ports: "5432"},
		{word: "Host:1", kind: spec.NetName, name: "host", ports: "1"},
		{word: "10.1.2.3:80", kind: spec.NetPrefix, addr: "::ffff:10.1.2.3/128", ports: "80"},
		{word: "10.1.0.0/16:80", kind: spec.NetPrefix, addr: "::ffff:10.1.0.0/112", ports: "80"},
		{word: "0.0.0.0/0:80", kind: spec.NetPrefix, addr: "::ffff:0.0.0.0/96", ports: "80"},
		{word: "[2001:db8::]:80", kind: spec.NetPrefix, addr: "2001:db8::/128", ports: "80"},
		{word: "[2001:db8::/32]:80", kind: spec.NetPrefix, addr: "2001:db8::/32", ports: "80"},
		{word: "[::]:80", kind: spec.NetPrefix, addr: "::/128", ports: "80"},
		{word: "[::/0]", kind: spec.NetPrefix, addr: "::/0"},
		{word: strings.Repeat("a", 63), kind: spec.NetName, name: strings.Repeat("a", 63)},
		{word: ""},
		{word: "a b"},
		{word: "a\x00"},
		{word: "a\r\nb"},
		{word: "u@x"},
		{word: "http://x"},
		{word: "x/y"},
		{word: "ä.de"},
		{word: "*x"},
		{word: "a.*"},
		{word: "*.*.a"},
		{word: "**"},
		{word: "*."},
		{word: "."},
		{word: ".a"},
		{word: "a.."},
		{word: "-a"},
		{word: "a-"},
		{word: strings.Repeat("a", 64)},
		{word: strings.Repeat("a.", 127) + "ab"},
		{word: "10.1.2.3/16:80"},
		{word: "10.1.2.3/08:80"},
		{word: "10.1.2.3/33:80"},
		{word: "010.1.2.3:80"},
		{word: "10.1.2:80"},
		{word: "0x7f.1"},
		{word: "1"},
		{word: "[::1"},
		{word: "[x]"},
		{word: "[10.1.2.3]:80"},
		{word: "[fe80::1%eth0]:80"},
		{word: "::1:80"},
		{word: "x:"},
		{word: ":80"},
	} {
		r, ports, err := Target(c.word)
		if (err == nil) != (c.kind != 0) {
			t.Errorf("%q: %v", c.word, err)
			continue
		}
		if err != nil {
			continue
		}
		addr := ""
		if r.Kind == spec.NetPrefix {
			addr = netip.PrefixFrom(netip.AddrFrom16(r.Addr), int(r.Bits)).String()
		}
		if r.Kind != c.kind || r.Name != c.name || addr != c.addr || ports != c.ports || r.Word != c.word {
			t.Errorf("%q: %d %q %s %q", c.word, r.Kind, r.Name, addr, ports)
		}
	}
}

func TestPort(t *testing.T) {
	for word, want := range map[string]uint16{
		"1": 1, "80": 80, "65535": 65535, "": 0, "0": 0, "65536": 0, "080": 0, "+1": 0, "-1": 0, "1_000": 0,
		"0x50": 0, "1-2": 0, "*": 0, "a": 0,
		"18446744073709551697": 0,
	} {
		if got, err := Port(word); got != want || (err == nil) != (want != 0) {
			t.Errorf("%q: %d, %v", word, got, err)
		}
	}
}

func TestPublication(t *testing.T) {
	for word, want := range map[string]string{
		"8080:80": "127.0.0.1 8080 80", "0.0.0.0:8080:80/tcp": "0.0.0.0 8080 80", "[::1]:1:2": "::1 1 2",
		"[::]:1:65535": ":: 1 65535",
		"":             "", "80": "", "80:": "", ":80": "", "80:80/udp": "", "80:80/": "", "::1:80:80": "", "[127.0.0.1]:80:80": "",
		"x:80:80": "", "0:80": "",
		"127.0.0.1/8:80:80": "", "[]:80:80": "", ":80:80": "", "1:2:3:4": "",
	} {
		p, err := Publication(word)
		if (err == nil) != (want != "") {
			t.Errorf("%q: %v", word, err)
			continue
		}
		if err != nil {
			continue
		}
		got := netip.AddrFrom16(p.Addr).Unmap().String()
		if got+" "+decimal(p.Outside)+" "+decimal(p.Inside) != want || p.Word != word {
			t.Errorf("%q: %s %d %d", word, got, p.Outside, p.Inside)
		}
	}
}

func decimal(n uint16) string {
	if n < 10 {
		return string(rune('0' + n))
	}
	return decimal(n/10) + decimal(n%10)
}

// Addresses and ranges are read as net/netip reads them, but for zones.
func FuzzPrefix(f *testing.F) {
	for _, word := range []string{
		"1.2.3.4", "1.2.3.4/24", "::", "::1", "1::", "1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7::", "::1.2.3.4", "::ffff:1.2.3.4/96",
		"1::2::3", "01.2.3.4",
		"fe80::1%lo", "::/0", "::/00", "1.2.3.4/", ":", "1:", ":1", "1:2:3:4:5:6:1.2.3.4",
		"1::8:1.2.3.4", "12345::", "1.2.3.256", "::1/129",
	} {
		f.Add(word)
	}
	f.Fuzz(func(t *testing.T, word string) {
		addr, bits, ok := Prefix(word)
		want, err := netip.ParsePrefix(word)
		if !strings.Contains(word, "/") {
			var a netip.Addr
			if a, err = netip.ParseAddr(word); err == nil {
				want = netip.PrefixFrom(a, a.BitLen())
			}
		}
		if zone := strings.Contains(word, "%"); zone || err != nil {
			if ok {
				t.Fatalf("%q is no address: %v", word, err)
			}
			return
		}
		wantBits := want.Bits()
		if want.Addr().Is4() {
			wantBits += 96
		}
		if !ok || want.Addr().As16() != addr || int(bits) != wantBits {
			t.Fatalf("%q: %v/%d, %t, want %v", word, addr, bits, ok, want)
		}
	})
}

// Whatever a word is, it is refused, or means what it is spelled like.
func FuzzTarget(f *testing.F) {
	for _, word := range []string{"x:80", "*.a.b", "[::1]:80", "host:1", "*", "10.0.0.0/8:80", "a..b", "@x"} {
		f.Add(word)
	}
	f.Fuzz(func(t *testing.T, word string) {
		r, ports, err := Target(word)
		if err != nil {
			return
		}
		spelled := strings.ToLower(word)
		if !strings.HasSuffix(word, ports) || r.Name != strings.ToLower(r.Name) || !strings.Contains(spelled, r.Name) {
			t.Fatalf("%q: %q, %q", word, r.Name, ports)
		}
		for i := range len(word) {
			if c := word[i]; c <= ' ' || c >= 0x7f {
				t.Fatalf("%q was taken", word)
			}
		}
		switch named := r.Name != ""; {
		case named != (r.Kind == spec.NetName || r.Kind == spec.NetSuffix), r.Kind == 0:
			t.Fatalf("%q: kind %d with the name %q", word, r.Kind, r.Name)
		}
	})
}
