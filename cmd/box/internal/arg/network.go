package arg

import (
	"strings"

	"box/cmd/box/internal/say"
	"box/internal/early"
	"box/spec"
)

// Target reads what --allow and --deny name: a name, *.NAME, *, an address or a range of them, or host. It returns a rule without a
// port, and the ports behind the colon, "" if there are none. An error has no words of the flag.
func Target(word string) (r spec.NetRule, ports string, err error) {
	r.Word = word
	if err := spelled(word); err != nil {
		return r, "", err
	}
	name, ports, err := cutPorts(word)
	if err != nil {
		return r, "", err
	}
	if name == "" {
		return r, "", say.Bad("there is no name")
	}
	switch addr, bits, is := Prefix(name); {
	case is:
		r.Kind, r.Addr, r.Bits = spec.NetPrefix, addr, bits
		if !masked(&addr, bits) {
			return r, "", say.Bad("bits are set behind the prefix: a range is named by its first address")
		}
		return r, ports, nil
	case strings.IndexByte(name, '/') >= 0:
		return r, "", notRange(name)
	}
	switch {
	case name == "host":
		r.Kind = spec.NetHostPort
		return r, ports, nil
	case name == "*":
		r.Kind = spec.NetAny
		return r, ports, nil
	case strings.HasPrefix(name, "*."):
		r.Kind, name = spec.NetSuffix, name[2:]
	default:
		r.Kind = spec.NetName
	}
	r.Name, err = HostName(name)
	return r, ports, err
}

// spelled looks for what is in no name, and in no address.
func spelled(word string) error {
	if word == "" {
		return say.BadHint("an empty name names nothing", "a name is written as example.org or example.org:443")
	}
	for i := range len(word) {
		switch c := word[i]; {
		case c <= ' ' || c == 0x7f:
			return say.Bad("a name has no blanks and no control characters")
		case c > 0x7f:
			return say.Bad("a name with other letters than a to z is written as xn--...: idn2(1) does that")
		}
	}
	if strings.Contains(word, "://") {
		return say.Bad("a name, and not the address of a page")
	}
	if strings.IndexByte(word, '@') >= 0 {
		return say.Bad("a name, without a user")
	}
	return nil
}

// notRange returns what is wrong with a word with a slash in it.
func notRange(word string) error {
	before, _, _ := strings.Cut(word, "/")
	if _, _, is := Prefix(before); is {
		return say.Bad("a range is ADDRESS/BITS, with at most 32 bits for an IPv4 address and 128 for an IPv6 one")
	}
	return say.Bad("a name, and not a path")
}

// cutPorts divides a word at the colon before its ports. An IPv6 address is in brackets, since it has colons itself.
func cutPorts(word string) (name, ports string, err error) {
	if word[0] == '[' {
		end := strings.IndexByte(word, ']')
		if end < 0 || end+1 < len(word) && word[end+1] != ':' {
			return "", "", say.Bad("an IPv6 address is written as [ADDRESS]:PORT")
		}
		name = word[1:end]
		if _, _, is := Prefix(name); !is || strings.IndexByte(name, ':') < 0 {
			return "", "", say.Bad("not an IPv6 address in the brackets")
		}
		if end+1 == len(word) {
			return name, "", nil
		}
		if end+2 == len(word) {
			return "", "", say.Bad("there is no port behind the colon")
		}
		return name, word[end+2:], nil
	}
	at := strings.IndexByte(word, ':')
	switch {
	case at < 0:
		return word, "", nil
	case strings.IndexByte(word[at+1:], ':') >= 0:
		return "", "", say.Bad("an IPv6 address is written as [ADDRESS]:PORT")
	case at+1 == len(word):
		return "", "", say.Bad("there is no port behind the colon")
	}
	return word[:at], word[at+1:], nil
}

// HostName returns a host name in lower case and without the dot at its end, see hostname(7). Underscores are in use, too.
func HostName(name string) (string, error) {
	if name == "" {
		return "", say.Bad("there is no name behind *.")
	}
	if name[len(name)-1] == '.' {
		name = name[:len(name)-1]
	}
	if len(name) > 253 {
		return "", say.Bad("a name has at most 253 bytes")
	}
	numeric := false
	for start := 0; start <= len(name); {
		end := start
		for end < len(name) && name[end] != '.' {
			end++
		}
		if err := label(name[start:end]); err != nil {
			return "", err
		}
		numeric = name[start] >= '0' && name[start] <= '9' && isNumber(name[start:end])
		start = end + 1
	}
	if numeric { // inet_aton(3) takes such a word for an address: 127.1, 0x7f.1
		return "", say.Bad("not a name and not an address of four numbers")
	}
	return lower(name), nil
}

