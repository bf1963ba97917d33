package shim

import (
	"strings"

	"box/internal/early"
	"box/internal/host"

	"golang.org/x/sys/unix"
)

// Handover is what a process that becomes a shim is told, by argv[0]. What is below 0, and an empty name, are not there.
type Handover struct {
	Report   int    // where the one who waits for the start hears of it
	Lock     int    // a descriptor with the lock of a box that is there already
	Listener int    // its socket
	Row      int    // how often it was started again in a row by itself, without having been up for long
	Total    int    // how often it was started again at all
	Name     string // of it
	// Again says that the process is to find out how the box is started, and to become its shim then.
	Again bool
}

// Nothing is the Handover of a shim that is a copy of another process.
var Nothing = Handover{Report: -1, Lock: -1, Listener: -1}

// What argv[0] begins with. Numbers follow, each with a colon, and the name.
const (
	prefix      = "box-shim:"
	againPrefix = "box-again:"
)

// String returns it as argv[0].
func (h *Handover) String() string {
	first := prefix
	if h.Again {
		first = againPrefix
	}
	return early.Concat(first, field(h.Report), field(h.Lock), field(h.Listener), field(h.Row), field(h.Total), h.Name)
}

// field returns a number with a colon, or nothing but that.
func field(n int) string {
	if n < 0 {
		return ":"
	}
	return early.Concat(decimal(uint64(n)), ":")
}

// Called reports whether argv[0] is that of a Handover, and what it says.
func Called(argv0 string) (h Handover, is bool) {
	var rest string
	switch {
	case strings.HasPrefix(argv0, prefix):
		rest = argv0[len(prefix):]
	case strings.HasPrefix(argv0, againPrefix):
		h.Again, rest = true, argv0[len(againPrefix):]
	default:
		return Nothing, false
	}
	for _, n := range [...]*int{&h.Report, &h.Lock, &h.Listener, &h.Row, &h.Total} {
		text, after, found := strings.Cut(rest, ":")
		value, ok := small(text)
		if !found || !ok {
			return Nothing, false
		}
		*n, rest = value, after
	}
	h.Name = rest
	h.Row, h.Total = max(h.Row, 0), max(h.Total, 0)
	h.flag(unix.FD_CLOEXEC)
	return h, true
}

// small returns a number of few digits, or -1 for nothing.
func small(text string) (n int, ok bool) {
	if text == "" {
		return -1, true
	}
	for i := range len(text) {
		if text[i] < '0' || text[i] > '9' || n > 1<<20 {
			return 0, false
		}
		n = n*10 + int(text[i]-'0')
	}
	return n, true
}

// flag sets the flags of the descriptors, see fcntl(2), F_SETFD: 0 is for what the next program of the process has, too.
func (h *Handover) flag(flags int) {
	for _, fd := range [...]int{h.Report, h.Lock, h.Listener} {
		if fd >= 0 {
			host.Fcntl(fd, unix.F_SETFD, flags)
		}
	}
}

// Keep lets the next program of the process have the descriptors.
func (h *Handover) Keep() { h.flag(0) }
