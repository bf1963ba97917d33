package relay

import (
	"bufio"
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

// serve listens in srv and has each connection handled.
func serve(t testing.TB, handle func(net.Conn)) (port uint16) {
	t.Helper()
	var l net.Listener
	world.srv.do(t, func() (err error) {
		l, err = net.Listen("tcp", ":0")
		return err
	})
	return handleAll(t, l, handle)
}

func handleAll(t testing.TB, l net.Listener, handle func(net.Conn)) (port uint16) {
	t.Cleanup(func() { _ = l.Close() })
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
	return netip.MustParseAddrPort(l.Addr().String()).Port()
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
		if a, bad := netip.ParseAddr(strings.Trim(name, "[]")); bad == nil {
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
		all = append(all, r)
	}
	return all
}

// start makes a sandbox's network with a relay. The descriptors are made as netns makes them.
func start(t testing.TB, allow, deny string, publish ...spec.NetPort) *sandbox {
	t.Helper()
	lab(t)
	s := &sandbox{netspace: newNetspace(t), t: t, ended: make(chan error, 1), log: t.TempDir() + "/log"}
	c := Config{Hostname: "box", Log: -1, Inside: s, Tell: func(l Line) { s.told = append(s.told, l) }}
	c.Network = spec.Network{Mode: spec.NetNames, Allow: rules(allow, false), Deny: rules(deny, true), Publish: publish}
	log, err := unix.Open(s.log, unix.O_WRONLY|unix.O_CREAT|unix.O_APPEND|unix.O_CLOEXEC, 0o600)
	must(t, err)
	c.Log = log
	s.do(t, func() error {
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
		for _, f := range []int{unix.AF_INET, unix.AF_INET6} {
			fd, err := unix.Socket(f, unix.SOCK_RAW|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, unix.IPPROTO_TCP)
			if err != nil {
				return err
			}
			c.Raw = append(c.Raw, fd)
		}
		return nil
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
	all, more := s.relay.Report()
	for _, l := range all {
		fmt.Fprintf(&b, "%s [%s]\n", l.Text, l.Flag)
	}
	if more > 0 {
		fmt.Fprintf(&b, "and %d more\n", more)
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
		s.t.Cleanup(func() { _ = c.Close() })
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

// tcp is a connection's methods that TCP alone has.
func tcp(c net.Conn) *net.TCPConn {
	conn, ok := c.(*net.TCPConn)
	if !ok {
		panic("no TCP connection")
	}
	return conn
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
