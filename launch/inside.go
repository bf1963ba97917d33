package launch

import (
	"unsafe"

	"box/internal/early"
	"box/internal/host"
	"box/plan"
	"box/seccompprofile"
	"box/spec"

	"golang.org/x/sys/unix"
)

// How to be inside of a sandbox that runs: what a process has to take on, besides its namespaces, so that it is no more than
// the sandbox's own command. A sandbox with a name has it in a sealed memfd, see memfd_create(2), which it hands to whoever
// enters: that may be a box of another version. So it says what is so in the sandbox, and not by which calls.

// InsideFormat is the number of the format. One that adds a field at the end keeps it.
const InsideFormat = 1

// insideMagic begins a record.
const insideMagic = 0x0045444953584f42 // "BOXSIDE" and a NUL

// Bits of a record.
const (
	insideCores   = 1 << iota // core dumps are not limited
	insideGroups              // supplementary groups have been given up
	insideKeyring             // the session keyring is the caller's
	insideShares              // others can have its namespaces in common with it: see spec.Shares
	insideNested              // the command may make user namespaces
)

// tape is a record that is written or read, field by field. One without data only counts.
type tape struct {
	data []byte
	at   int
	bad  bool // it ends too early, or a field can't be
}

// number writes a field.
func (t *tape) number(n uint64) {
	if t.data != nil {
		*(*uint64)(unsafe.Pointer(&t.data[t.at])) = n
	}
	t.at += 8
}

// text writes a field of bytes: how many, and these, filled up to 8, with a NUL at least.
func (t *tape) text(s string) {
	t.number(uint64(len(s)))
	if t.data != nil {
		copy(t.data[t.at:], s)
	}
	t.at += (len(s) + 8) &^ 7
}

// readNumber reads a field; 0 if there is none.
func (t *tape) readNumber() uint64 {
	if len(t.data)-t.at < 8 {
		t.bad = true
		return 0
	}
	n := *(*uint64)(unsafe.Pointer(&t.data[t.at]))
	t.at += 8
	return n
}

// readText reads a field of bytes, which stay those of the record.
func (t *tape) readText() []byte {
	n := t.readNumber()
	if t.bad || n >= uint64(len(t.data)-t.at) {
		t.bad = true
		return nil
	}
	text := t.data[t.at : t.at+int(n) : t.at+int(n)]
	t.at = min(t.at+(int(n)+8)&^7, len(t.data))
	return text
}

// WriteInside returns a sealed memfd with how to be inside of the sandbox s, close-on-exec. It takes memory of b. Errors are
// those of memfd_create(2), write(2) and fcntl(2), and E2BIG for too many filters.
func WriteInside(b *plan.Builder, s *spec.Spec) (fd int, errno unix.Errno) {
	if len(s.Filters) > maxFilters {
		return -1, unix.E2BIG
	}
	var t tape
	t.inside(s)
	t.data, t.at = b.Scratch(t.at), 0
	t.inside(s)
	if fd, errno = host.Memfd("box"); errno != 0 {
		return -1, errno
	}
	n, errno := host.Write(fd, unsafe.String(unsafe.SliceData(t.data), len(t.data)))
	if errno == 0 && n < len(t.data) {
		errno = unix.ENOSPC
	}
	if errno == 0 {
		const all = unix.F_SEAL_SEAL | unix.F_SEAL_SHRINK | unix.F_SEAL_GROW | unix.F_SEAL_WRITE
		_, errno = host.Fcntl(fd, unix.F_ADD_SEALS, all)
	}
	if errno != 0 {
		host.Close(fd)
		return -1, errno
	}
	return fd, 0
}

// inside writes the fields.
func (t *tape) inside(s *spec.Spec) {
	bits := uint64(0)
	for bit, is := range [...]bool{s.Limits.Cores, s.IDs.Ranges, s.Life.Keyring, s.Shares(), s.Nested} {
		if is {
			bits |= 1 << bit
		}
	}
	l := &s.Limits
	for _, n := range [...]uint64{
		insideMagic, InsideFormat, bits, s.Caps.Keep, uint64(s.IDs.UID), uint64(s.IDs.GID), uint64(s.Life.Umask),
		l.Processes, l.Signals, l.Queues, l.Files, l.FilesMax,
	} {
		t.number(n)
	}
	t.text(s.Command.Dir)
	t.text(s.Labels.Exec)
	t.text(terminals(s))
	t.number(uint64(len(s.Filters)))
	for i := range s.Filters {
		t.number(uint64(s.Filters[i].Refuses))
		t.text(textOf(program(&s.Filters[i])))
	}
	t.number(uint64(len(s.Command.Env)))
	for _, e := range s.Command.Env {
		t.text(e)
	}
	t.number(uint64(max(s.Network.Mode, s.Network.Joined)))
	t.text(hostName(s))
}

