// Package netrange has the ranges of addresses that the network of a sandbox treats apart: those that it never reaches, and those
// that only an exact name or a written address reaches. It may run before the Go runtime.
package netrange

// Addr is an IPv6 address, or an IPv4 address as ::ffff:a.b.c.d.
type Addr = [16]byte

// prefix is a row of a table: the addresses whose first bits are those of the bytes, and what they are called in messages.
type prefix struct {
	bytes [16]byte
	bits  uint8 // of those that the bytes have
	name  string
}

// never4 are IPv4 addresses that are never dialled, whatever a rule says. Sources: the IANA special-purpose registry (RFC 6890)
// and the documentation of the clouds for their metadata services. 198.18.0.0/15 is not here: resolvers of proxies give it for
// every name.
var never4 = [...]prefix{
	{[16]byte{0}, 8, "an address of this host"},
	{[16]byte{127}, 8, "a loopback address"},
	{[16]byte{169, 254}, 16, "a link-local address"},
	{[16]byte{224}, 4, "a multicast address"},
	{[16]byte{240}, 4, "a reserved address"},
	{[16]byte{100, 100, 100, 200}, 32, "a metadata service"}, // Alibaba Cloud
	{[16]byte{168, 63, 129, 16}, 32, "a metadata service"},   // Azure
	{[16]byte{192, 0, 0}, 24, "a reserved address"},          // RFC 6890; Oracle Cloud's metadata service is in it
}

// never6 are IPv6 addresses that are never dialled.
var never6 = [...]prefix{
	{[16]byte{0xfe, 0x80}, 10, "a link-local address"},
	{[16]byte{0xff}, 8, "a multicast address"},
	{[16]byte{0xfd, 0x00, 0x0e, 0xc2, 14: 0x02, 15: 0x54}, 128, "a metadata service"}, // Amazon EC2
	{[16]byte{0xfd, 0x20, 0x00, 0xce, 14: 0x02, 15: 0x54}, 128, "a metadata service"}, // Google Cloud
	{[16]byte{0, 0x64, 0xff, 0x9b, 0, 1}, 48, "a translated address"},                 // RFC 8215: what it wraps can't be told
	{[16]byte{0x20, 0x01, 0, 0}, 32, "a Teredo address"},                              // RFC 4380
	{[16]byte{0x01, 0}, 64, "a discarded address"},                                    // RFC 6666
	{[16]byte{15: 1}, 128, "a loopback address"},
	{[16]byte{}, 96, "a reserved address"}, // :: and RFC 4291, 2.5.5.1
}

// private are addresses that lie in a network of somebody's own: RFC 1918, RFC 6598, RFC 4193 and the former site-local ones.
var (
	private4 = [...]prefix{
		{[16]byte{10}, 8, ""},
		{[16]byte{172, 16}, 12, ""},
		{[16]byte{192, 168}, 16, ""},
		{[16]byte{100, 64}, 10, ""},
	}
	private6 = [...]prefix{
		{[16]byte{0xfc}, 7, ""},
		{[16]byte{0xfe, 0xc0}, 10, ""},
	}
)

// Never returns what makes a an address that is never dialled, as a noun with its article, or "" for one that may be.
// An IPv4 address inside of a, as of RFC 6052 (64:ff9b::/96) or RFC 3056 (2002::/16), counts as well.
func Never(a Addr) string {
	if v4, ok := Inner(a); ok {
		if name := find(never4[:], &v4); name != "" || Is4(a) {
			return name
		}
	}
	return find(never6[:], &a)
}

// Private reports whether a, or an IPv4 address inside of it, is in a private network.
func Private(a Addr) bool {
	if v4, ok := Inner(a); ok {
		if in(private4[:], &v4) || Is4(a) {
			return in(private4[:], &v4)
		}
	}
	return in(private6[:], &a)
}

// Is4 reports whether a is an IPv4 address.
func Is4(a Addr) bool {
	for _, b := range a[:10] {
		if b != 0 {
			return false
		}
	}
	return a[10] == 0xff && a[11] == 0xff
}

// Inner returns the IPv4 address that a is or wraps, in the first four bytes. ok is false for an address that wraps none.
func Inner(a Addr) (v4 [16]byte, ok bool) {
	at := 12
	switch {
	case Is4(a):
	case a[0] == 0 && a[1] == 0x64 && a[2] == 0xff && a[3] == 0x9b && zero(a[4:12]): // 64:ff9b::/96
	case a[0] == 0x20 && a[1] == 0x02: // 2002::/16
		at = 2
	default:
		return v4, false
	}
	v4[0], v4[1], v4[2], v4[3] = a[at], a[at+1], a[at+2], a[at+3]
	return v4, true
}

// Within reports whether the first bits of a and network are the same: bits is of the 16 bytes, so it is 96 more for IPv4.
func Within(a, network Addr, bits uint8) bool { return same(&a, &network, bits) }

func in(table []prefix, a *[16]byte) bool {
	for i := range table {
		if same(a, &table[i].bytes, table[i].bits) {
			return true
		}
	}
	return false
}

func find(table []prefix, a *[16]byte) string {
	for i := range table {
		if same(a, &table[i].bytes, table[i].bits) {
			return table[i].name
		}
	}
	return ""
}

func same(a, b *[16]byte, bits uint8) bool {
	for i := 0; i < 16 && bits > 0; i++ {
		mask := byte(0xff)
		if bits < 8 {
			mask = ^(mask >> bits)
			bits = 8
		}
		if (a[i]^b[i])&mask != 0 {
			return false
		}
		bits -= 8
	}
	return true
}

func zero(bytes []byte) bool {
	for _, b := range bytes {
		if b != 0 {
			return false
		}
	}
	return true
}
