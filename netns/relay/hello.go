package relay

import (
	"box/internal/host"

	"golang.org/x/sys/unix"
)

// helloState is how far the client's first bytes have been judged.
type helloState uint8

const (
	helloWanted helloState = iota // nothing has come
	helloBegun                    // a TLS record has begun
	helloDone                     // it may pass, and all that follows
)

// The bounds of a ClientHello: how many bytes it has, records included, and how long it takes.
const (
	maxHello  = 64 << 10
	helloTime = 30e9
)

// checkHello judges the client's first bytes, which stay in the socket. It reports whether the connection still stands.
func (c *conn) checkHello() bool {
	buffer := c.relay.buffer[:maxHello+1]
	n, errno := host.Peek(c.client.fd, buffer)
	switch {
	case errno == unix.EINTR || errno == unix.EAGAIN:
		c.client.readable = false
		return true
	case errno != 0:
		c.end("the client has gone")
		return false
	case n == 0: // it sends nothing at all
		c.helloPasses("")
		return true
	}
	name, state := clientHello(buffer[:n])
	switch {
	case state == helloOther:
		c.helloPasses("")
	case state == helloMore && n <= maxHello && !c.client.hung:
		c.client.readable = false
		if c.hello == helloWanted {
			c.hello, c.helloBy = helloBegun, now()+helloTime
			c.relay.time(c)
		}
	case state != helloWhole:
		c.refuseHello("its TLS greeting can't be read")
		return false
	case !c.relay.policy.namesAgree(&c.verdict, name):
		c.sni = name
		c.refuseHello("its TLS greeting asks for " + escape(name))
		return false
	default:
		c.helloPasses(name)
	}
	return true
}

func (c *conn) helloPasses(name string) {
	c.sni, c.hello = name, helloDone
	delete(c.relay.timed, c)
}

func (c *conn) refuseHello(why string) {
	v := c.verdict
	v.reason, v.flag = why, ""
	c.verdict = v
	c.relay.report.add(v.subject()+": "+why, "", c.relay.tell)
	c.end("refused")
}

// helloResult is what clientHello has found.
type helloResult uint8

const (
	helloMore  helloResult = iota // it is not complete
	helloWhole                    // it is complete
	helloBad                      // it begins like one and can't be one
	helloOther                    // it is not a ClientHello
)

// clientHello reads the server name (RFC 6066, 3) of the TLS ClientHello (RFC 8446, 4.1.2) that data begins with. The handshake
// message may be cut into records in any way; data is overwritten while they are put together. The name is empty if there is none.
// What two servers could read differently is helloBad, and so is every other record before the ClientHello: servers pass over
// warnings (crypto/tls and OpenSSL do).
func clientHello(data []byte) (name string, result helloResult) {
	switch {
	case len(data) == 0:
		return "", helloMore
	case data[0] < recordFirst || data[0] > recordLast:
		return "", helloOther
	case data[0] == recordHandshake: // below
	case len(data) == 1:
		return "", helloMore
	case data[1] != 3:
		return "", helloOther
	default:
		return "", helloBad
	}
	message := data[:0]
	for {
		if size, result := messageSize(message); result != helloWhole {
			return "", result
		} else if size > 0 && len(message) >= size {
			if len(message) > size { // nothing may follow before the server has answered
				return "", helloBad
			}
			return serverName(message[4:size])
		}
		size, result := recordSize(data)
		if result != helloWhole {
			return "", result
		}
		part := data[5:min(len(data), 5+size)]
		message = append(message, part...) // the part lies behind it in the same memory
		if len(part) < size {
			if _, result := messageSize(message); result == helloBad {
				return "", helloBad
			}
			return "", helloMore
		}
		data = data[5+size:]
	}
}

// The types of TLS records that there are before encryption, and that of the ClientHello's.
const (
	recordFirst     = 20
	recordHandshake = 22
	recordLast      = 24
)

// recordSize reads the first five bytes of a record (RFC 8446, 5.1).
func recordSize(data []byte) (size int, result helloResult) {
	if len(data) > 0 && data[0] != recordHandshake || len(data) > 1 && data[1] != 3 {
		return 0, helloBad
	}
	if len(data) < 5 {
		return 0, helloMore
	}
	size = int(data[3])<<8 + int(data[4])
	if size == 0 || size > 1<<14 {
		return 0, helloBad
	}
	return size, helloWhole
}

// messageSize reads the header of a handshake message, as far as there is one: size is 0 where it is not whole.
func messageSize(message []byte) (size int, result helloResult) {
	const hello = 1
	if len(message) > 0 && message[0] != hello {
		return 0, helloBad
	}
	if len(message) < 4 {
		return 0, helloWhole
	}
	size = 4 + int(message[1])<<16 + int(message[2])<<8 + int(message[3])
	if size > maxHello/2 {
		return 0, helloBad
	}
	return size, helloWhole
}

// serverName finds the name in the body of a ClientHello.
func serverName(body []byte) (name string, result helloResult) {
	b := fields{rest: body}
	b.take(2 + 32) // version, random
	b.vector(1)    // session id
	b.vector(2)    // cipher suites
	b.vector(1)    // compression methods
	if b.bad {
		return "", helloBad
	}
	if len(b.rest) == 0 { // no extensions
		return "", helloWhole
	}
	extensions := fields{rest: b.vector(2)}
	if b.bad || len(b.rest) > 0 {
		return "", helloBad
	}
	seen := false
	for len(extensions.rest) > 0 {
		kind := extensions.number()
		value := extensions.vector(2)
		if extensions.bad {
			return "", helloBad
		}
		if kind != 0 {
			continue
		}
		if seen {
			return "", helloBad
		}
		seen = true
		var ok bool
		if name, ok = hostName(value); !ok {
			return "", helloBad
		}
	}
	return name, helloWhole
}

// hostName reads the value of a server_name extension: a list of one name of type host_name.
func hostName(value []byte) (string, bool) {
	v := fields{rest: value}
	list := fields{rest: v.vector(2)}
	kind := list.take(1)
	name := list.vector(2)
	if v.bad || list.bad || len(v.rest) > 0 || len(list.rest) > 0 || kind[0] != 0 || len(name) == 0 || len(name) > 255 {
		return "", false
	}
	return string(name), true
}

// fields takes a message apart. After something that doesn't fit, bad is true and all that is returned is empty.
type fields struct {
	rest []byte
	bad  bool
}

func (f *fields) take(n int) []byte {
	if f.bad || len(f.rest) < n {
		f.bad, f.rest = true, nil
		return nil
	}
	part := f.rest[:n]
	f.rest = f.rest[n:]
	return part
}

// number takes 16 bits.
func (f *fields) number() int {
	b := f.take(2)
	if b == nil {
		return -1
	}
	return int(b[0])<<8 | int(b[1])
}

// vector takes bytes that their length, of size bytes, comes before.
func (f *fields) vector(size int) []byte {
	length := 0
	for _, b := range f.take(size) {
		length = length<<8 | int(b)
	}
	return f.take(length)
}
