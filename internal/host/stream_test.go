package host

import (
	"net"
	"net/netip"
	"os"
	"testing"

	"golang.org/x/sys/unix"
)

// fileBehind returns another descriptor of a socket.
func fileBehind(t *testing.T, socket any) *os.File {
	t.Helper()
	s, ok := socket.(interface{ File() (*os.File, error) })
	if !ok {
		t.Fatalf("%T has no descriptor", socket)
	}
	f, err := s.File()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	return f
}

// tcpPair returns the two ends of a connection over loopback, without the runtime's poller, and the listener.
func tcpPair(t *testing.T, network, addr string) (client, server, listener int) {
	t.Helper()
	l, err := net.Listen(network, addr)
	if err != nil {
		t.Skip("no IPv6:", err) // of IPv4 there is always a loopback
	}
	t.Cleanup(func() { _ = l.Close() })
	file := fileBehind(t, l)
	c, err := net.Dial(network, l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	other := fileBehind(t, c)
	listener = int(file.Fd())
	server, errno := Accept(listener)
	if errno != 0 {
		t.Fatal(errno)
	}
	t.Cleanup(func() { Close(server) })
	return int(other.Fd()), server, listener
}

func TestStream(t *testing.T) {
	client, server, _ := tcpPair(t, "tcp4", "127.0.0.1:0")
	buffer := make([]byte, 100)
	if _, errno := Peek(server, buffer); errno != unix.EAGAIN {
		t.Errorf("Peek of nothing: %v", errno)
	}
	if n, errno := Give(client, []byte("hello")); n != 5 || errno != 0 {
		t.Fatal(n, errno)
	}
	for range 2 { // it stays there
		if n, errno := Peek(server, buffer); errno != 0 || string(buffer[:n]) != "hello" {
			t.Errorf("Peek: %q, %v", buffer[:n], errno)
		}
	}
	if n, errno := Skip(server, buffer[:3]); n != 3 || errno != 0 || string(buffer[:3]) != "hel" {
		t.Errorf("Skip: %d, %v, and the buffer has %q", n, errno, buffer[:3])
	}
	if n, errno := Take(server, buffer); errno != 0 || string(buffer[:n]) != "lo" {
		t.Errorf("Take: %q, %v", buffer[:n], errno)
	}
	if err := unix.Shutdown(client, unix.SHUT_WR); err != nil {
		t.Fatal(err)
	}
	if n, errno := Peek(server, buffer); n != 0 || errno != 0 {
		t.Errorf("Peek at the end: %d, %v", n, errno)
	}
	if flags, _ := Fcntl(server, unix.F_GETFL, 0); flags&unix.O_NONBLOCK == 0 {
		t.Error("an accepted socket blocks")
	}
	if flags, _ := Fcntl(server, unix.F_GETFD, 0); flags&unix.FD_CLOEXEC == 0 {
		t.Error("an accepted socket survives an execve")
	}
}

// TestAddresses: both ends agree on what the other is.
func TestAddresses(t *testing.T) {
	for network, addr := range map[string]string{"tcp4": "127.0.0.1", "tcp6": "::1"} {
		t.Run(network, func(t *testing.T) {
			client, server, listener := tcpPair(t, network, net.JoinHostPort(addr, "0"))
			for _, pair := range [...][2]int{{client, server}, {server, client}} {
				own, port, errno := LocalAddr(pair[0])
				other, otherPort, errno2 := PeerAddr(pair[1])
				if own != netip.MustParseAddr(addr).As16() || own != other || port != otherPort || port == 0 || errno|errno2 != 0 {
					t.Errorf("%v:%d %v, %v:%d %v", own, port, errno, other, otherPort, errno2)
				}
			}
			if _, _, errno := PeerAddr(listener); errno != unix.ENOTCONN {
				t.Errorf("the peer of a listener: %v", errno)
			}
		})
	}
	a, _ := sockets(t)
	if _, _, errno := LocalAddr(a); errno != unix.EAFNOSUPPORT {
		t.Errorf("a UNIX socket: %v", errno)
	}
}

func TestEpollWait(t *testing.T) {
	epoll, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		t.Fatal(err)
	}
	defer Close(epoll)
	a, b := sockets(t)
	if err := unix.EpollCtl(epoll, unix.EPOLL_CTL_ADD, a, &unix.EpollEvent{Events: unix.EPOLLIN, Fd: 7}); err != nil {
		t.Fatal(err)
	}
	var events [4]unix.EpollEvent
	if n, errno := EpollWait(epoll, events[:], 1); n != 0 || errno != 0 {
		t.Errorf("nothing happens: %d, %v", n, errno)
	}
	if _, errno := Give(b, []byte("x")); errno != 0 {
		t.Fatal(errno)
	}
	if n, errno := EpollWait(epoll, events[:], 1); n != 1 || errno != 0 || events[0].Fd != 7 {
		t.Errorf("something happens: %d, %v, %v", n, errno, events[0])
	}
}
