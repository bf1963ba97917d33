package register

import (
	"box/internal/early"
	"box/internal/host"

	"golang.org/x/sys/unix"
)

// Box is the directory of one box, open.
type Box struct {
	Name string
	in   *Register
	dir  int // STATE/boxes/NAME
	lock int // STATE/boxes/NAME/lock if Create has taken it or Take has, else -1
	next int // what Put writes to, if Ready has made it; 0 is nothing
	id   [idSize]byte
}

const idSize = 12

// Definition is how a box is started.
type Definition struct {
	Words   []string // of the command line, after run
	Env     []string // the variables of the caller that count
	Dir     string   // the working directory
	Policy  string   // the system call policy
	Command []string // what runs, for people to read
	Version string   // of the box that made it
	Remove  bool     // the directory goes when the box ends: --rm
	Volumes []string // the names of those that it uses
}

// ID returns the box's number: 12 hexadecimal digits that no other box has had.
func (b *Box) ID() string { return early.String(b.id[:]) }

// Register returns where the box is noted.
func (b *Box) Register() *Register { return b.in }

// Dir returns the descriptor of the directory.
func (b *Box) Dir() int { return b.dir }

// LockFD returns the descriptor that has the lock, or -1.
func (b *Box) LockFD() int { return b.lock }

// Close closes the directory, and lets go of the lock unless another process has its description.
func (b *Box) Close() {
	if b.lock >= 0 {
		host.Close(b.lock)
	}
	if b.next != 0 {
		host.Close(b.next)
	}
	host.Close(b.dir)
	b.dir, b.lock, b.next = -1, -1, 0
}

// Create makes the directory of a new box and takes its lock: all of its files are written by the time it has its name. ErrTaken:
// another box has that. Other errors are *Error: ENOLCK is from a file system without locks.
func (r *Register) Create(b *Box, name string, d *Definition) error {
	*b = Box{Name: name, in: r, dir: -1, lock: -1}
	b.number()
	if _, errno := host.Look(r.boxes, name); errno == 0 {
		return taken()
	}
	draft := early.Concat(".new-", b.ID())
	errno := host.MakeDir(r.boxes, draft, 0o700)
	if errno == 0 {
		b.dir, errno = host.OpenAt(r.boxes, draft, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_NOFOLLOW)
	}
	if errno != 0 {
		return problem("make", early.Concat(r.State, "/boxes/", name), errno)
	}
	what, errno := b.take()
	if errno == 0 {
		what, errno = "box", b.define(d)
	}
	if errno == 0 {
		what, errno = "", host.RenameIn(r.boxes, draft, name)
	}
	if errno == 0 {
		return nil
	}
	b.empty()
	host.RemoveAt(r.boxes, draft, unix.AT_REMOVEDIR)
	b.Close()
	if what == "" && errno == unix.EEXIST {
		return taken()
	}
	if what == "" {
		return problem("make", early.Concat(r.State, "/boxes/", name), errno)
	}
	do := "write"
	if what == "lock" {
		do = what
	}
	return problem(do, early.Concat(r.State, "/boxes/", name, "/", what), errno)
}

// Again opens a box that is there already, and whose lock this process has got from another one: lock. An error is a *Error.
func (r *Register) Again(b *Box, name string, lock int) error {
	*b = Box{Name: name, in: r, lock: lock}
	fd, errno := host.OpenAt(r.boxes, name, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_NOFOLLOW)
	if errno != 0 {
		return problem("open", early.Concat(r.State, "/boxes/", name), errno)
	}
	b.dir = fd
	if !b.readID() {
		host.Close(fd)
		return problem("read", early.Concat(r.State, "/boxes/", name, "/box"), unix.EINVAL)
	}
	host.RemoveAt(b.dir, "live", 0)
	host.RemoveAt(b.dir, "exit", 0)
	return nil
}

// readID reads the box's number, and reports whether there is one.
func (b *Box) readID() bool {
	fd, errno := host.OpenAt(b.dir, "box", unix.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK)
	if errno != 0 {
		return false
	}
	var data [64]byte
	n, errno := host.Read(fd, data[:])
	host.Close(fd)
	const before = "format=1\x00id="
	if errno != 0 || n < len(before)+idSize || early.String(data[:len(before)]) != before {
		return false
	}
	copy(b.id[:], data[len(before):])
	return true
}

// number gives the box its number.
func (b *Box) number() {
	const digits = "0123456789abcdef"
	var random [idSize]byte
	if host.Random(random[:]) != 0 {
		for i, n := 0, uint64(host.Now())^uint64(host.PID())<<40; i < idSize; i, n = i+1, n>>4 {
			random[i] = byte(n)
		}
	}
	for i, c := range random {
		b.id[i] = digits[c&15]
	}
}

