package relay

import (
	"bytes"
	"crypto/sha256"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestBothWaysAtOnce: what is sent arrives, half-closed sides and all.
func TestBothWaysAtOnce(t *testing.T) {
	const size = 64 << 20
	lab(t)
	send := func(c net.Conn, seed uint64) error {
		source := io.LimitReader(rand.NewChaCha8([32]byte{byte(seed)}), size)
		if _, err := io.Copy(struct{ io.Writer }{c}, source); err != nil {
			return err
		}
		return tcp(c).CloseWrite()
	}
	sum := func(r io.Reader) string {
		h := sha256.New()
		n, err := io.Copy(h, r)
		return fmt.Sprintf("%d %x %v", n, h.Sum(nil), err)
	}
	want := func(seed uint64) string {
		return sum(io.LimitReader(rand.NewChaCha8([32]byte{byte(seed)}), size))
	}
	results := make(chan string, 2)
	port := serve(t, func(c net.Conn) {
		sent := make(chan error, 1)
		go func() { sent <- send(c, 2) }()
		results <- sum(c)
		if err := <-sent; err != nil {
			t.Error(err)
		}
	})
	s := start(t, fmt.Sprintf("good.example:%d", port), "")
	c := s.connect("good.example", port)
	sent := make(chan error, 1)
	go func() { sent <- send(c, 1) }()
	if got := sum(c); got != want(2) {
		t.Errorf("down: %s, %s", got, want(2))
	}
	must(t, <-sent)
	if got := <-results; got != want(1) {
		t.Errorf("up: %s", got)
	}
	_ = c.Close()
	waitFor(t, func() bool { return len(readLog(s)) > 0 })
	e := s.entries()[0]
	if e.Up != size || e.Down != size || e.Name != "good.example" || e.Verdict+e.Via+e.Reason != "allowed"+viaName+"closed" {
		t.Errorf("%+v", e)
	}
}

func readLog(s *sandbox) string {
	text, _ := os.ReadFile(s.log)
	return string(text)
}

// waitFor waits for something that happens soon.
func waitFor(t testing.TB, happened func() bool) {
	t.Helper()
	for range 1000 {
		if happened() {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatal("it does not happen")
}

// TestHalfClose: an answer to the end of what was sent.
func TestHalfClose(t *testing.T) {
	lab(t)
	port := serve(t, func(c net.Conn) {
		all, err := io.ReadAll(c)
		fmt.Fprintf(c, "%d bytes, %v", len(all), err)
	})
	s := start(t, fmt.Sprintf("good.example:%d", port), "")
	for _, text := range []string{"hello", "", strings.Repeat("x", 1<<20)} {
		c := s.connect("good.example", port)
		_, err := io.WriteString(c, text)
		must(t, err)
		must(t, tcp(c).CloseWrite())
		all, err := io.ReadAll(c)
		if want := fmt.Sprintf("%d bytes, <nil>", len(text)); string(all) != want || err != nil {
			t.Errorf("%q, %v; not %q", all, err, want)
		}
	}
}

// TestServerFirst: a server that speaks first, and one that does so on a connection whose client begins with TLS.
func TestServerFirst(t *testing.T) {
	lab(t)
	port := serve(t, func(c net.Conn) {
		_, _ = io.WriteString(c, "220 ready\r\n")
		echo(c)
	})
	s := start(t, fmt.Sprintf("good.example:%d", port), "")
	c := s.connect("good.example", port)
	banner := make([]byte, 11)
	if _, err := io.ReadFull(c, banner); err != nil || string(banner) != "220 ready\r\n" {
		t.Fatalf("%q, %v", banner, err)
	}
	if err := exchange(c, "EHLO\r\n"); err != nil {
		t.Error(err)
	}
	c = s.connect("good.example", port)
	half := tlsHello("good.example")[:20]
	if _, err := c.Write(half); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(c, banner); err != nil {
		t.Errorf("with half a greeting: %v", err)
	}
}

// TestReset: a reset stays one, and is no end of file, in both directions, after all bytes that came before.
func TestReset(t *testing.T) {
	lab(t)
	seen := make(chan error, 1)
	port := serve(t, func(c net.Conn) {
		first := make([]byte, 1)
		if _, err := c.Read(first); err != nil || first[0] == 's' {
			_ = tcp(c).SetLinger(0)
			return // closes with a reset
		}
		_, err := io.Copy(io.Discard, c)
		seen <- err
	})
	s := start(t, fmt.Sprintf("good.example:%d", port), "")
	c := s.connect("good.example", port)
	_, err := io.WriteString(c, "s")
	must(t, err)
	if _, err := c.Read(make([]byte, 1)); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("the server resets, the client sees %v", err)
	}
	c = s.connect("good.example", port)
	_, err = io.WriteString(c, "client")
	must(t, err)
	time.Sleep(20 * time.Millisecond)
	must(t, tcp(c).SetLinger(0))
	_ = c.Close()
	if err := <-seen; !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("the client resets, the server sees %v", err)
	}
	c = s.connect("good.example", port)
	_, err = io.WriteString(c, "client")
	must(t, err)
	_ = c.Close()
	if err := <-seen; err != nil {
		t.Errorf("the client closes, the server sees %v", err)
	}
}

// TestSlowReader: who doesn't read makes the other side wait, costs others nothing, and loses nothing.
func TestSlowReader(t *testing.T) {
	const size = 32 << 20
	lab(t)
	data := bytes.Repeat([]byte("0123456789abcdef"), size/16)
	port := serve(t, func(c net.Conn) {
		first := make([]byte, 1)
		if _, err := c.Read(first); err != nil {
			return
		}
		if first[0] == 'e' {
			echo(c)
			return
		}
		_, _ = c.Write(data)
	})
	s := start(t, fmt.Sprintf("good.example:%d", port), "")
	var slow []net.Conn
	for range 10 {
		c := s.connect("good.example", port)
		_, err := io.WriteString(c, "d")
		must(t, err)
		slow = append(slow, c)
	}
	other := s.connect("good.example", port)
	_, err := io.WriteString(other, "e")
	must(t, err)
	for range 100 {
		must(t, exchange(other, "hello"))
	}
	for i, c := range slow {
		if i%2 == 1 {
			continue // never reads
		}
		got, err := io.ReadAll(c)
		if err != nil || !bytes.Equal(got, data) {
			t.Errorf("%d bytes, %v", len(got), err)
		}
	}
	// There are more slow readers than pipes, and no pipe is left in use.
	for _, c := range slow {
		_ = c.Close()
	}
	waitFor(t, func() bool {
		used := make(chan int)
		s.relay.post(func() { used <- s.relay.pipes.used })
		n := <-used
		if n > mostPipes {
			t.Fatalf("%d pipes", n)
		}
		return n == 0
	})
}

// TestTLSNames: through a relay.
func TestTLSNames(t *testing.T) {
	lab(t)
	port := serve(t, echo)
	s := start(t, fmt.Sprintf("good.example:%d %s/32:%d", port, srvIP4, port), "denied.example")
	for _, c := range []struct {
		what string
		data []byte
		ok   bool
	}{
		{"the name", tlsHello("good.example"), true},
		{"other case", tlsHello("GOOD.example"), true},
		{"a dot at the end", tlsHello("good.example."), true},
		{"no name", tlsHello(""), true},
		{"in small records", cut(tlsHello("good.example")[5:], 3), true},
		{"not TLS", []byte("GET / HTTP/1.0\r\n\r\n"), true},
		{"16 kB", cut(tlsHello("good.example", extension(21, make([]byte, 16000)))[5:], 1<<14), true},
		{"another name", tlsHello("evil.example"), false},
		{"a name below", tlsHello("x.good.example"), false},
		{"another one in small records", cut(tlsHello("evil.example")[5:], 3), false},
		{"two names", tlsHello("good.example", sniExtension("evil.example")), false},
		{"a warning first", append(record(21, []byte{1, 0}), tlsHello("evil.example")...), false},
		{"not readable", []byte("\x16\x03\x01\xff\xff"), false},
	} {
		for _, split := range []int{0, 1, 2, 5, 6, 9, 60} {
			conn := s.connect("good.example", port)
			if split > 0 && split < len(c.data) {
				if _, err := conn.Write(c.data[:split]); err == nil {
					time.Sleep(3 * time.Millisecond)
				}
			}
			err := exchangeRest(conn, c.data, split)
			if (err == nil) != c.ok {
				t.Errorf("%s, split at %d: %v", c.what, split, err)
			}
			_ = conn.Close()
		}
	}
	for name, ok := range map[string]bool{"denied.example": false, "any.example": true} {
		c, err := s.dial(fmt.Sprintf("%s:%d", srvIP4, port))
		must(t, err)
		if err := exchange(c, string(tlsHello(name))); (err == nil) != ok {
			t.Errorf("to an address, asking for %s: %v", name, err)
		}
	}
	want := fmt.Sprintf("good.example:%d: its TLS greeting asks for evil.example []\n", port)
	if report := s.report(); !strings.Contains(report, want) {
		t.Error(report)
	}
}

// exchangeRest is exchange for what has been sent up to split.
func exchangeRest(c net.Conn, data []byte, split int) error {
	if split >= len(data) {
		split = 0
	}
	if _, err := c.Write(data[split:]); err != nil {
		return err
	}
	back := make([]byte, len(data))
	if _, err := io.ReadFull(c, back); err != nil {
		return err
	}
	if !bytes.Equal(back, data) {
		return errors.New("other bytes came back")
	}
	return nil
}

// TestTLS: a real handshake, hybrid keys and all.
func TestTLS(t *testing.T) {
	lab(t)
	cert := certificate(t, "good.example")
	port := serve(t, func(c net.Conn) { echo(tls.Server(c, &tls.Config{Certificates: []tls.Certificate{cert}})) })
	s := start(t, fmt.Sprintf("good.example:%d", port), "")
	c := tls.Client(s.connect("good.example", port), &tls.Config{ServerName: "good.example", InsecureSkipVerify: true})
	must(t, exchange(c, "hello"))
	c = tls.Client(s.connect("good.example", port), &tls.Config{ServerName: "evil.example", InsecureSkipVerify: true})
	if err := exchange(c, "hello"); err == nil {
		t.Error("another name passes")
	}
}

// TestClientGone: a client that goes away ends a dial that nobody answers.
func TestClientGone(t *testing.T) {
	lab(t)
	s := start(t, "dead.test:1 good.example:1", "")
	c := s.connect("dead.test", 1)
	waitFor(t, func() bool { return tcpSockets(t, "203.0.113.5") > 0 })
	must(t, tcp(c).SetLinger(0))
	_ = c.Close()
	waitFor(t, func() bool { return tcpSockets(t, "203.0.113.5") == 0 })
}

// tcpSockets counts the host's connections to an IPv4 address, in every state.
func tcpSockets(t *testing.T, to string) int {
	text, err := os.ReadFile("/proc/thread-self/net/tcp")
	must(t, err)
	b := net.ParseIP(to).To4()
	return strings.Count(string(text), fmt.Sprintf(" %02X%02X%02X%02X:", b[3], b[2], b[1], b[0]))
}

// TestBlackHole: addresses that don't answer hold up nobody, and the next address of a name is tried.
func TestBlackHole(t *testing.T) {
	lab(t)
	port := serve(t, echo)
	s := start(t, fmt.Sprintf("dead.test:%[1]d good.example:%[1]d half.test:%[1]d", port), "")
	for range 20 {
		s.connect("dead.test", port)
	}
	for range 5 {
		must(t, exchange(s.connect("good.example", port), "hello"))
	}
	must(t, exchange(s.connect("half.test", port), "hello"))
}

// TestManyAtOnce: all are carried.
func TestManyAtOnce(t *testing.T) {
	lab(t)
	port := serve(t, echo)
	s := start(t, fmt.Sprintf("good.example:%d", port), "")
	a := fmt.Sprintf("%s:%d", s.resolve("good.example"), port)
	results := make(chan error)
	const n = 1000
	for range n {
		go func() {
			c, err := s.dial(a)
			if err == nil {
				err = exchange(c, "hello")
				_ = c.Close()
			}
			results <- err
		}()
	}
	for range n {
		if err := <-results; err != nil {
			t.Error(err)
		}
	}
}

// TestFewDescriptors: with few of them, connections wait, and none is lost.
func TestFewDescriptors(t *testing.T) {
	lab(t)
	port := serve(t, echo)
	s := start(t, fmt.Sprintf("good.example:%d", port), "")
	s.relay.post(func() { s.relay.maxOpen = 4 })
	a := fmt.Sprintf("%s:%d", s.resolve("good.example"), port)
	results := make(chan error)
	for range 50 {
		go func() {
			c, err := s.dial(a)
			if err == nil {
				err = exchange(c, "hello")
				_ = c.Close()
			}
			results <- err
		}()
	}
	for range 50 {
		if err := <-results; err != nil {
			t.Error(err)
		}
	}
}
