package relay

import (
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestNames(t *testing.T) {
	lab(t)
	port := serve(t, echo)
	p := fmt.Sprint(port)
	s := start(t, "good.example:"+p+" v4.example:"+p+" v6.example:"+p+" *.wild.example:"+p, "")
	for _, name := range []string{"good.example", "v4.example", "v6.example", "a.wild.example", "GOOD.Example"} {
		if err := exchange(s.connect(name, port), "hello"); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, name := range []string{"evil.example", "wild.example", "good.example.evil.example", "xgood.example"} {
		if a := s.resolve(name); a != "" {
			t.Errorf("%s has the address %s", name, a)
		}
	}
	report := s.report()
	if !strings.Contains(report, "evil.example: no rule allows the name [--allow evil.example]\n") {
		t.Errorf("report: %q", report)
	}
	if all, _ := s.relay.Report(); len(s.told) == 0 || !all[0].Told {
		t.Errorf("told: %v", s.told)
	}
}

// TestRefusedConnections: each is reset, and the report says why.
func TestRefusedConnections(t *testing.T) {
	lab(t)
	port := serve(t, echo)
	p := fmt.Sprint(port)
	allow := "good.example:1 good.example:2 v4.example:" + p
	for _, name := range []string{
		"inner.test", "loop.test", "loop6.test", "meta.test", "mapped.test", "nat64.test", "own.test", "own6.test", "*.wild.test",
		"mixed.test", "empty.test", "none.test",
	} {
		allow += " " + name + ":" + p
	}
	s := start(t, allow, "")
	reset := func(what string, c net.Conn, err error) {
		t.Helper()
		if err == nil {
			err = exchange(c, "hello")
		}
		if !errors.Is(err, syscall.ECONNRESET) && !errors.Is(err, io.EOF) && !errors.Is(err, syscall.EPIPE) {
			t.Errorf("%s: %v", what, err)
		}
	}
	for _, name := range []string{
		"loop.test", "loop6.test", "meta.test", "mapped.test", "nat64.test", "own.test", "own6.test", "inner.wild.test",
		"empty.test", "none.test",
	} {
		c, err := s.reach(name, port)
		reset(name, c, err)
	}
	for _, addr := range []string{
		srvIP4, private, "[" + srvIP6 + "]", "25.1.2.3", "10.0.2.100", "127.0.0.1", "[::1]", "169.254.169.254",
		"[64:ff9b::" + private + "]", "[fd00:2::100]", s.resolve("good.example"),
	} {
		c, err := s.dial(addr + ":" + p)
		reset(addr, c, err)
	}
	// The legitimate twins, by the same ways.
	for _, name := range []string{"v4.example", "inner.test", "mixed.test"} {
		if err := exchange(s.connect(name, port), "hello"); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	// A port that nobody listens on.
	if _, err := s.dial(s.resolve("v4.example") + ":77"); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("another port: %v", err)
	}
	if _, err := s.dial("[" + srvIP6 + "]:77"); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("another port: %v", err)
	}
	time.Sleep(50 * time.Millisecond) // the packets of the refusals
	report := s.report()
	for _, want := range []string{
		"loop.test:" + p + ": it is a loopback address, 127.0.0.1 []",
		"loop6.test:" + p + ": it is a loopback address, ::1 []",
		"meta.test:" + p + ": it is a link-local address, 169.254.169.254 []",
		"mapped.test:" + p + ": it is a loopback address, 127.0.0.1 []",
		"nat64.test:" + p + ": it is a loopback address, 64:ff9b::7f00:1 []",
		"own.test:" + p + ": it is an address of this host, " + hostIP4 + " []",
		"own6.test:" + p + ": it is an address of this host, " + hostIP6 + " []",
		"inner.wild.test:" + p + ": it is a private address, " + private + " [--allow inner.wild.test:" + p + "]",
		"empty.test:" + p + ": the host finds no such name []",
		"none.test:" + p + ": the host finds no such name []",
		srvIP4 + ":" + p + ": no rule allows it [--allow " + srvIP4 + ":" + p + "]",
		"[" + srvIP6 + "]:" + p + ": no rule allows it [--allow [" + srvIP6 + "]:" + p + "]",
		"25.1.2.3:" + p + ": no name has this address []",
		"169.254.169.254:" + p + ": it is a link-local address []",
		"good.example:" + p + ": no rule allows it [--allow good.example:" + p + "]",
		"v4.example:77: no rule allows it [--allow v4.example:77]",
		"[" + srvIP6 + "]:77: no rule allows it [--allow [" + srvIP6 + "]:77]",
	} {
		if !strings.Contains(report, want+"\n") {
			t.Errorf("not in the report: %s", want)
		}
	}
	if strings.Contains(report, "127.0.0.1:"+p+":") {
		t.Error("the sandbox's own loopback address is in the report")
	}
	if t.Failed() {
		t.Log(report)
	}
}
