package relay

import (
	"fmt"
	"io"
	"net"
	"net/netip"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// TestDrain: what was sent before the end arrives, though the reader is slow.
func TestDrain(t *testing.T) {
	const size = 8 << 20
	lab(t)
	got := make(chan int64, 2)
	port := serve(t, func(c net.Conn) {
		time.Sleep(300 * time.Millisecond)
		n, err := io.Copy(io.Discard, c)
		if err != nil {
			t.Error(err)
		}
		got <- n
	})
	s := start(t, fmt.Sprintf("good.example:%d", port), "")
	idle := s.connect("good.example", port)
	c := s.connect("good.example", port)
	sent := make(chan int, 1)
	go func() {
		n, _ := c.Write(make([]byte, size))
		_ = c.Close()
		sent <- n
	}()
	if n := <-sent; n != size {
		t.Fatalf("%d bytes sent", n)
	}
	s.end()
	_ = idle.Close()
	if a, b := <-got, <-got; a+b != size {
		t.Errorf("%d bytes arrived, and %d", a, b)
	}
}

// TestOwnAddresses: also where every address is local, as in a sandbox.
func TestOwnAddresses(t *testing.T) {
	lab(t)
	check := func(n *netspace, own map[string]bool) {
		var r routes
		n.do(t, r.open)
		defer r.close()
		for a, want := range own {
			waitFor(t, func() bool { // the kernel adds the routes of IPv6 addresses a moment later
				return r.own(netip.MustParseAddr(a)) == want
			})
		}
	}
	check(world.host, map[string]bool{
		hostIP4: true, hostIP6: true, "10.77.0.1": true, "127.0.0.1": true, "127.9.9.9": true, "::1": true, "198.51.100.255": true,
		srvIP4: false, srvIP6: false, private: false, "1.2.3.4": false, "2001:db9::1": false,
	})
	inside := newNetspace(t)
	defer unix.Close(inside.fd)
	inside.do(t, func() error { return catchAll("10.0.2.100") })
	inside.do(t, func() error { return catchAll("fd00:2::100") })
	check(inside, map[string]bool{
		"10.0.2.100": true, "fd00:2::100": true, "127.0.0.1": true, "::1": true,
		"25.1.2.3": false, srvIP4: false, srvIP6: false, "2001:db9::1": false,
	})
}

func TestBounds(t *testing.T) {
	var old unix.Rlimit
	must(t, unix.Getrlimit(unix.RLIMIT_NOFILE, &old))
	defer func() { must(t, unix.Setrlimit(unix.RLIMIT_NOFILE, &old)) }()
	for _, limit := range []uint64{64, 256, 1024, 20000} {
		must(t, unix.Setrlimit(unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: limit, Max: old.Max}))
		var r Relay
		must(t, r.bound())
		if all := reserve + 2*r.maxOpen + 2*r.maxDials + r.maxExtra; all > int(limit) || r.maxOpen < 8 || r.maxDials < 4 {
			t.Errorf("%d descriptors: %d connections, %d dials, %d more", limit, r.maxOpen, r.maxDials, r.maxExtra)
		}
	}
}
