package main

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
)

// The ports of the servers.
const (
	portSink    = 9001 // reads everything, then says how much it was
	portSource  = 9002 // sends as many bytes as a line asks for
	portEcho    = 9003
	portRequest = 9004 // answers one request
)

const bufferSize = 1 << 20

// serve runs all servers, without end.
func serve() error {
	for port, handle := range map[int]func(net.Conn){portSink: sink, portSource: source, portEcho: echo, portRequest: request} {
		l, err := net.Listen("tcp", fmt.Sprintf(":%d", port))
		if err != nil {
			return err
		}
		go accept(l, handle)
	}
	fmt.Fprintln(os.Stdout, "ready")
	select {}
}

func accept(l net.Listener, handle func(net.Conn)) {
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
}

func sink(c net.Conn) {
	n, _ := io.CopyBuffer(struct{ io.Writer }{io.Discard}, struct{ io.Reader }{c}, make([]byte, bufferSize))
	fmt.Fprintf(c, "%d\n", n)
}

func source(c net.Conn) {
	var size int64
	if _, err := fmt.Fscanln(c, &size); err != nil {
		return
	}
	block := make([]byte, bufferSize)
	for size > 0 {
		n, err := c.Write(block[:min(size, bufferSize)])
		if err != nil {
			return
		}
		size -= int64(n)
	}
}

func echo(c net.Conn) {
	buffer := make([]byte, 4096)
	for {
		n, err := c.Read(buffer)
		if err != nil {
			return
		}
		if _, err := c.Write(buffer[:n]); err != nil {
			return
		}
	}
}

func request(c net.Conn) {
	lines := bufio.NewReader(c)
	for {
		line, err := lines.ReadString('\n')
		if err != nil {
			return
		}
		if strings.TrimSpace(line) == "" {
			break
		}
	}
	_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello")
}
