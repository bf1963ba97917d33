package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"strconv"
	"syscall"
	"time"
)

// client is one measurement, in the sandbox or whatever it is compared with: client CASE HOST. It says "ready", waits for a line,
// prints the result and waits for the end of its input, so that its processes can be counted while they are there.
func client(args []string) error {
	host := args[1]
	input := bufio.NewReader(os.Stdin)
	run, err := cases[args[0]].client(host)
	if err != nil {
		return err
	}
	fmt.Fprintln(os.Stdout, "ready")
	if _, err := input.ReadString('\n'); err != nil {
		return err
	}
	result, err := run()
	if err != nil {
		return err
	}
	fmt.Fprintln(os.Stdout, strconv.FormatFloat(result, 'g', -1, 64))
	_, _ = io.Copy(io.Discard, input)
	return nil
}

// streamSize is how many bytes a stream moves.
const streamSize = 1 << 30

func dial(host string, port int) (net.Conn, error) {
	return net.DialTimeout("tcp", net.JoinHostPort(host, strconv.Itoa(port)), 20*time.Second)
}

// up returns Gbit/s.
func up(host string) (func() (float64, error), error) {
	c, err := dial(host, portSink)
	return func() (float64, error) {
		block, begin := make([]byte, bufferSize), time.Now()
		for left := streamSize; left > 0; left -= bufferSize {
			if _, err := c.Write(block); err != nil {
				return 0, err
			}
		}
		if t, ok := c.(*net.TCPConn); !ok || t.CloseWrite() != nil {
			return 0, errors.New("the end can't be sent")
		}
		var got int64
		if _, err := fmt.Fscanln(c, &got); err != nil || got != streamSize {
			return 0, fmt.Errorf("%d bytes arrived: %w", got, err)
		}
		return streamSize * 8 / 1e9 / time.Since(begin).Seconds(), nil
	}, err
}

// down returns Gbit/s.
func down(host string) (func() (float64, error), error) {
	c, err := dial(host, portSource)
	return func() (float64, error) {
		begin := time.Now()
		if _, err := fmt.Fprintln(c, streamSize); err != nil {
			return 0, err
		}
		got, err := io.CopyBuffer(struct{ io.Writer }{io.Discard}, struct{ io.Reader }{c}, make([]byte, bufferSize))
		if err != nil || got != streamSize {
			return 0, fmt.Errorf("%d bytes arrived: %w", got, err)
		}
		return streamSize * 8 / 1e9 / time.Since(begin).Seconds(), nil
	}, err
}

// roundTrip returns the µs of 64 bytes and back.
func roundTrip(host string) (func() (float64, error), error) {
	c, err := dial(host, portEcho)
	return func() (float64, error) {
		block := make([]byte, 64)
		const n = 5000
		begin := time.Now()
		for range n {
			if _, err := c.Write(block); err != nil {
				return 0, err
			}
			if _, err := io.ReadFull(c, block); err != nil {
				return 0, err
			}
		}
		return time.Since(begin).Seconds() * 1e6 / n, nil
	}, err
}

// ask connects, asks and reads the answer.
func ask(host string) error {
	c, err := dial(host, portRequest)
	if err != nil {
		return err
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(30 * time.Second))
	if _, err := io.WriteString(c, "GET / HTTP/1.1\r\nHost: srv.test\r\n\r\n"); err != nil {
		return err
	}
	all, err := io.ReadAll(c)
	if err == nil && len(all) < 40 {
		err = io.ErrUnexpectedEOF
	}
	return err
}

// resolved returns an address for a name: what is measured is the network and not the resolver.
func resolved(host string) (string, error) {
	all, err := net.LookupHost(host)
	if err != nil {
		return "", err
	}
	return all[0], nil
}

// connects returns the median µs of a connection with a request.
func connects(host string) (func() (float64, error), error) {
	host, err := resolved(host)
	return func() (float64, error) {
		var all []float64
		for range 300 {
			begin := time.Now()
			if err := ask(host); err != nil {
				return 0, err
			}
			all = append(all, time.Since(begin).Seconds()*1e6)
		}
		slices.Sort(all)
		return all[len(all)/2], nil
	}, err
}

// parallel returns the ms of 1000 requests at once.
func parallel(host string) (func() (float64, error), error) {
	host, err := resolved(host)
	return func() (float64, error) {
		done, begin := make(chan error), time.Now()
		const n = 1000
		for range n {
			go func() { done <- ask(host) }()
		}
		failed := 0
		for range n {
			if err := <-done; err != nil {
				failed++
			}
		}
		if failed > 0 {
			return 0, fmt.Errorf("%d requests fail", failed)
		}
		return time.Since(begin).Seconds() * 1e3, nil
	}, err
}

// afterDead returns the ms of five requests while 20 connections get no answer.
func afterDead(host string) (func() (float64, error), error) {
	dead := deadIP
	if host != srvIP {
		var err error
		if dead, err = resolved("dead.test"); err != nil {
			return nil, err
		}
	}
	host, err := resolved(host)
	for range 20 {
		go func() { _, _ = dial(dead, portRequest) }()
	}
	time.Sleep(300 * time.Millisecond)
	return func() (float64, error) {
		begin := time.Now()
		for range 5 {
			if err := ask(host); err != nil {
				return 0, err
			}
		}
		return time.Since(begin).Seconds() * 1e3, nil
	}, err
}

// idle holds 1000 connections; the processes are looked at meanwhile.
func idle(host string) (func() (float64, error), error) {
	host, err := resolved(host)
	return func() (float64, error) {
		_ = syscall.Setrlimit(syscall.RLIMIT_NOFILE, &syscall.Rlimit{Cur: 4096, Max: 4096})
		for range 1000 {
			c, err := dial(host, portEcho)
			if err != nil {
				return 0, err
			}
			if _, err := c.Write([]byte("x")); err != nil {
				return 0, err
			}
			if _, err := c.Read(make([]byte, 1)); err != nil {
				return 0, err
			}
			held = append(held, c)
		}
		return float64(len(held)), nil
	}, err
}

var held []net.Conn