// take takes the lock. EAGAIN: somebody has it.
func (b *Box) take() (what string, errno unix.Errno) {
	const flags = unix.O_RDWR | unix.O_CREAT | unix.O_NOFOLLOW
	b.lock, errno = host.CreateAt(b.dir, "lock", flags, 0o600)
	if errno == 0 {
		errno = host.Lock(b.lock)
	}
	if errno != 0 && b.lock >= 0 {
		host.Close(b.lock)
		b.lock = -1
	}
	return "lock", errno
}

// define writes what does not change, in one file: to make one takes as long as all other calls for it.
func (b *Box) define(d *Definition) unix.Errno {
	here, errno := host.Look(host.Here, ".")
	if errno != 0 {
		return errno
	}
	remove := ""
	if d.Remove {
		remove = "yes"
	}
	var w writer
	if errno := w.begin(b.dir, "box"); errno != 0 {
		return errno
	}
	w.fact("format", "1")
	w.fact("id", b.ID())
	w.fact("created", number(uint64(host.Now())))
	w.fact("policy", d.Policy)
	w.fact("version", d.Version)
	w.fact("remove", remove)
	w.fact("dir", d.Dir)
	w.fact("device", number(here.Dev))
	w.fact("inode", number(here.Ino))
	for _, word := range d.Command {
		w.fact("command", word)
	}
	for _, word := range d.Words {
		w.fact("word", word)
	}
	for _, variable := range d.Env {
		w.fact("env", variable)
	}
	for _, volume := range d.Volumes {
		w.fact("volume", volume)
	}
	w.fact("whole", "yes")
	return w.end()
}

// number returns a number in decimal.
func number(n uint64) string {
	return early.String(early.Digits(early.Buffer(early.MaxDigits), n, 10))
}

// writer collects what is written to a file: words, each ended by a NUL.
type writer struct {
	fd    int
	errno unix.Errno
	n     int
	data  [4 << 10]byte
}

// begin begins a file anew.
func (w *writer) begin(dir int, name string) (errno unix.Errno) {
	const flags = unix.O_WRONLY | unix.O_CREAT | unix.O_TRUNC | unix.O_NOFOLLOW
	w.fd, errno = host.CreateAt(dir, name, flags, 0o600)
	return errno
}

// fact adds the word NAME=value.
func (w *writer) fact(name, value string) {
	w.add(name)
	w.add("=")
	w.add(value)
	w.add("\x00")
}

// end writes what is left, and closes the file.
func (w *writer) end() unix.Errno {
	w.flush()
	host.Close(w.fd)
	return w.errno
}

func (w *writer) add(text string) {
	for text != "" {
		n := copy(w.data[w.n:], text)
		w.n, text = w.n+n, text[n:]
		if w.n == len(w.data) {
			w.flush()
		}
	}
}

func (w *writer) flush() {
	if w.errno == 0 {
		w.errno = host.WriteAll(w.fd, early.String(w.data[:w.n]))
	}
	w.n = 0
}

// Ready makes the file that Put writes next, for a monitor that has nothing else to do: to make one takes longer than to write it.
func (b *Box) Ready() unix.Errno {
	if b.next != 0 {
		return 0
	}
	var w writer
	errno := w.begin(b.dir, ".new")
	if errno == 0 {
		b.next = w.fd
	}
	return errno
}

// Put writes a file under another name and gives it its own then: who reads it finds all of it, or what was there before. It is for
// the monitor: live and exit. The words are NAME=value.
func (b *Box) Put(name string, list []string) unix.Errno {
	if errno := b.Ready(); errno != 0 {
		return errno
	}
	var w writer
	w.fd, b.next = b.next, 0
	for _, word := range list {
		w.add(word)
		w.add("\x00")
	}
	if errno := w.end(); errno != 0 {
		return errno
	}
	return host.Replace(b.dir, ".new", name)
}

// empty removes what is in the directory. What is no file stays.
func (b *Box) empty() {
	var names host.Names
	if !names.OpenAt(b.dir, ".") {
		return
	}
	for name := names.Next(); name != ""; name = names.Next() {
		host.RemoveAt(b.dir, name, 0)
	}
}

// Discard removes the box. It is for who has the lock, and keeps that: somebody who has opened the file still waits for it.
func (b *Box) Discard() {
	old := early.Concat(".old-", b.ID())
	if host.RenameIn(b.in.boxes, b.Name, old) == 0 {
		b.empty()
		host.RemoveAt(b.in.boxes, old, unix.AT_REMOVEDIR)
	}
}
