package relay

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// sendUrgent sends data, whose last byte is urgent, see MSG_OOB in send(2).
func sendUrgent(t *testing.T, c net.Conn, data []byte) {
	t.Helper()
	raw, err := tcp(c).SyscallConn()
	must(t, err)
	var sent error
	must(t, raw.Write(func(fd uintptr) bool {
		sent = unix.Send(int(fd), data, unix.MSG_OOB)
		return true
	}))
	must(t, sent)
}

// TestUrgentGreeting: a byte that is urgent is left out of what recv(2) returns, until a later one is urgent instead. A greeting
// that was judged without it must not reach the server with it.
func TestUrgentGreeting(t *testing.T) {
	lab(t)
	got := make(chan []byte, 1)
	port := serve(t, func(c net.Conn) {
		all, _ := io.ReadAll(c)
		got <- all
	})
	s := start(t, fmt.Sprintf("half.test:%d", port), "")
	for _, at := range []int{1, 2, 20} { // where the urgent byte ends
		hello := tlsHello("evil.test")
		c := s.connect("half.test", port) // its first address does not answer: the greeting is judged before there is a server
		sendUrgent(t, c, hello[:at])
		_, _ = c.Write(hello[at:]) // what came before may have been refused by now
		time.Sleep(50 * time.Millisecond)
		raw, err := tcp(c).SyscallConn()
		must(t, err)
		_ = raw.Write(func(fd uintptr) bool {
			_ = unix.Send(int(fd), []byte("Z"), unix.MSG_OOB) // it may be refused by now
			return true
		})
		time.Sleep(400 * time.Millisecond)
		_ = tcp(c).CloseWrite()
		select {
		case all := <-got:
			if len(all) > 0 {
				t.Errorf("urgent up to %d: the server gets %q", at, all)
			}
		case <-time.After(time.Second):
		}
	}
}

// TestUrgentData: it arrives in its place, in streams and in little.
func TestUrgentData(t *testing.T) {
	lab(t)
	port := serve(t, echo)
	s := start(t, fmt.Sprintf("good.example:%d", port), "")
	c := s.connect("good.example", port)
	for _, before := range []int{0, 1, 1000, 4 << 20} {
		text := append(bytes.Repeat([]byte("a"), before), 'U')
		done := make(chan error, 1)
		back := make([]byte, len(text)+5)
		go func() {
			_, err := io.ReadFull(c, back)
			done <- err
		}()
		_, err := c.Write(text[:before])
		must(t, err)
		sendUrgent(t, c, text[before:])
		_, err = c.Write([]byte("after"))
		must(t, err)
		must(t, <-done)
		if string(back) != string(text)+"after" {
			t.Errorf("%d bytes before: %q comes back", before, back[max(0, before-5):])
		}
	}
}
