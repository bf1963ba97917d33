package life

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"unsafe"

	"box/shim"

	"golang.org/x/sys/unix"
)

func TestDetachKeys(t *testing.T) {
	for list, want := range map[string][]byte{
		"":              nil,
		"ctrl-p,ctrl-q": {16, 17},
		"Ctrl-A,d":      {1, 'd'},
		"ctrl-[":        {27},
		"ctrl-@":        {0},
		"ctrl-_,~":      {31, '~'},
		"X":             {'X'},
	} {
		if got, err := detachKeys(list); err != nil || !slices.Equal(got, want) {
			t.Errorf("%q: %v, %v, want %v", list, got, err, want)
		}
	}
	for _, list := range []string{",", "a,", "ctrl-", "ctrl-1", "ctrl-ab", "ab", " ", "\x7f", "alt-a", "ctrl-{"} {
		if got, err := detachKeys(list); err == nil {
			t.Errorf("%q: %v", list, got)
		}
	}
}

// joined returns what is attached to a box, and the descriptor at which its monitor would read.
func joined(t *testing.T, keys string) (a *attached, monitor int) {
	t.Helper()
	dir := t.TempDir()
	r, b := madeIn(t, dir, []string{"-dt"}, []string{"sh"})
	listener, err := unix.Socket(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(listener)
	address := &unix.SockaddrUnix{Name: dir + "/run/box/" + b.ID() + ".sock"}
	if err := errors.Join(unix.Bind(listener, address), unix.Listen(listener, 1)); err != nil {
		t.Fatal(err)
	}
	client, err := shim.Dial(r, b)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	monitor, _, err = unix.Accept(listener)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = unix.Close(monitor) })
	return &attached{client: client, box: b, terminal: true, input: true, keys: []byte(keys)}, monitor
}

// sentTo returns the input that has arrived at a monitor.
func sentTo(t *testing.T, monitor int) (text string) {
	t.Helper()
	packet := make([]byte, shim.Most+int(unsafe.Sizeof(shim.Record{})))
	for {
		n, _, err := unix.Recvfrom(monitor, packet, unix.MSG_DONTWAIT)
		if errors.Is(err, unix.EAGAIN) {
			return text
		}
		if err != nil || n < int(unsafe.Sizeof(shim.Record{})) {
			t.Fatalf("%d bytes, %v", n, err)
		}
		if r := (*shim.Record)(unsafe.Pointer(&packet[0])); r.Kind != shim.Input {
			t.Fatalf("it is of kind %d", r.Kind)
		}
		text += string(packet[unsafe.Sizeof(shim.Record{}):n])
	}
}

// The detach keys are not sent, in whatever pieces they come; what only begins like them is, in order.
func TestGive(t *testing.T) {
	const p, q = "\x10", "\x11"
	for _, c := range []struct {
		keys     string
		typed    []string
		sent     string
		detached bool
		held     int
	}{
		{p + q, []string{"ls\n"}, "ls\n", false, 0},
		{p + q, []string{p + q}, "", true, 2},
		{p + q, []string{p, q}, "", true, 2},
		{p + q, []string{"a" + p, q + "b"}, "a", true, 2},
		{p + q, []string{p + "a"}, p + "a", false, 0},
		{p + q, []string{p, "a"}, p + "a", false, 0},
		{p + q, []string{p + p}, p, false, 1},
		{p + q, []string{p + p + q}, p, true, 2},
		{p + q, []string{q}, q, false, 0},
		{"d", []string{"abd"}, "ab", true, 1},
		{"", []string{p + q}, p + q, false, 0},
		{p + q, []string{strings.Repeat("x", 3*shim.Most+1)}, strings.Repeat("x", 3*shim.Most+1), false, 0},
	} {
		a, monitor := joined(t, c.keys)
		detached := false
		for _, typed := range c.typed {
			detached = detached || a.give([]byte(typed))
		}
		if sent := sentTo(t, monitor); detached != c.detached || sent != c.sent || a.held != c.held {
			t.Errorf("%q, %.20q: %v, %.20q, %d held, want %v, %.20q, %d",
				c.keys, c.typed, detached, sent, a.held, c.detached, c.sent, c.held)
		}
	}
}

// Without a terminal keys are bytes like others: what is piped in may have them.
func TestGiveWithoutTerminal(t *testing.T) {
	a, monitor := joined(t, "\x10\x11")
	a.terminal = false
	if a.give([]byte("a\x10\x11b")) {
		t.Error("it has detached")
	}
	if sent := sentTo(t, monitor); sent != "a\x10\x11b" {
		t.Errorf("%q", sent)
	}
}
