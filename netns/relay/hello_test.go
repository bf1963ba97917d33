package relay

import (
	"bytes"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"slices"
	"strings"
	"testing"
)

// cut divides a handshake message into TLS records of a size.
func cut(message []byte, size int) (out []byte) {
	for part := range slices.Chunk(message, size) {
		out = append(out, record(22, part)...)
	}
	return out
}

func TestClientHello(t *testing.T) {
	hello := tlsHello("good.example")
	message := hello[5:]
	longer := []byte{1, 0, byte((len(message) - 3) >> 8), byte(len(message) - 3)}
	bare := slices.Concat([]byte{1, 0, 0, 41, 3, 3}, make([]byte, 34), []byte{2, 1, 1, 1, 0})
	warning := record(21, []byte{1, 0})
	large := tlsHello("good.example", extension(21, make([]byte, 16000)))
	huge := append([]byte{1, 1, 0, 0}, make([]byte, 65536)...)
	for _, c := range []struct {
		what   string
		data   []byte
		name   string
		result helloResult
	}{
		{"nothing", nil, "", helloMore},
		{"whole", hello, "good.example", helloWhole},
		{"a byte a record", cut(message, 1), "good.example", helloWhole},
		{"two records", cut(message, len(message)/2), "good.example", helloWhole},
		{"the header alone, then the rest", cut(message, 4), "good.example", helloWhole},
		{"16 kB", large[:5:5], "", helloMore},
		{"16 kB in records", cut(large[5:], 1<<14), "good.example", helloWhole},
		{"early data after it", append(slices.Clone(hello), record(23, []byte("data"))...), "good.example", helloWhole},
		{"no name", tlsHello(""), "", helloWhole},
		{"no extensions", record(22, bare), "", helloWhole},
		{"encrypted name alone", tlsHello("", extension(0xfe0d, make([]byte, 100))), "", helloWhole},
		{"encrypted name beside", tlsHello("good.example", extension(0xfe0d, make([]byte, 100))), "good.example", helloWhole},
		{"HTTP", []byte("GET / HTTP/1.1\r\n"), "", helloOther},
		{"SSH", []byte("SSH-2.0-x\r\n"), "", helloOther},
		{"one byte of a record", []byte{22}, "", helloMore},
		{"another protocol that begins so", []byte{22, 'x', 'y'}, "", helloBad},
		{"another protocol that begins with 21", []byte{21, 'x', 'y'}, "", helloOther},
		{"the same, one byte", []byte{21}, "", helloMore},
		{"SSL 2", []byte{22, 2, 0, 0, 1}, "", helloBad},
		{"an empty record", append(record(22, nil), hello...), "", helloBad},
		{"an empty record between", slices.Concat(cut(message[:10], 10), record(22, nil), cut(message[10:], 99)), "", helloBad},
		{"a record that is too long", []byte{22, 3, 1, 0x40, 1}, "", helloBad},
		{"a warning before it", append(slices.Clone(warning), hello...), "", helloBad},
		{"a warning between", slices.Concat(cut(message[:10], 10), warning, cut(message[10:], 99)), "", helloBad},
		{"ChangeCipherSpec before it", append(record(20, []byte{1}), hello...), "", helloBad},
		{"data before it", append(record(23, []byte{1}), hello...), "", helloBad},
		{"a heartbeat before it", append(record(24, []byte{1, 0, 0}), hello...), "", helloBad},
		{"another message", record(22, append([]byte{2}, message[1:]...)), "", helloBad},
		{"two messages in a record", record(22, slices.Concat(message, tlsHello("evil.example")[5:])), "", helloBad},
		{"too long", cut(huge, 1<<14), "", helloBad},
		{"the name twice", tlsHello("good.example", sniExtension("evil.example")), "", helloBad},
		{"two names in a list", tlsHello("", extension(0, []byte{0, 8, 0, 0, 1, 'a', 0, 0, 1, 'b'})), "", helloBad},
		{"a name of another type", tlsHello("", extension(0, []byte{0, 4, 1, 0, 1, 'a'})), "", helloBad},
		{"an empty name", tlsHello("", extension(0, []byte{0, 3, 0, 0, 0})), "", helloBad},
		{"an empty list", tlsHello("", extension(0, []byte{0, 0})), "", helloBad},
		{"a name that is longer than its list", tlsHello("", extension(0, []byte{0, 3, 0, 0, 1, 'a'})), "", helloBad},
		{"an extension that is cut", tlsHello("", []byte{0, 0, 0, 9, 1}), "", helloBad},
		{"bytes after the extensions", record(22, slices.Concat(longer, message[4:], []byte{0})), "", helloBad},
	} {
		name, result := clientHello(slices.Clone(c.data))
		if name != c.name || result != c.result {
			t.Errorf("%s: %q, %d", c.what, name, result)
		}
	}
	// However it is cut, a part of it is not whole, and never good.
	for _, data := range [][]byte{hello, cut(message, 7), cut(message, 1)} {
		for n := range len(data) {
			if name, result := clientHello(slices.Clone(data[:n])); name != "" || result != helloMore {
				t.Fatalf("%d of %d bytes: %q, %d", n, len(data), name, result)
			}
		}
	}
}

