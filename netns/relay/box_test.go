package relay

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"box/spec"

	"golang.org/x/net/dns/dnsmessage"
	"golang.org/x/sys/unix"
)

// records are what the name server of the lab says. A name with several rows answers with the next one each time.
var records = map[string][][]string{
	"good.example":    {{srvIP4, srvIP6}},
	"v4.example":      {{srvIP4}},
	"v6.example":      {{srvIP6}},
	"evil.example":    {{srvIP4}},
	"a.wild.example":  {{srvIP4}},
	"wild.example":    {{srvIP4}},
	"inner.wild.test": {{private}},
	"inner.test":      {{private}},
	"loop.test":       {{"127.0.0.1"}},
	"loop6.test":      {{"::1"}},
	"meta.test":       {{"169.254.169.254"}},
	"mapped.test":     {{"::ffff:127.0.0.1"}},
	"nat64.test":      {{"64:ff9b::7f00:1"}},
	"own.test":        {{hostIP4}},
	"own6.test":       {{hostIP6}},
	"mixed.test":      {{"127.0.0.1", srvIP4}},
	"rebind.test":     {{srvIP4}, {"127.0.0.1"}},
	"dead.test":       {{"203.0.113.5"}},
	"half.test":       {{"203.0.113.5", srvIP4}},
	"empty.test":      {{}},
}

var asked struct {
	sync.Mutex
	names []string
}

// startNameServer answers by records in srv.
func startNameServer(t testing.TB) {
	var conn net.PacketConn
	world.srv.do(t, func() (err error) {
		conn, err = net.ListenPacket("udp4", srvIP4+":53")
		return err
	})
	turn := map[string]int{}
	go func() {
		var buffer [1500]byte
		for {
			n, from, err := conn.ReadFrom(buffer[:])
			if err != nil {
				return
			}
			var m dnsmessage.Message
			if m.Unpack(buffer[:n]) != nil || len(m.Questions) != 1 {
				continue
			}
			q := m.Questions[0]
			name := normal(q.Name.String())
			asked.Lock()
			asked.names = append(asked.names, name)
			asked.Unlock()
			h := dnsmessage.Header{ID: m.ID, Response: true, RecursionAvailable: true}
			rows, ok := records[name]
			if !ok {
				h.RCode = dnsmessage.RCodeNameError
			}
			var bodies []dnsmessage.ResourceBody
			if len(rows) > 0 {
				row := rows[min(turn[name]/2, len(rows)-1)] // A and AAAA are two questions
				turn[name]++
				for _, text := range row {
					bodies = append(bodies, addresses(q.Type, netip.MustParseAddr(text))...)
				}
			}
			_, _ = conn.WriteTo(build(h, &q, false, bodies), from)
		}
	}()
}

// serve listens in srv and has each connection handled.
func serve(t testing.TB, addr string, handle func(net.Conn)) (port uint16) {
	t.Helper()
	var l net.Listener
	world.srv.do(t, func() (err error) {
		l, err = net.Listen("tcp", addr)
		return err
	})
	return handleAll(t, l, handle)
}

func handleAll(t testing.TB, l net.Listener, handle func(net.Conn)) (port uint16) {
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				handle(c)
			}()
		}
	}()
	return uint16(l.Addr().(*net.TCPAddr).Port)
}

// echo sends back what comes, and ends when the client does.
func echo(c net.Conn) { _, _ = io.Copy(c, c) }

// sandbox is a network namespace with a relay.
type sandbox struct {
	*netspace
	t     testing.TB
	relay *Relay
	stop  int
	ended chan error
	told  []Line
	log   string
	lines sync.Once
}

