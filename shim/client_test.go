package shim

import (
	"errors"
	"path/filepath"
	"testing"
	"unsafe"

	"box/internal/host"
	"box/register"

	"golang.org/x/sys/unix"
)

// A monitor that begins anew to start its box again hangs up, with what it has not read. Who asks by Insist asks the new one.
func TestInsist(t *testing.T) {
	dir := t.TempDir()
	r, err := register.Open(register.Places{State: filepath.Join(dir, "state"), Runtime: filepath.Join(dir, "run")})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	var b register.Box
	if err := r.Create(&b, "web", &register.Definition{Words: []string{"true"}}); err != nil {
		t.Fatal(err)
	}
	listener, errno := host.Listen(r.Runtime(), b.ID()+".sock")
	if errno != 0 {
		t.Fatal(errno)
	}
	defer host.Close(listener)
	const status = 7
	end := func(c *Client) error {
		answer, _, err := c.Ask(Record{Kind: Stop})
		if err == nil && answer.Value != status {
			t.Errorf("the answer is %d", answer.Value)
		}
		return err
	}
	hangUp := func(times int) {
		for n := 0; n <= times; {
			host.PendingWithin(listener, unix.POLLIN, 1e9)
			fd, errno := host.Accept(listener)
			if errno != 0 {
				continue // the wait can be interrupted
			}
			if n == times {
				for asked := false; !asked; { // the wait can be interrupted
					asked = host.PendingWithin(fd, unix.POLLIN, 1e9)
				}
				var p packet
				host.Receive(fd, unsafe.Pointer(&p), unsafe.Sizeof(p), 0)
				answer := Record{Format: Format, Kind: Ended, Value: status}
				host.Send(fd, unsafe.Pointer(&answer), unsafe.Sizeof(answer))
			}
			host.Close(fd)
			n++
		}
	}

	// The control: without it the request is lost.
	done := make(chan bool)
	go func() { hangUp(1); done <- true }()
	c, err := Dial(r, &b)
	if err != nil {
		t.Fatal(err)
	}
	if err := end(c); !errors.Is(err, ErrDown) {
		t.Errorf("the control: %v", err)
	}
	c.Close()
	if err := Insist(r, &b, end); err != nil { // nobody hangs up any more
		t.Errorf("a monitor that answers: %v", err)
	}
	<-done

	go func() { hangUp(2); done <- true }()
	if err := Insist(r, &b, end); err != nil {
		t.Errorf("a monitor that hangs up twice: %v", err)
	}
	<-done

	// A box that has ended is asked once.
	go func() { hangUp(0); done <- true }()
	b.Unlock()
	calls := 0
	err = Insist(r, &b, func(*Client) error { calls++; return ErrDown })
	if !errors.Is(err, ErrDown) || calls != 1 {
		t.Errorf("a box that has ended: %v, asked %d times", err, calls)
	}
	<-done
}

// What a shim has said at its end is heard, also if it has closed the connection with a request unread.
func TestReceiveWhatCameBeforeTheEnd(t *testing.T) {
	for _, unread := range []int{0, 3} {
		pair, errno := host.SocketPair()
		if errno != 0 {
			t.Fatal(errno)
		}
		c := Client{int(pair[0])}
		for range unread {
			if err := c.Send(Record{Kind: Input}, []byte("typed")); err != nil {
				t.Fatal(err)
			}
		}
		last := Record{Format: Format, Kind: Ended, Value: 9}
		host.Send(int(pair[1]), unsafe.Pointer(&last), unsafe.Sizeof(last))
		host.Close(int(pair[1]))
		if r, _, _, err := c.Receive(Slow); err != nil || r != last {
			t.Errorf("with %d requests unread: %v, %v", unread, r, err)
		}
		if _, _, _, err := c.Receive(Slow); !errors.Is(err, ErrDown) {
			t.Errorf("after the end: %v", err)
		}
		c.Close()
	}
}