func label(label string) error {
	switch {
	case label == "":
		return say.Bad("a part of the name is empty")
	case len(label) > 63:
		return say.Bad("a part of a name has at most 63 bytes")
	case strings.IndexByte(label, '*') >= 0:
		return say.Bad("* stands for whole parts in front: *.NAME")
	case label[0] == '-' || label[len(label)-1] == '-':
		return say.Bad("a part of a name does not begin or end with a dash")
	}
	for i := range len(label) {
		switch c := label[i]; {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '-', c == '_':
		default:
			return say.Bad("a name has letters, digits and dashes only")
		}
	}
	return nil
}

// isNumber reports whether a label is a number for inet_aton(3): decimal, octal or hexadecimal.
func isNumber(label string) bool {
	if len(label) > 2 && label[0] == '0' && label[1]|0x20 == 'x' {
		_, ok := Number(label[2:], 16)
		return ok || len(label) > 18
	}
	for i := range len(label) {
		if label[i] < '0' || label[i] > '9' {
			return false
		}
	}
	return true
}

// lower returns an ASCII name in lower case.
func lower(name string) string {
	for i := range len(name) {
		if name[i] >= 'A' && name[i] <= 'Z' {
			copied := early.Bytes(name)
			for j := range copied {
				if copied[j] >= 'A' && copied[j] <= 'Z' {
					copied[j] |= 0x20
				}
			}
			return early.String(copied)
		}
	}
	return name
}

// CutPort takes the first of several ports, which commas divide, off a word.
func CutPort(ports string) (port uint16, rest string, err error) {
	first, rest, more := strings.Cut(ports, ",")
	if more && rest == "" {
		return 0, "", say.Bad("there is no port behind the comma")
	}
	port, err = Port(first)
	return port, rest, err
}

// Port reads a port, from 1 to 65535, without zeros in front.
func Port(word string) (uint16, error) {
	n, ok := Number(word, 10)
	switch {
	case ok && n > 0 && n < 1<<16 && word[0] != '0':
		return uint16(n), nil
	case ok && n > 0 && word[0] == '0':
		return 0, say.Bad("a port has no zeros in front")
	case word == "*":
		return 0, say.Bad("all ports at once are not supported yet: name them, with commas")
	case strings.IndexByte(word, '-') > 0:
		return 0, say.Bad("ranges of ports are not taken: name them, with commas")
	}
	return 0, say.Bad("a port is a number from 1 to 65535")
}

// Publication reads what --publish takes: [ADDR:]PORT:PORT[/tcp]. Without an address it is 127.0.0.1.
func Publication(word string) (p spec.NetPort, err error) {
	p = spec.NetPort{Addr: loopback, Word: word}
	if word == "" {
		return p, say.BadHint("it takes two ports, that outside and that inside", "--publish 8080:80")
	}
	rest := word
	if at := strings.IndexByte(rest, '/'); at >= 0 {
		if rest[at:] != "/tcp" {
			return p, say.Bad("only TCP ports can be published")
		}
		rest = rest[:at]
	}
	outside, inside, cut := cutLast(rest)
	if !cut {
		early.Ordinary()
		return p, say.BadHint("it takes two ports, that outside and that inside", "--publish "+rest+":"+rest)
	}
	if address, port, cut := cutLast(outside); cut {
		bare := address
		if n := len(address); n > 1 && address[0] == '[' && address[n-1] == ']' {
			bare = address[1 : n-1]
		}
		addr, bits, is := Prefix(bare)
		if !is || bits != 128 || (strings.IndexByte(bare, ':') >= 0) != (len(bare) != len(address)) {
			return p, say.Bad("what stands before the ports is an address: 127.0.0.1, 0.0.0.0, [::1]")
		}
		p.Addr, outside = addr, port
	}
	if p.Outside, err = Port(outside); err == nil {
		p.Inside, err = Port(inside)
	}
	return p, err
}

// loopback is 127.0.0.1.
var loopback = [16]byte{10: 0xff, 11: 0xff, 12: 127, 15: 1}

// cutLast cuts a word at its last colon.
func cutLast(word string) (before, after string, cut bool) {
	at := strings.LastIndexByte(word, ':')
	if at < 0 {
		return "", word, false
	}
	return word[:at], word[at+1:], true
}
