package relay

import (
	"encoding/hex"
	"fmt"
	"io"
	"strconv"
	"strings"
	"sync"

	"box/plan"
	"box/spec"

	"golang.org/x/sys/unix"
)

// What the net process is told by its words (netns.Argv), and what it and pid 1 tell each other: records of plan, one a packet.

// Told is what the words of the net process say.
type Told struct {
	Network  spec.Network
	Hostname string // the sandbox's own, or ""
}

// Read returns what the words of the net process say, without the first, and the descriptor for its log, -1 if there is none. An
// error is for words that box does not write: somebody else has started the program by that name.
func Read(words []string) (t Told, log int, err error) {
	log = -1
	if len(words) == 0 {
		return t, log, errWords
	}
	n := &t.Network
	switch words[0] {
	case "names":
		n.Mode = spec.NetNames
	case "none":
	default:
		return t, log, errWords
	}
	for _, word := range words[1:] {
		verb, rest, _ := strings.Cut(word, " ")
		switch verb {
		case "allow":
			err = readRule(rest, &n.Allow)
		case "deny":
			err = readRule(rest, &n.Deny)
		case "publish":
			err = readPort(rest, &n.Publish)
		case "host":
			t.Hostname = rest
		case "log":
			log, err = strconv.Atoi(rest)
		default:
			err = errWords
		}
		if err != nil {
			return t, -1, err
		}
	}
	return t, log, nil
}

// misuse is an error that needs nothing to be initialised.
type misuse string

func (m misuse) Error() string { return string(m) }

const errWords = misuse("this is a program of box's own, which only box starts")

// wireFields reads numbers and an address from the front of a word, and returns the rest.
func wireFields(word string, numbers []uint64, addr *[16]byte) (rest string, err error) {
	for i := range numbers {
		var digits string
		digits, word, _ = strings.Cut(word, " ")
		if numbers[i], err = strconv.ParseUint(digits, 10, 16); err != nil {
			return "", errWords
		}
	}
	digits, rest, _ := strings.Cut(word, " ")
	if len(digits) != 2*len(addr) {
		return "", errWords
	}
	if _, err := hex.Decode(addr[:], []byte(digits)); err != nil {
		return "", errWords
	}
	return rest, nil
}

func readRule(word string, to *[]spec.NetRule) error {
	var r spec.NetRule
	var n [3]uint64
	rest, err := wireFields(word, n[:], &r.Addr)
	if err != nil {
		return err
	}
	r.Kind, r.Port, r.Bits = spec.NetKind(n[0]), uint16(n[1]), uint8(n[2])
	r.Name, r.Word, _ = strings.Cut(rest, " ")
	if r.Name == "-" {
		r.Name = ""
	}
	if r.Kind < spec.NetName || r.Kind > spec.NetHostPort || n[2] > 128 {
		return errWords
	}
	*to = append(*to, r)
	return nil
}

func readPort(word string, to *[]spec.NetPort) error {
	var p spec.NetPort
	var n [2]uint64
	rest, err := wireFields(word, n[:], &p.Addr)
	if err != nil {
		return err
	}
	p.Outside, p.Inside, p.Word = uint16(n[0]), uint16(n[1]), rest
	*to = append(*to, p)
	return nil
}

// Wire is the socket to pid 1 of the sandbox.
type Wire struct {
	FD int
	mu sync.Mutex // one request at a time
}

// Take receives what pid 1 has made in the sandbox: it fills Listeners, DNS, Raw and Inside of c. It returns io.EOF if pid 1 has
// ended before it had made all.
func (w *Wire) Take(c *Config) error {
	c.Inside = w
	for {
		r, fd, err := w.receive()
		switch {
		case err != nil:
			return err
		case r.Kind == plan.NetAll:
			return nil
		case fd < 0:
			return fmt.Errorf("a descriptor is missing: the limit for descriptors is reached, ulimit -H -n")
		case r.Kind == plan.NetTCP:
			c.Listeners = append(c.Listeners, fd)
		case r.Kind == plan.NetDNS:
			c.DNS = append(c.DNS, fd)
		case r.Kind == plan.NetRaw:
			c.Raw = append(c.Raw, fd)
		default:
			return errWords
		}
	}
}

