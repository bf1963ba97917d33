package relay

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	cryptorand "crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/netip"
	"strings"
	"syscall"
	"testing"
	"time"

	"box/spec"
)

func certificate(t testing.TB, name string) tls.Certificate {
	key, err := ecdsa.GenerateKey(elliptic.P256(), cryptorand.Reader)
	must(t, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: []string{name}, NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(cryptorand.Reader, template, template, &key.PublicKey, key)
	must(t, err)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

func published(addr string, outside, inside uint16) spec.NetPort {
	return spec.NetPort{
		Addr: netip.MustParseAddr(addr).As16(), Outside: outside, Inside: inside,
		Word: fmt.Sprintf("%s:%d:%d", addr, outside, inside),
	}
}

// tellPeer is a server that says who its client is, and then echoes.
func tellPeer(c net.Conn) {
	fmt.Fprintf(c, "%s\n", netip.MustParseAddrPort(c.RemoteAddr().String()).Addr().Unmap())
	echo(c)
}

func TestPublish(t *testing.T) {
	lab(t)
	s := start(t, "", "", published("0.0.0.0", 18080, 80), published("::", 18080, 80),
		published("127.0.0.1", 18081, 81), published("127.0.0.1", 18082, 82))
	listen := func(network, addr string) {
		var l net.Listener
		s.do(t, func() (err error) {
			l, err = net.Listen(network, addr)
			return err
		})
		handleAll(t, l, tellPeer)
	}
	listen("tcp4", "127.0.0.1:80")
	listen("tcp6", "[::1]:80")
	listen("tcp6", "[::1]:81")
	ask := func(n *netspace, addr string) string {
		t.Helper()
		var c net.Conn
		n.do(t, func() (err error) {
			c, err = net.DialTimeout("tcp", addr, 5*time.Second)
			return err
		})
		defer c.Close()
		_ = c.SetDeadline(time.Now().Add(10 * time.Second))
		line := make([]byte, 100)
		n1, err := c.Read(line)
		if err != nil {
			return err.Error()
		}
		if err := exchange(c, "hello"); err != nil {
			return err.Error()
		}
		return strings.TrimSpace(string(line[:n1]))
	}
	for _, c := range []struct {
		from     *netspace
		to, seen string
	}{
		{world.host, "127.0.0.1:18080", "127.0.0.1"},
		{world.host, "[::1]:18080", "::1"},
		{world.srv, hostIP4 + ":18080", srvIP4},
		{world.srv, "[" + hostIP6 + "]:18080", srvIP6},
		{world.host, "127.0.0.1:18081", "::1"},
	} {
		if got := ask(c.from, c.to); got != c.seen {
			t.Errorf("%s: the server sees %s", c.to, got)
		}
	}
	// Nobody listens inside: a reset.
	c, err := net.Dial("tcp", "127.0.0.1:18082")
	if err == nil {
		_, err = c.Read(make([]byte, 1))
	}
	if !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("without a server: %v", err)
	}
	// What is on loopback is not for others.
	world.srv.do(t, func() error {
		if c, err := net.DialTimeout("tcp", hostIP4+":18081", 5*time.Second); err == nil {
			_ = c.Close()
			t.Error("a port on 127.0.0.1 is reached from elsewhere")
		}
		return nil
	})
}

// TestPublishedPortInUse: an error before anything runs.
func TestPublishedPortInUse(t *testing.T) {
	lab(t)
	l, err := net.Listen("tcp", "127.0.0.1:18090")
	must(t, err)
	defer l.Close()
	for port, want := range map[spec.NetPort]error{
		published("127.0.0.1", 18090, 80):   syscall.EADDRINUSE,
		published("198.51.100.77", 1809, 1): syscall.EADDRNOTAVAIL,
	} {
		_, err := New(Config{Network: spec.Network{Publish: []spec.NetPort{port}}, Log: -1})
		var bad *PublishError
		if !errors.As(err, &bad) || !errors.Is(err, want) || bad.Port.Word != port.Word {
			t.Errorf("%s: %v", port.Word, err)
		}
	}
}

// TestHostPort: a port of the machine outside, by all its names, and no other port.
func TestHostPort(t *testing.T) {
	lab(t)
	l4, err := net.Listen("tcp4", "127.0.0.1:18100")
	must(t, err)
	handleAll(t, l4, tellPeer)
	l6, err := net.Listen("tcp6", "[::1]:18101")
	must(t, err)
	handleAll(t, l6, tellPeer)
	other, err := net.Listen("tcp4", "127.0.0.1:18102")
	must(t, err)
	handleAll(t, other, tellPeer)
	s := start(t, "host:18100 host:18101 good.example:18102 host:18103 "+srvIP4+":18103", "")
	name := s.resolve("host.box.internal")
	for addr, ok := range map[string]bool{
		name + ":18100": true, "127.0.0.1:18100": true, "[::1]:18100": true,
		name + ":18101": true, "127.0.0.1:18101": true, "[::1]:18101": true,
		name + ":18102": false, "127.0.0.1:18102": false, "[::1]:18102": false, hostIP4 + ":18100": false,
		name + ":18103": false, srvIP4 + ":18103": false,
	} {
		c, err := s.dial(addr)
		if err == nil {
			_, err = io.ReadAtLeast(c, make([]byte, 3), 3)
		}
		if (err == nil) != ok {
			t.Errorf("%s: %v", addr, err)
		}
	}
	report := s.report()
	for _, want := range []string{
		"host.box.internal:18102: no rule allows it [--allow host:18102]",
		"host.box.internal:18103: nothing listens on that port of this machine []",
		"\n" + srvIP4 + ":18103: connection refused []",
	} {
		if !strings.Contains("\n"+report, want) { // the first line may be any of them
			t.Errorf("no %q in\n%s", want, report)
		}
	}
}

// TestHosts: an address that the host's /etc/hosts has for an allowed name.
func TestHosts(t *testing.T) {
	lab(t)
	port := serve(t, echo)
	s := start(t, fmt.Sprintf("static.example:%[1]d inner.example:%[1]d *.wild.example:%[1]d", port), "")
	for _, addr := range []string{srvIP4, private, s.resolve("static.example"), s.resolve("inner.example")} {
		c, err := s.dial(fmt.Sprintf("%s:%d", addr, port))
		if err == nil {
			err = exchange(c, "hello")
		}
		if err != nil {
			t.Errorf("%s: %v", addr, err)
		}
	}
	c, err := s.dial(fmt.Sprintf("%s:%d", "198.51.100.3", port))
	if err == nil {
		err = exchange(c, "hello")
	}
	if err == nil {
		t.Error("another address of the same server is reached")
	}
}
