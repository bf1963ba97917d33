package arg

import "strings"

// Prefix reads an address, or a range ADDRESS/BITS. IPv4 comes back as ::ffff:a.b.c.d, and its bits are counted from there. It is
// what net/netip reads, which needs the Go runtime: no zones, no zeros in front of a decimal number, and of IPv6 what RFC 4291,
// 2.2, says.
func Prefix(word string) (addr [16]byte, bits uint8, ok bool) {
	bits = 128
	length := uint64(0)
	at := strings.IndexByte(word, '/')
	if at >= 0 {
		digits := word[at+1:]
		word = word[:at]
		if length, ok = Number(digits, 10); !ok || len(digits) > 1 && digits[0] == '0' || length > 128 {
			return addr, 0, false
		}
	}
	if strings.IndexByte(word, ':') < 0 {
		if addr, ok = ipv4(word); !ok || length > 32 {
			return addr, 0, false
		}
		length += 96
	} else if addr, ok = ipv6(word); !ok {
		return addr, 0, false
	}
	if at >= 0 {
		bits = uint8(length)
	}
	return addr, bits, true
}

// ipv4 reads four decimal numbers.
func ipv4(word string) (addr [16]byte, ok bool) {
	addr[10], addr[11] = 0xff, 0xff
	for i := 12; i < 16; i++ {
		end := strings.IndexByte(word, '.')
		if i == 15 {
			end = len(word)
		}
		if end < 1 || end > 3 || end > 1 && word[0] == '0' {
			return addr, false
		}
		n, is := Number(word[:end], 10)
		if !is || n > 255 {
			return addr, false
		}
		addr[i] = byte(n)
		if i < 15 {
			word = word[end+1:]
		}
	}
	return addr, true
}

// ipv6 reads groups of hexadecimal digits, with one :: for as many zeros as are missing, and perhaps an IPv4 address at the end.
func ipv6(word string) (addr [16]byte, ok bool) {
	n, gap := 0, -1
	if strings.HasPrefix(word, "::") {
		gap, word = 0, word[2:]
	}
	for word != "" {
		if n == 16 {
			return addr, false
		}
		end := strings.IndexByte(word, ':')
		if end < 0 {
			end = len(word)
		}
		if strings.IndexByte(word[:end], '.') >= 0 {
			v4, is := ipv4(word)
			if !is || n > 12 {
				return addr, false
			}
			n += copy(addr[n:], v4[12:])
			break
		}
		v, is := Number(word[:end], 16)
		if !is || end > 4 {
			return addr, false
		}
		addr[n], addr[n+1] = byte(v>>8), byte(v)
		n += 2
		if word = word[end:]; word == "" {
			break
		}
		if word = word[1:]; word == "" {
			return addr, false // a colon at the end
		}
		if word[0] == ':' {
			if gap >= 0 {
				return addr, false
			}
			gap, word = n, word[1:]
		}
	}
	switch {
	case gap < 0:
		return addr, n == 16
	case n > 14:
		return addr, false // :: stands for one group at least
	}
	for i := range n - gap {
		from, to := n-1-i, 15-i
		addr[to], addr[from] = addr[from], 0
	}
	return addr, true
}

// masked reports whether an address has no bits behind a prefix.
func masked(addr *[16]byte, bits uint8) bool {
	for i := int(bits); i < 128; i++ {
		if addr[i/8]>>(7-i%8)&1 != 0 {
			return false
		}
	}
	return true
}