// realHello returns what crypto/tls sends first.
func realHello(t testing.TB, config *tls.Config) []byte {
	a, b := net.Pipe()
	go func() {
		_ = tls.Client(a, config).Handshake()
		_ = a.Close()
	}()
	defer b.Close()
	buffer := make([]byte, 1<<14)
	n, err := b.Read(buffer)
	if err != nil {
		t.Fatal(err)
	}
	return buffer[:n]
}

func TestRealHello(t *testing.T) {
	for _, c := range []*tls.Config{
		{ServerName: "good.example"},
		{ServerName: "good.example", MaxVersion: tls.VersionTLS12},
		{ServerName: "good.example", NextProtos: []string{"h2", "http/1.1"}, CurvePreferences: []tls.CurveID{tls.X25519MLKEM768}},
	} {
		if name, result := clientHello(realHello(t, c)); name != "good.example" || result != helloWhole {
			t.Errorf("%q, %d", name, result)
		}
	}
	if name, result := clientHello(realHello(t, &tls.Config{InsecureSkipVerify: true})); name != "" || result != helloWhole {
		t.Errorf("without a name: %q, %d", name, result)
	}
}

// serverSees returns the name that crypto/tls's server reads.
func serverSees(data []byte) (name string, ok bool) {
	var seen *tls.ClientHelloInfo
	conn := &replay{Reader: bytes.NewReader(data)}
	_ = tls.Server(conn, &tls.Config{GetConfigForClient: func(h *tls.ClientHelloInfo) (*tls.Config, error) {
		seen = h
		return nil, errors.New("enough")
	}}).Handshake()
	if seen == nil {
		return "", false
	}
	return seen.ServerName, true
}

type replay struct {
	net.Conn
	io.Reader
}

func (r *replay) Read(p []byte) (int, error)  { return r.Reader.Read(p) }
func (r *replay) Write(p []byte) (int, error) { return len(p), nil }
func (r *replay) Close() error                { return nil }

// FuzzClientHello: what passes here with a name or without one is what a server reads, or nothing to it.
func FuzzClientHello(f *testing.F) {
	hello := tlsHello("good.example")
	for _, data := range [][]byte{
		hello, tlsHello(""), cut(hello[5:], 1), cut(hello[5:], 9), tlsHello("good.example", sniExtension("evil.example")),
		append(record(21, []byte{1, 0}), hello...), realHello(f, &tls.Config{ServerName: "good.example"}),
		[]byte("GET / HTTP/1.1\r\n"),
		append(record(20, []byte{1}), hello...), record(22, slices.Concat(hello[5:], tlsHello("evil.example")[5:])),
	} {
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		name, result := clientHello(slices.Clone(data))
		if result == helloBad || result == helloMore {
			return
		}
		seen, ok := serverSees(data)
		if ok && result == helloOther {
			t.Errorf("passes as no TLS: a server reads %q", seen)
		}
		// For crypto/tls, a name with a dot at its end is not a server name, nor is an address.
		if ok && seen != name && (seen != "" || name != "" && !strings.HasSuffix(name, ".") && net.ParseIP(name) == nil) {
			t.Errorf("%q, but a server reads %q", name, seen)
		}
	})
}

// tlsHello is a greeting of TLS that asks for a name, "" for none, in one record.
func tlsHello(name string, extensions ...[]byte) []byte {
	var all []byte
	if name != "" {
		all = append(all, sniExtension(name)...)
	}
	for _, e := range extensions {
		all = append(all, e...)
	}
	body := append([]byte{3, 3}, make([]byte, 32)...)
	body = append(body, 0, 0, 2, 0x13, 1, 1, 0)
	body = binary.BigEndian.AppendUint16(body, uint16(len(all)))
	body = append(body, all...)
	message := append([]byte{1, 0, byte(len(body) >> 8), byte(len(body))}, body...)
	return record(22, message)
}

func record(kind byte, data []byte) []byte {
	return append([]byte{kind, 3, 1, byte(len(data) >> 8), byte(len(data))}, data...)
}

func extension(kind int, value []byte) []byte {
	b := binary.BigEndian.AppendUint16(nil, uint16(kind))
	return append(binary.BigEndian.AppendUint16(b, uint16(len(value))), value...)
}

func sniExtension(name string) []byte {
	b := binary.BigEndian.AppendUint16(nil, uint16(len(name)+3))
	b = append(b, 0)
	b = binary.BigEndian.AppendUint16(b, uint16(len(name)))
	return extension(0, append(b, name...))
}
