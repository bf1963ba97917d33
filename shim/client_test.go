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
				for !host.PendingWithin(fd, unix.POLLIN, 1e9) { // the wait can be interrupted
				}
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