// hostName returns the host name of a sandbox, or "" if it is the caller's.
func hostName(s *spec.Spec) (name string) {
	name = s.Join.HostName
	for i := range s.Tree {
		if s.Tree[i].Kind == spec.Hostname {
			name = s.Tree[i].Source
		}
	}
	return name
}

// program returns the program of a filter, or nil if it loads none.
func program(f *spec.Filter) []byte {
	switch {
	case f.Policy == seccompprofile.Off:
		return nil
	case f.Program == nil:
		return seccompprofile.Program(f.Policy, 0)
	}
	return f.Program
}

// terminals returns where the sandbox has its own multiplexer of terminals, from its root, or "" if it has none.
func terminals(s *spec.Spec) string {
	for i := range s.Tree {
		if s.Tree[i].Kind != spec.Dev {
			continue
		}
		if e, ok := s.Lookup(early.Concat(s.Tree[i].Dest, "/pts")); ok && e.Kind == spec.Dev {
			return s.Tree[i].Dest
		}
	}
	return ""
}

// Inside is what a record says. Its texts are those of the record.
type Inside struct {
	Keep     uint64 // capabilities
	UID, GID uint32
	Umask    uint32
	Groups   bool // supplementary groups are to be given up
	Keyring  bool // the session keyring stays as it is
	Limits   spec.Limits
	Dir      string
	Label    string
	Dev      string // a /dev of the sandbox's own, or ""
	env      tape   // its first field is how many there are

	Shares   bool         // namespaces: see spec.Shares
	Nested   bool         // the command may make user namespaces
	Network  spec.NetMode // what is reached by its network
	HostName string       // of its own, or ""

	filters [maxFilters]spec.Filter
	n       int // of filters
}

// maxFilters is more than a command line has in an early run.
const maxFilters = 16

// Read reads a record. It returns false for what is not one, or one of another format, and the number of that.
func (x *Inside) Read(data []byte) (format uint64, ok bool) {
	t := tape{data: data}
	if t.readNumber() != insideMagic {
		return 0, false
	}
	if format = t.readNumber(); format != InsideFormat {
		return format, false
	}
	bits := t.readNumber()
	x.Limits.Cores, x.Groups, x.Keyring = bits&insideCores != 0, bits&insideGroups != 0, bits&insideKeyring != 0
	x.Shares, x.Nested = bits&insideShares != 0, bits&insideNested != 0
	x.Keep, x.UID, x.GID, x.Umask = t.readNumber(), uint32(t.readNumber()), uint32(t.readNumber()), uint32(t.readNumber())
	l := &x.Limits
	l.Processes, l.Signals, l.Queues, l.Files, l.FilesMax = t.readNumber(), t.readNumber(), t.readNumber(), t.readNumber(),
		t.readNumber()
	x.Dir, x.Label, x.Dev = textOf(t.readText()), textOf(t.readText()), textOf(t.readText())
	n := t.readNumber()
	if n > maxFilters {
		return format, false
	}
	x.n = int(n)
	for i := range x.n {
		refuses := t.readNumber()
		x.filters[i] = spec.Filter{Refuses: spec.Refusals(refuses), Program: t.readText()}
	}
	x.env = t
	n = t.readNumber()
	for range min(n, uint64(len(data))) {
		t.readText()
	}
	x.Network, x.HostName = spec.NetMode(t.readNumber()), textOf(t.readText())
	return format, !t.bad && n <= uint64(len(data))
}

func textOf(data []byte) string { return unsafe.String(unsafe.SliceData(data), len(data)) }

// Environ appends the variables of the sandbox's command to list.
func (x *Inside) Environ(list []string) []string {
	t := x.env
	for range t.readNumber() {
		list = early.Append(list, textOf(t.readText()))
	}
	return list
}
