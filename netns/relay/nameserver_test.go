package relay

import (
	"net"
	"net/netip"
	"sync"
	"testing"

	"golang.org/x/net/dns/dnsmessage"
)

// records are what the name server of the lab says. A name with several rows answers with the next one each time.
var records = map[string][][]string{
	"good.example":    {{srvIP4, srvIP6}},
	"v4.example":      {{srvIP4}},
	"v6.example":      {{srvIP6}},
	"evil.example":    {{srvIP4}},
	"a.wild.example":  {{srvIP4}},
	"wild.example":    {{srvIP4}},
	"inner.wild.test": {{private}},
	"inner.test":      {{private}},
	"loop.test":       {{"127.0.0.1"}},
	"loop6.test":      {{"::1"}},
	"meta.test":       {{"169.254.169.254"}},
	"mapped.test":     {{"::ffff:127.0.0.1"}},
	"nat64.test":      {{"64:ff9b::7f00:1"}},
	"own.test":        {{hostIP4}},
	"own6.test":       {{hostIP6}},
	"mixed.test":      {{"127.0.0.1", srvIP4}},
	"dead.test":       {{"203.0.113.5"}},
	"half.test":       {{"203.0.113.5", srvIP4}},
	"empty.test":      {{}},
}

var asked struct {
	sync.Mutex
	names []string
}

// startNameServer answers by records in srv.
func startNameServer(t testing.TB) {
	var conn net.PacketConn
	world.srv.do(t, func() (err error) {
		conn, err = net.ListenPacket("udp4", srvIP4+":53")
		return err
	})
	turn := map[string]int{}
	go func() {
		var buffer [1500]byte
		for {
			n, from, err := conn.ReadFrom(buffer[:])
			if err != nil {
				return
			}
			var m dnsmessage.Message
			if m.Unpack(buffer[:n]) != nil || len(m.Questions) != 1 {
				continue
			}
			q := m.Questions[0]
			name := normal(q.Name.String())
			asked.Lock()
			asked.names = append(asked.names, name)
			asked.Unlock()
			h := dnsmessage.Header{ID: m.ID, Response: true, RecursionAvailable: true}
			rows, ok := records[name]
			if !ok {
				h.RCode = dnsmessage.RCodeNameError
			}
			var bodies []dnsmessage.ResourceBody
			if len(rows) > 0 {
				row := rows[min(turn[name]/2, len(rows)-1)] // A and AAAA are two questions
				turn[name]++
				for _, text := range row {
					bodies = append(bodies, addresses(q.Type, netip.MustParseAddr(text))...)
				}
			}
			_, _ = conn.WriteTo(build(h, &q, false, bodies), from)
		}
	}()
}