// Ready tells pid 1 that it can begin.
func (w *Wire) Ready() error { return Send(w.FD, plan.Record{Kind: plan.NetReady}) }

// Socket asks pid 1 for a TCP socket of the sandbox; family is AF_INET or AF_INET6. The error is an errno of socket(2) there, or
// io.EOF if pid 1 has ended.
func (w *Wire) Socket(family int) (fd int, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := Send(w.FD, plan.Record{Kind: plan.NetSocket, Value: uint32(family)}); err != nil {
		return -1, err
	}
	r, fd, err := w.receive()
	switch {
	case err != nil:
		return -1, err
	case fd < 0 && r.Value != 0:
		return -1, unix.Errno(r.Value)
	case fd < 0:
		return -1, unix.EMFILE
	}
	return fd, nil
}

// receive takes a record, and the descriptor that came with it, or -1.
func (w *Wire) receive() (r plan.Record, fd int, err error) {
	var data [packetSize]byte
	control := make([]byte, unix.CmsgSpace(4))
	for {
		n, nc, _, _, err := unix.Recvmsg(w.FD, data[:], control, unix.MSG_CMSG_CLOEXEC)
		switch {
		case err == unix.EINTR:
			continue
		case err != nil:
			return r, -1, err
		case n == 0:
			return r, -1, io.EOF
		case n != packetSize:
			return r, -1, errWords
		}
		return recordOf(data), passed(control[:nc]), nil
	}
}

// passed returns the first descriptor of a control message, or -1. Others than one are not sent.
func passed(control []byte) int {
	messages, err := unix.ParseSocketControlMessage(control)
	if err != nil {
		return -1
	}
	for i := range messages {
		if fds, err := unix.ParseUnixRights(&messages[i]); err == nil && len(fds) > 0 {
			return fds[0]
		}
	}
	return -1
}

const packetSize = 12

func recordOf(data [packetSize]byte) plan.Record {
	word := func(at int) uint32 {
		return uint32(data[at]) | uint32(data[at+1])<<8 | uint32(data[at+2])<<16 | uint32(data[at+3])<<24
	}
	return plan.Record{Kind: word(0), Step: word(4), Value: word(8)}
}

// Send sends a record over a socket.
func Send(fd int, r plan.Record) error {
	var data [packetSize]byte
	for i, v := range [...]uint32{r.Kind, r.Step, r.Value} {
		data[4*i], data[4*i+1], data[4*i+2], data[4*i+3] = byte(v), byte(v>>8), byte(v>>16), byte(v>>24)
	}
	for {
		err := unix.Send(fd, data[:], unix.MSG_NOSIGNAL)
		if err != unix.EINTR {
			return err
		}
	}
}

// Order receives what the monitor wants, without waiting: the kind of its record. It returns io.EOF if the monitor has ended.
func Order(fd int) (kind uint32, err error) {
	var data [packetSize]byte
	n, _, err := unix.Recvfrom(fd, data[:], unix.MSG_DONTWAIT)
	switch {
	case err != nil:
		return 0, err
	case n != packetSize:
		return 0, io.EOF
	}
	return recordOf(data).Kind, nil
}

// SendText sends a text to the monitor, as why the net process can't begin: at most as long as a path.
func SendText(fd int, text string) {
	data := append([]byte(text), 0)
	data = append(data, make([]byte, 7)...)
	for len(data) >= 8 {
		var words [packetSize]byte
		copy(words[4:], data[:8])
		r := recordOf(words)
		r.Kind = plan.Text
		if Send(fd, r) != nil {
			return
		}
		data = data[8:]
	}
}
