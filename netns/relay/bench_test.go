package relay

import (
	"fmt"
	"io"
	"net"
	"strconv"
	"testing"

	"golang.org/x/sys/unix"
)

// BenchmarkStream measures CPU time, client and server included: elapsed time says little on a machine that does other things.
func BenchmarkStream(b *testing.B) {
	lab(b)
	const size = 1 << 20
	port := serve(b, func(c net.Conn) {
		_, _ = io.CopyBuffer(struct{ io.Writer }{io.Discard}, struct{ io.Reader }{c}, make([]byte, size))
	})
	s := start(b, fmt.Sprintf("good.example:%d", port), "")
	c := s.connect("good.example", port)
	block := make([]byte, size)
	b.SetBytes(size)
	before := cpuTime()
	for b.Loop() {
		if _, err := c.Write(block); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric((cpuTime()-before)/float64(b.N)/size*1e9, "CPU-s/GB")
}

func cpuTime() float64 {
	var u unix.Rusage
	_ = unix.Getrusage(unix.RUSAGE_SELF, &u)
	return float64(u.Utime.Sec+u.Stime.Sec) + float64(u.Utime.Usec+u.Stime.Usec)/1e6
}

// BenchmarkTrip is 64 bytes to a server and back.
func BenchmarkTrip(b *testing.B) {
	lab(b)
	port := serve(b, echo)
	s := start(b, fmt.Sprintf("good.example:%d", port), "")
	direct, err := net.Dial("tcp", net.JoinHostPort(srvIP4, strconv.Itoa(int(port))))
	must(b, err)
	for name, c := range map[string]net.Conn{"relay": s.connect("good.example", port), "veth": direct} {
		b.Run(name, func(b *testing.B) {
			before, block := cpuTime(), make([]byte, 64)
			for b.Loop() {
				if _, err := c.Write(block); err != nil {
					b.Fatal(err)
				}
				if _, err := io.ReadFull(c, block); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric((cpuTime()-before)/float64(b.N)*1e6, "CPU-µs")
		})
	}
}
