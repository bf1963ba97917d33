package relay

import (
	"encoding/binary"
	"fmt"
	"io"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"box/spec"

	"golang.org/x/net/dns/dnsmessage"
)

// resolver returns a Relay that can only answer.
func resolver(deny string) *Relay {
	r := &Relay{}
	r.names.init()
	r.config.Hostname = "box"
	r.policy.network = &spec.Network{Allow: rules(rulesOfDNS, false), Deny: rules(deny, true)}
	return r
}

const rulesOfDNS = "good.example:443 *.wild.example:443 host:80"

func TestAnswers(t *testing.T) {
	r := resolver("bad.wild.example")
	fake := func(name string) string {
		a, _ := r.names.addressOf(name)
		return a.String()
	}
	for _, c := range []struct {
		name string
		kind dnsmessage.Type
		code dnsmessage.RCode
		want string
	}{
		{"good.example", dnsmessage.TypeA, 0, fake("good.example")},
		{"GoOd.eXample", dnsmessage.TypeA, 0, fake("good.example")},
		{"good.example", dnsmessage.TypeALL, 0, fake("good.example")},
		{"good.example", dnsmessage.TypeAAAA, 0, ""},
		{"good.example", dnsmessage.TypeTXT, 0, ""},
		{"good.example", dnsmessage.TypeMX, 0, ""},
		{"good.example", dnsmessage.TypeNS, 0, ""},
		{"good.example", 10, 0, ""}, // NULL
		{"good.example", 64, 0, ""}, // SVCB
		{"good.example", 65, 0, ""}, // HTTPS
		{"a.wild.example", dnsmessage.TypeA, 0, fake("a.wild.example")},
		{"a.b.wild.example", dnsmessage.TypeA, 0, fake("a.b.wild.example")},
		{"bad.wild.example", dnsmessage.TypeA, dnsmessage.RCodeNameError, ""},
		{"wild.example", dnsmessage.TypeA, dnsmessage.RCodeNameError, ""},
		{"evil.example", dnsmessage.TypeA, dnsmessage.RCodeNameError, ""},
		{"evil.example", dnsmessage.TypeAAAA, dnsmessage.RCodeNameError, ""},
		{"data.evil.example", dnsmessage.TypeTXT, dnsmessage.RCodeNameError, ""},
		{"_https._tcp.good.example", dnsmessage.TypeSRV, dnsmessage.RCodeNameError, ""},
		{"1.2.3.4", dnsmessage.TypeA, dnsmessage.RCodeNameError, ""},
		{"sp ace.wild.example", dnsmessage.TypeA, dnsmessage.RCodeNameError, ""},
		{"esc\x1b[2J.wild.example", dnsmessage.TypeA, dnsmessage.RCodeNameError, ""},
		{"localhost", dnsmessage.TypeA, 0, "127.0.0.1"},
		{"localhost", dnsmessage.TypeAAAA, 0, "::1"},
		{"x.localhost", dnsmessage.TypeA, 0, "127.0.0.1"},
		{"box", dnsmessage.TypeA, 0, "127.0.0.1"},
		{"host.box.internal", dnsmessage.TypeA, 0, fake("host.box.internal")},
		{"other.box.internal", dnsmessage.TypeA, dnsmessage.RCodeNameError, ""},
		{"9.9.9.25.in-addr.arpa", dnsmessage.TypePTR, dnsmessage.RCodeNameError, ""},
		{"1.0.0.127.in-addr.arpa", dnsmessage.TypePTR, dnsmessage.RCodeNameError, ""},
		{"x.ip6.arpa", dnsmessage.TypePTR, dnsmessage.RCodeNameError, ""},
		{backwards(fake("good.example")), dnsmessage.TypePTR, 0, "good.example."},
		{backwards(fake("good.example")), dnsmessage.TypeA, 0, ""},
	} {
		q := question(c.name, c.kind)
		var m dnsmessage.Message
		if err := m.Unpack(r.answer(q)); err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		got := ""
		for _, a := range m.Answers {
			switch body := a.Body.(type) {
			case *dnsmessage.AResource:
				got = netip.AddrFrom4(body.A).String()
			case *dnsmessage.AAAAResource:
				got = netip.AddrFrom16(body.AAAA).String()
			case *dnsmessage.PTRResource:
				got = body.PTR.String()
			}
		}
		if m.RCode != c.code || got != c.want || m.ID != binary.BigEndian.Uint16(q) || m.Questions[0].Name.String() != c.name+"." {
			t.Errorf("%s %v: %v %q %v", c.name, c.kind, m.RCode, got, m.Questions)
		}
	}
	report := ""
	for _, l := range r.report.all {
		report += fmt.Sprintf("%s [%s] %d\n", l.Text, l.Flag, l.Count)
	}
	const want = `bad.wild.example: --deny bad.wild.example refuses it [] 1
wild.example: no rule allows the name [--allow wild.example] 1
evil.example: no rule allows the name [--allow evil.example] 2
data.evil.example: no rule allows the name [--allow data.evil.example] 1
1.2.3.4: no rule allows the name [] 1
sp\x20ace.wild.example: no rule allows the name [] 1
esc\x1b[2j.wild.example: no rule allows the name [] 1
other.box.internal: no rule allows the name [] 1
`
	if strings.ReplaceAll(report, "sp ace", `sp\x20ace`) != want {
		t.Errorf("report:\n%s", report)
	}
}

