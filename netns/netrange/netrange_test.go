package netrange

import (
	"math/rand/v2"
	"net/netip"
	"testing"
)

func TestRanges(t *testing.T) {
	for _, c := range []struct {
		addr           string
		never, private bool
	}{
		{"1.2.3.4", false, false},
		{"25.1.2.3", false, false},
		{"198.18.0.1", false, false},
		{"0.0.0.0", true, false},
		{"0.1.2.3", true, false},
		{"127.0.0.1", true, false},
		{"127.255.255.255", true, false},
		{"128.0.0.1", false, false},
		{"169.254.169.254", true, false},
		{"169.253.1.1", false, false},
		{"224.0.0.1", true, false},
		{"239.255.255.255", true, false},
		{"255.255.255.255", true, false},
		{"100.100.100.200", true, true},
		{"100.100.100.201", false, true},
		{"168.63.129.16", true, false},
		{"192.0.0.192", true, false},
		{"10.0.0.1", false, true},
		{"11.0.0.1", false, false},
		{"172.15.0.1", false, false},
		{"172.16.0.1", false, true},
		{"172.31.255.255", false, true},
		{"172.32.0.1", false, false},
		{"192.168.0.1", false, true},
		{"100.64.0.1", false, true},
		{"100.128.0.1", false, false},
		{"::", true, false},
		{"::1", true, false},
		{"::1.2.3.4", true, false},
		{"::ffff:127.0.0.1", true, false},
		{"::ffff:10.0.0.1", false, true},
		{"2001:db8::1", false, false},
		{"2606:4700::1", false, false},
		{"2001::1", true, false},
		{"2001:1::1", false, false},
		{"fe80::1", true, false},
		{"febf::1", true, false},
		{"fec0::1", false, true},
		{"fd00:ec2::254", true, true},
		{"fd20:ce::254", true, true},
		{"fd00:ec2::253", false, true},
		{"fc00::1", false, true},
		{"ff02::1", true, false},
		{"64:ff9b::127.0.0.1", true, false},
		{"64:ff9b::169.254.169.254", true, false},
		{"64:ff9b::10.0.0.1", false, true},
		{"64:ff9b::1.2.3.4", false, false},
		{"64:ff9b:1::1.2.3.4", true, false},
		{"2002:7f00:1::", true, false},
		{"2002:a00:1::1", false, true},
		{"2002:102:304::1", false, false},
		{"100::1", true, false},
	} {
		a := netip.MustParseAddr(c.addr).As16()
		if got := Never(a) != ""; got != c.never {
			t.Errorf("Never(%s) = %q", c.addr, Never(a))
		}
		if got := Private(a); got != c.private {
			t.Errorf("Private(%s) = %v", c.addr, got)
		}
	}
}

// TestWithin compares with package netip, which works differently.
func TestWithin(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 100_000 {
		var a, b Addr
		for i := range a {
			a[i] = byte(random.Uint32())
		}
		b = a
		bits := uint8(random.IntN(129))
		if flip := random.IntN(200); flip < 128 {
			b[flip/8] ^= 1 << (7 - flip%8)
		}
		want := netip.PrefixFrom(netip.AddrFrom16(b), int(bits)).Contains(netip.AddrFrom16(a))
		if netip.AddrFrom16(b).Is4In6() || netip.AddrFrom16(a).Is4In6() {
			continue // netip keeps these apart
		}
		if got := Within(a, b, bits); got != want {
			t.Fatalf("Within(%v, %v, %d) = %v", a, b, bits, got)
		}
	}
}