// rules makes rules of words as on the command line, as far as the tests need: the real reader is in cmd/box.
func rules(words string, deny bool) (all []spec.NetRule) {
	for word := range strings.FieldsSeq(words) {
		name, port := word, "0"
		if !deny {
			at := strings.LastIndexByte(word, ':')
			name, port = word[:at], word[at+1:]
		}
		number, _ := strconv.Atoi(port)
		r := spec.NetRule{Word: word, Port: uint16(number), Name: name}
		prefix, err := netip.ParsePrefix(strings.Trim(name, "[]"))
		if a, err := netip.ParseAddr(strings.Trim(name, "[]")); err == nil {
			prefix = netip.PrefixFrom(a, a.BitLen())
		} else if err == nil {
			prefix = prefix.Masked()
		}
		suffix, wild := strings.CutPrefix(name, "*.")
		switch {
		case prefix.IsValid():
			r.Kind, r.Addr, r.Bits = spec.NetPrefix, prefix.Addr().As16(), uint8(prefix.Bits()+128-prefix.Addr().BitLen())
		case name == "host":
			r.Kind = spec.NetHostPort
		case name == "*":
			r.Kind = spec.NetAny
		case wild:
			r.Kind, r.Name = spec.NetSuffix, suffix
		default:
			r.Kind = spec.NetName
		}
		_ = err
		all = append(all, r)
	}
	return all
}