func backwards(a string) string {
	p := strings.Split(a, ".")
	return p[3] + "." + p[2] + "." + p[1] + "." + p[0] + ".in-addr.arpa"
}

// TestStrangeMessages: each is answered by an error or not at all.
func TestStrangeMessages(t *testing.T) {
	r := resolver("")
	good := question("good.example", dnsmessage.TypeA)
	change := func(at int, b byte) []byte {
		m := append([]byte(nil), good...)
		m[at] = b
		return m
	}
	for _, c := range []struct {
		what string
		data []byte
		code int // -1: no answer
	}{
		{"nothing", nil, -1},
		{"a part of a header", good[:11], -1},
		{"an answer", change(2, 0x80), -1},
		{"an update", change(2, 5<<3), int(dnsmessage.RCodeNotImplemented)},
		{"no question", change(5, 0), int(dnsmessage.RCodeFormatError)},
		{"two questions", change(5, 2), int(dnsmessage.RCodeFormatError)},
		{"a record that is not there", change(11, 1), int(dnsmessage.RCodeFormatError)},
		{"a cut question", good[:len(good)-3], int(dnsmessage.RCodeFormatError)},
		{"a name that points at itself", slices.Concat(good[:12], []byte{0xc0, 12, 0, 1, 0, 1}), int(dnsmessage.RCodeFormatError)},
		{"CHAOS", change(len(good)-1, 3), int(dnsmessage.RCodeRefused)},
	} {
		out := r.answer(c.data)
		if c.code < 0 {
			if out != nil {
				t.Errorf("%s: %x", c.what, out)
			}
			continue
		}
		var m dnsmessage.Message
		if err := m.Unpack(out); err != nil || int(m.RCode) != c.code || len(m.Answers) != 0 {
			t.Errorf("%s: %v, %+v", c.what, err, m)
		}
	}
}

func TestEDNS(t *testing.T) {
	r := resolver("")
	var m dnsmessage.Message
	must(t, m.Unpack(question("good.example", dnsmessage.TypeA)))
	var h dnsmessage.ResourceHeader
	must(t, h.SetEDNS0(4096, 0, true))
	m.Additionals = []dnsmessage.Resource{{Header: h, Body: &dnsmessage.OPTResource{
		Options: []dnsmessage.Option{{Code: 10, Data: []byte("cookie!!")}},
	}}}
	q, err := m.Pack()
	must(t, err)
	var a dnsmessage.Message
	must(t, a.Unpack(r.answer(q)))
	if len(a.Answers) != 1 || len(a.Additionals) != 1 || a.Additionals[0].Header.Type != dnsmessage.TypeOPT {
		t.Errorf("%+v", a)
	}
}

