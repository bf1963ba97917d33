package relay

import (
	"io"
	"reflect"
	"testing"
	"unsafe"

	"box/netns"
	"box/plan"
	"box/spec"

	"golang.org/x/sys/unix"
)

// argvOf returns the words that a plan's execve(2) would have.
func argvOf(s *spec.Spec) (words []string) {
	b := new(plan.Builder)
	b.Reset()
	for at := netns.Argv(b, s); ; at += plan.Ptr(unsafe.Sizeof(at)) {
		word := *(*plan.Ptr)(*(*unsafe.Pointer)(unsafe.Pointer(&at)))
		if word == 0 {
			return words
		}
		words = append(words, b.Read(word))
	}
}

// What the net process reads is what the sandbox's Spec says.
func TestWordsSayTheWholeNetwork(t *testing.T) {
	local := [16]byte{10: 0xff, 11: 0xff, 12: 127, 15: 1}
	s := spec.New()
	s.Tree = []spec.Entry{{Kind: spec.Hostname, Source: "a name"}}
	s.Network = spec.Network{
		Mode: spec.NetNames,
		Allow: []spec.NetRule{
			{Kind: spec.NetName, Name: "a.example", Port: 443, Word: "A.example"},
			{Kind: spec.NetSuffix, Name: "b.example", Port: 65535, Word: "*.b.example:65535"},
			{Kind: spec.NetAny, Port: 80, Word: "*:80"},
			{Kind: spec.NetPrefix, Addr: [16]byte{0xfd, 15: 0xab}, Bits: 128, Port: 1, Word: "[fd00::ab]:1"},
			{Kind: spec.NetPrefix, Addr: local, Bits: 104, Port: 22, Word: "127.0.0.0/8:22"},
			{Kind: spec.NetHostPort, Port: 5432, Word: "host:5432"},
		},
		Deny:    []spec.NetRule{{Kind: spec.NetName, Name: "c.a.example", Word: "c.a.example"}},
		Publish: []spec.NetPort{{Addr: local, Outside: 8080, Inside: 80, Word: "8080:80"}},
	}
	for log, want := range map[string]int{"": -1, "-": 2, "/a b": netns.LogFile} {
		s.Network.Log = log
		words := argvOf(s)
		if words[0] != netns.Name {
			t.Fatalf("%q", words)
		}
		got, fd, err := Read(words[1:])
		if err != nil || fd != want || got.Hostname != "a name" {
			t.Fatalf("%q: %d, %q, %v", words, fd, got.Hostname, err)
		}
		expected := s.Network
		expected.Log = ""
		if !reflect.DeepEqual(got.Network, expected) {
			t.Errorf("%+v\nwant %+v", got.Network, expected)
		}
	}
}

// Nobody else's words mean anything.
func FuzzRead(f *testing.F) {
	for _, word := range []string{
		"names", "allow 1 443 0 00000000000000000000000000000000 a a", "publish 1 2 00 x",
		"log 5", "host x", "deny",
	} {
		f.Add(word, "log 2")
	}
	f.Fuzz(func(t *testing.T, first, second string) {
		got, fd, err := Read([]string{"names", first, second})
		if err == nil && got.Network.Mode != spec.NetNames {
			t.Fatal(got, fd)
		}
		for _, r := range got.Network.Allow {
			if r.Kind < spec.NetName || r.Kind > spec.NetHostPort || r.Bits > 128 {
				t.Fatalf("%+v", r)
			}
		}
	})
}

// pair returns two sockets as pid 1 and the net process have.
func pair(t *testing.T) (pid1, net int) {
	t.Helper()
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	return fds[0], fds[1]
}

func TestTakeSortsWhatPidOneSends(t *testing.T) {
	pid1, net := pair(t)
	defer unix.Close(net)
	pass := func(kind uint32, fd int) {
		record := plan.Record{Kind: kind}
		data := (*[packetSize]byte)(unsafe.Pointer(&record))[:]
		if err := unix.Sendmsg(pid1, data, unix.UnixRights(fd), nil, 0); err != nil {
			t.Fatal(err)
		}
	}
	for _, kind := range []uint32{plan.NetTCP, plan.NetDNS, plan.NetRaw, plan.NetTCP} {
		pass(kind, pid1)
	}
	if err := Send(pid1, plan.Record{Kind: plan.NetAll}); err != nil {
		t.Fatal(err)
	}
	var c Config
	w := Wire{FD: net}
	if err := w.Take(&c); err != nil || len(c.Listeners) != 2 || len(c.DNS) != 1 || len(c.Raw) != 1 || c.Inside != Inside(&w) {
		t.Errorf("%+v, %v", c, err)
	}
	for _, list := range [][]int{c.Listeners, c.DNS, c.Raw} {
		for _, fd := range list {
			unix.Close(fd)
		}
	}
	unix.Close(pid1)
	if err := w.Take(&c); err != io.EOF { //nolint:errorlint // it is never wrapped
		t.Errorf("%v when pid 1 has ended", err)
	}
}

func TestSocketOfPidOne(t *testing.T) {
	pid1, net := pair(t)
	defer unix.Close(net)
	w := Wire{FD: net}
	answer := func(value uint32) {
		var request [packetSize]byte
		_, _, _ = unix.Recvfrom(pid1, request[:], 0)
		_ = Send(pid1, plan.Record{Kind: plan.NetSocket, Value: value})
	}
	go answer(uint32(unix.EAFNOSUPPORT))
	if fd, err := w.Socket(unix.AF_INET6); fd != -1 || err != unix.EAFNOSUPPORT { //nolint:errorlint // it is never wrapped
		t.Errorf("%d, %v", fd, err)
	}
	go answer(0)
	if fd, err := w.Socket(unix.AF_INET); fd != -1 || err == nil {
		t.Errorf("%d, %v for an answer without a socket", fd, err)
	}
	unix.Close(pid1)
	if fd, err := w.Socket(unix.AF_INET); fd != -1 || err == nil {
		t.Errorf("%d, %v when pid 1 has ended", fd, err)
	}
}