// start makes a sandbox's network with a relay. The descriptors are made as netns makes them.
func start(t testing.TB, allow, deny string, publish ...spec.NetPort) *sandbox {
	t.Helper()
	lab(t)
	s := &sandbox{netspace: newNetspace(t), t: t, ended: make(chan error, 1), log: t.TempDir() + "/log"}
	c := Config{Hostname: "box", Packet: -1, Log: -1, Inside: s, Tell: func(l Line) { s.told = append(s.told, l) }}
	c.Network = spec.Network{Mode: spec.NetNames, Allow: rules(allow, false), Deny: rules(deny, true), Publish: publish}
	log, err := unix.Open(s.log, unix.O_WRONLY|unix.O_CREAT|unix.O_APPEND|unix.O_CLOEXEC, 0o600)
	must(t, err)
	c.Log = log
	s.do(t, func() error {
		if err := os.WriteFile("/proc/thread-self/net/../../../sys/net/ipv4/ip_unprivileged_port_start", []byte("0"), 0); err != nil && !os.IsNotExist(err) {
			return err
		}
		if err := errors.Join(catchAll("10.0.2.100"), catchAll("fd00:2::100")); err != nil {
			return err
		}
		seen := map[uint16]bool{}
		for _, r := range c.Network.Allow {
			if seen[r.Port] {
				continue
			}
			seen[r.Port] = true
			for _, f := range []int{unix.AF_INET, unix.AF_INET6} {
				fd, err := listenAll(f, unix.SOCK_STREAM, r.Port)
				if err != nil {
					return err
				}
				c.Listeners = append(c.Listeners, fd)
			}
		}
		for _, f := range []int{unix.AF_INET, unix.AF_INET6} {
			for _, kind := range []int{unix.SOCK_STREAM, unix.SOCK_DGRAM} {
				fd, err := listenAll(f, kind, 53)
				if err != nil {
					return err
				}
				c.DNS = append(c.DNS, fd)
			}
		}
		c.Packet, err = unix.Socket(unix.AF_PACKET, unix.SOCK_DGRAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
		return err
	})
	s.relay, err = New(c)
	must(t, err)
	var pipe [2]int
	must(t, unix.Pipe2(pipe[:], unix.O_CLOEXEC))
	s.stop = pipe[1]
	go func() {
		s.ended <- s.relay.Run(pipe[0])
		unix.Close(pipe[0])
	}()
	t.Cleanup(func() {
		s.end()
		unix.Close(s.fd)
	})
	return s
}

func listenAll(family, kind int, port uint16) (int, error) {
	fd, err := unix.Socket(family, kind|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return -1, err
	}
	a := netip.AddrPortFrom(netip.IPv4Unspecified(), port)
	if family == unix.AF_INET6 {
		a = netip.AddrPortFrom(netip.IPv6Unspecified(), port)
		if err := unix.SetsockoptInt(fd, unix.IPPROTO_IPV6, unix.IPV6_V6ONLY, 1); err != nil {
			return -1, err
		}
	}
	if err := unix.Bind(fd, sockaddr(a)); err != nil {
		return -1, fmt.Errorf("bind %v: %w", a, err)
	}
	if kind == unix.SOCK_STREAM {
		return fd, unix.Listen(fd, 4096)
	}
	return fd, nil
}

// Socket is what pid 1 does.
func (s *sandbox) Socket(family int) (fd int, err error) {
	err = thread(func() (err error) {
		if err := unix.Setns(s.fd, unix.CLONE_NEWNET); err != nil {
			return err
		}
		fd, err = unix.Socket(family, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
		return err
	})
	return fd, err
}

// end stops the relay; what it has noted can be read then.
func (s *sandbox) end() {
	s.lines.Do(func() {
		unix.Close(s.stop)
		select {
		case err := <-s.ended:
			if err != nil {
				s.t.Error(err)
			}
		case <-time.After(10 * time.Second):
			s.t.Error("the relay does not stop")
		}
	})
}

// report returns the lines, each with its flag.
func (s *sandbox) report() string {
	s.end()
	var b strings.Builder
	for _, l := range s.relay.Report() {
		fmt.Fprintf(&b, "%s [%s]\n", l.Text, l.Flag)
	}
	return b.String()
}

// entries returns the lines of the log.
func (s *sandbox) entries() (all []entry) {
	s.end()
	f, err := os.Open(s.log)
	must(s.t, err)
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		var e entry
		must(s.t, json.Unmarshal(lines.Bytes(), &e))
		all = append(all, e)
	}
	return all
}

// dial connects in the sandbox, to an address.
func (s *sandbox) dial(addr string) (c net.Conn, err error) {
	s.do(s.t, func() error {
		c, err = net.DialTimeout("tcp", addr, 5*time.Second)
		return nil
	})
	if err == nil {
		s.t.Cleanup(func() { c.Close() })
		_ = c.SetDeadline(time.Now().Add(30 * time.Second))
	}
	return c, err
}

// query asks a server by UDP.
func (s *sandbox) query(server, name string, kind dnsmessage.Type) dnsmessage.Message {
	s.t.Helper()
	var m dnsmessage.Message
	s.do(s.t, func() error {
		c, err := net.Dial("udp", net.JoinHostPort(server, "53"))
		if err != nil {
			return err
		}
		defer c.Close()
		_ = c.SetDeadline(time.Now().Add(5 * time.Second))
		if _, err := c.Write(question(name, kind)); err != nil {
			return err
		}
		var buffer [1500]byte
		n, err := c.Read(buffer[:])
		if err != nil {
			return err
		}
		return m.Unpack(buffer[:n])
	})
	return m
}

var questions atomic.Uint32

func question(name string, kind dnsmessage.Type) []byte {
	m := dnsmessage.Message{
		Header:    dnsmessage.Header{ID: uint16(questions.Add(1)), RecursionDesired: true},
		Questions: []dnsmessage.Question{{Name: dnsmessage.MustNewName(name + "."), Type: kind, Class: dnsmessage.ClassINET}},
	}
	b, err := m.Pack()
	if err != nil {
		panic(err)
	}
	return b
}

// resolve returns the address that stands for a name, "" where there is none.
func (s *sandbox) resolve(name string) string {
	s.t.Helper()
	for _, a := range s.query("10.0.2.100", name, dnsmessage.TypeA).Answers {
		if body, ok := a.Body.(*dnsmessage.AResource); ok {
			return netip.AddrFrom4(body.A).String()
		}
	}
	return ""
}

// reach resolves a name and connects.
func (s *sandbox) reach(name string, port uint16) (net.Conn, error) {
	s.t.Helper()
	a := s.resolve(name)
	if a == "" {
		s.t.Fatalf("%s has no address", name)
	}
	return s.dial(net.JoinHostPort(a, strconv.Itoa(int(port))))
}

// connect is reach of what can be reached.
func (s *sandbox) connect(name string, port uint16) net.Conn {
	s.t.Helper()
	c, err := s.reach(name, port)
	must(s.t, err)
	return c
}

// exchange sends text and wants the same back: whether the connection reaches an echo.
func exchange(c net.Conn, text string) error {
	if _, err := io.WriteString(c, text); err != nil {
		return err
	}
	back := make([]byte, len(text))
	if _, err := io.ReadFull(c, back); err != nil {
		return err
	}
	if string(back) != text {
		return fmt.Errorf("%q came back for %q", back, text)
	}
	return nil
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