func FuzzAnswer(f *testing.F) {
	for _, name := range []string{"good.example", "a.wild.example", "1.0.0.25.in-addr.arpa", "evil.example", "localhost"} {
		f.Add(question(name, dnsmessage.TypeA))
		f.Add(question(name, dnsmessage.TypePTR))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		r := resolver("")
		out := r.answer(data)
		if out == nil {
			return
		}
		var m dnsmessage.Message
		if err := m.Unpack(out); err != nil {
			t.Fatalf("%x: %v", out, err)
		}
		if len(out) > maxUDP || !m.Response || len(data) < 2 || m.ID != binary.BigEndian.Uint16(data) {
			t.Errorf("%d bytes, %+v", len(out), m.Header)
		}
		for name := range r.names.address {
			if !plain(name) || !r.policy.mayName(name) {
				t.Errorf("%q has an address", name)
			}
		}
		for _, l := range r.report.all {
			if strings.ContainsFunc(l.Text+l.Flag, func(c rune) bool { return c < ' ' || c > '~' }) {
				t.Errorf("%q", l.Text)
			}
		}
	})
}

// TestEveryResolverIsOurs: whichever server is asked, by whichever way, the relay answers, from the address that was asked.
func TestEveryResolverIsOurs(t *testing.T) {
	s := start(t, "good.example:443", "")
	want := s.resolve("good.example")
	if want == "" {
		t.Fatal("no address")
	}
	for _, server := range []string{
		"10.0.2.100", "8.8.8.8", srvIP4, "127.0.0.53", "127.0.0.1", "::1", "2001:4860:4860::8888", "fd00:2::100", "25.0.0.77",
	} {
		m := s.query(server, "good.example", dnsmessage.TypeA)
		if len(m.Answers) != 1 {
			t.Errorf("%s: %+v", server, m)
		}
		if m := s.query(server, "evil.example", dnsmessage.TypeTXT); m.RCode != dnsmessage.RCodeNameError {
			t.Errorf("%s: %+v", server, m)
		}
	}
	for _, server := range []string{"8.8.8.8:53", "[::1]:53"} {
		c, err := s.dial(server)
		must(t, err)
		// Two questions, the second cut in the middle.
		q := question("good.example", dnsmessage.TypeA)
		q = append(binary.BigEndian.AppendUint16(nil, uint16(len(q))), q...)
		q = append(q, q...)
		for _, part := range [][]byte{q[:1], q[1 : len(q)/2+5], q[len(q)/2+5:]} {
			if _, err := c.Write(part); err != nil {
				t.Fatal(err)
			}
		}
		for range 2 {
			var size [2]byte
			if _, err := io.ReadFull(c, size[:]); err != nil {
				t.Fatal(err)
			}
			data := make([]byte, binary.BigEndian.Uint16(size[:]))
			if _, err := io.ReadFull(c, data); err != nil {
				t.Fatal(err)
			}
			var m dnsmessage.Message
			if err := m.Unpack(data); err != nil || len(m.Answers) != 1 {
				t.Errorf("%s: %v, %+v", server, err, m)
			}
		}
	}
	// What is too long or no question ends the connection.
	for _, bad := range []string{"\xff\xff", "\x00\x03abc"} {
		c, err := s.dial("8.8.8.8:53")
		must(t, err)
		if _, err := io.WriteString(c, bad); err != nil {
			t.Fatal(err)
		}
		if n, err := c.Read(make([]byte, 9)); err == nil {
			t.Errorf("%q: %d bytes came back", bad, n)
		}
	}
	asked.Lock()
	defer asked.Unlock()
	for _, name := range asked.names {
		if strings.HasSuffix(name, "evil.example") {
			t.Error("the host's resolver was asked for", name)
		}
	}
}
