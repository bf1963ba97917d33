// Package shim is the monitor of a box with a name. It keeps what only it can keep: the namespaces, what the command writes, how
// the box ends; and it listens at a socket for clients, which do the rest. It lives beside the sandbox in launch's watch, as a
// launch.Companion.
//
// With --detach nobody waits for it. It is then a copy of the process that the user has started, which ends when the command has
// been executed; until then the copy ends with it, and keeps its standard error for what fails.
//
// All of it may run before the Go runtime: system calls by package host, fixed memory, nothing that allocates. The client side, in
// client.go, needs the runtime.
package shim

import (
	"unsafe"

	"box/internal/early"
	"box/internal/host"
	"box/launch"
	"box/register"
	"box/spec"

	"golang.org/x/sys/unix"
)

// Options say how a box with a name lives. They are set by flags.
type Options struct {
	Detach   bool                       // nobody waits for it, and its output goes to the log
	Input    bool                       // with Detach: the command's input stays open, for who attaches
	Replace  bool                       // a box that has the name is ended and removed
	Remove   bool                       // its directory goes when it ends
	Stop     unix.Signal                // what asks the command to end; 0 is SIGTERM
	Time     int64                      // nanoseconds after which it is asked to end; 0 is never
	LogLimit int64                      // bytes of each of the two files of the log; 0 is 8 MiB, and below 0 there is no log
	Shares   [len(spec.Joinable)]string // "KIND NAME ID" for each namespace that is another box's, or ""
	Space    int                        // pid 1 of the pid namespace of another box that it is in, or 0
	Restart  Restart
	Handover // of a process that is a shim from its beginning; else Nothing
}

// Shim is the one monitor of a process. It must not move, and its zero value watches nothing.
type Shim struct {
	Options
	Box      register.Box
	register register.Register
	on       bool
	started  bool
	begun    int64 // by host.Clock
	since    int64 // by host.Now
	set      int   // of what is waited for
	listener int
	bound    host.File // the listener's name
	timer    int
	killAt   int64 // of host.Clock; 0 is never
	stopAt   int64
	stderr   int    // the caller's, until the command has been executed
	write    [3]int // the command's ends of its pipes, and what becomes descriptor 2 of the shim itself
	read     [3]int // the shim's ends: stdout, stderr, what the shim itself has to say
	input    int    // the other end of the command's standard input
	master   int    // of the command's terminal
	spaces   launch.Spaces
	outer    int // the user namespace that owns the others
	inside   int // a sealed file: how to be inside
	pid      int // of pid 1
	command  int
	title    [2]uintptr
	why      string // who has ended the box
	again    bool   // it is to be started again: box restart
	resting  bool   // it has ended, and is started again soon
	log      log
	clients  [clientsMost]client
	packet   packet
}

// packet is one that was received.
type packet struct {
	Record
	data [Most]byte
}

// On reports whether the process is such a monitor.
func (s *Shim) On() bool { return s.on }

// HasStarted reports whether the command has been executed.
func (s *Shim) HasStarted() bool { return s.started }

// Prepare makes the box's directory, and the socket and the pipes. d says how the box is started again. Where and what words are in
// memory, title says: they are overwritten. An error is one of package register, or an Errno.
func (s *Shim) Prepare(p register.Places, d *register.Definition, title [2]uintptr) error {
	s.set, s.listener, s.timer, s.stderr, s.input, s.master, s.outer, s.inside = -1, -1, -1, -1, -1, -1, -1, -1
	s.log.fd = -1
	s.title = title
	s.Name = early.Concat(s.Name) // it may lie in the memory that title is
	for i := range s.read {
		s.read[i], s.write[i] = -1, -1
	}
	for i := range s.spaces {
		s.spaces[i] = -1
	}
	for i := range s.clients {
		s.clients[i].fd = -1
	}
	if err := s.register.Open(p); err != nil {
		return err
	}
	var err error
	if s.Lock >= 0 {
		err = s.register.Again(&s.Box, s.Name, s.Lock)
	} else {
		err = s.register.Create(&s.Box, s.Name, d)
	}
	if err == register.ErrTaken && s.Replace { //nolint:errorlint // it is never wrapped, and errors.Is may not run early
		if err = Evict(&s.register, s.Name); err == nil {
			err = s.register.Create(&s.Box, s.Name, d)
		}
	}
	if err != nil {
		return err
	}
	s.on = true
	if errno := s.open(); errno != 0 {
		s.Abandon()
		return host.Boxed(errno)
	}
	return nil
}

// open opens what the shim waits for.
func (s *Shim) open() (errno unix.Errno) {
	if s.set, errno = host.EventSet(); errno != 0 {
		return errno
	}
	if s.timer, errno = host.Timer(); errno != 0 {
		return errno
	}
	host.Watch(s.set, s.timer, unix.EPOLLIN, onTimer)
	if errno = s.listen(); errno != 0 {
		return errno
	}
	if s.Report >= 0 {
		host.Watch(s.set, s.Report, unix.EPOLLRDHUP, onReport)
	}
	if !s.Detach {
		return 0
	}
	return s.openOutput()
}

// openOutput opens the log and the pipes to it. They keep the size that pipes have: with larger ones some hundred boxes would use
// up what the kernel grants a user, and all the user's other programs would get pipes of 8 kB, see pipe-user-pages-soft in pipe(7).
func (s *Shim) openOutput() (errno unix.Errno) {
	if s.LogLimit < 0 {
		return 0
	}
	if errno = s.log.open(s.Box.Dir(), s.LogLimit); errno != 0 {
		return errno
	}
	for i := range s.read {
		pair, errno := host.Pipe()
		if errno != 0 {
			return errno
		}
		s.read[i], s.write[i] = int(pair[0]), int(pair[1])
		host.Fcntl(s.read[i], unix.F_SETFL, unix.O_NONBLOCK)
		host.Watch(s.set, s.read[i], unix.EPOLLIN, onOutput+int32(i))
	}
	host.Fcntl(s.write[own], unix.F_SETFL, unix.O_NONBLOCK) // the shim must not wait for itself
	return 0
}

// Redirect gives the command to come its standard descriptors, if nobody waits for it: standard error by life. After an error
// they are as before.
func (s *Shim) Redirect(life *spec.Life) (errno unix.Errno) {
	host.RaiseFiles() // what is on its way over sockets counts against the limit; the command has its own
	if !s.Detach {
		return 0
	}
	var pair [2]int32
	if s.Input {
		if pair, errno = host.Pipe(); errno != 0 {
			return errno
		}
	}
	null, errno := host.OpenAt(host.Here, "/dev/null", unix.O_RDWR)
	if errno != 0 {
		return errno
	}
	if s.stderr, errno = host.Fcntl(2, unix.F_DUPFD_CLOEXEC, 3); errno != 0 {
		s.stderr = -1
		return errno
	}
	host.Session()
	s.place(null, s.write[stdout], s.write[own]) // what the net process has to say is box's
	if life.Stderr = s.write[stderr]; life.Stderr < 0 {
		life.Stderr = null
	}
	if s.Input {
		host.Place(int(pair[0]), 0)
		host.Close(int(pair[0]))
		s.input = int(pair[1])
		host.Fcntl(s.input, unix.F_SETFL, unix.O_NONBLOCK)
	}
	if life.Stderr != null {
		host.Close(null)
	}
	return 0
}

// place gives descriptors the places of 0, 1 and 2; null is for those that are not there.
func (s *Shim) place(null int, out ...int) {
	host.Place(null, 0)
	for i, fd := range out {
		if fd < 0 {
			fd = null
		}
		host.Place(fd, 1+i)
	}
}

// Restore takes back what Redirect has done: the sandbox has it now, or will not be made. Standard error is the caller's again.
func (s *Shim) Restore() {
	if s.stderr < 0 {
		return
	}
	null, errno := host.OpenAt(host.Here, "/dev/null", unix.O_RDWR)
	if errno == 0 {
		s.place(null, null)
		host.Close(null)
	}
	host.Place(s.stderr, 2)
	for i := range s.write[:own] {
		if s.write[i] >= 0 {
			host.Close(s.write[i])
			s.write[i] = -1
		}
	}
}

// Abandon removes all that Prepare has made: the box has not started.
func (s *Shim) Abandon() {
	s.on = false
	s.Restore()
	if s.listener >= 0 {
		host.RemoveAt(s.register.Runtime(), s.socket(), 0)
		host.Close(s.listener)
	}
	if s.Lock >= 0 {
		return // the process ends, and with it the lock: until then it may note why, and the box is not Lost
	}
	s.Box.Discard()
	s.Box.Close()
}

// Spaces takes the namespaces over.
func (s *Shim) Spaces(spaces *launch.Spaces) {
	s.spaces = *spaces
	const mnt = 1
	s.outer, _ = host.NamespaceOwner(s.spaces[mnt])
}

// Started notes the processes, tells the one who waits, and lets go of the caller. If that one has ended meanwhile, the box has not
// started: nobody would hear of it.
func (s *Shim) Started(pid, command int) {
	if s.why == "caller" {
		return
	}
	s.pid, s.command, s.started, s.begun, s.since = pid, command, true, host.Clock(), host.Now()
	if command == 0 {
		s.command = pid
	}
	s.note()
	host.Watch(s.set, s.listener, unix.EPOLLIN, onListener)
	if s.Time > 0 {
		s.stopAt = s.begun + s.Time
		s.wind()
	}
	if !s.Detach {
		return
	}
	if null, errno := host.OpenAt(host.Here, "/dev/null", unix.O_RDWR); errno == 0 {
		s.place(null, null, s.write[own])
		host.Close(null)
	}
	host.Close(s.stderr)
	s.stderr = -1
	if s.write[own] >= 0 {
		host.Close(s.write[own])
		s.write[own] = -1
	}
	host.Chdir("/")
	host.Title(s.title[0], s.title[1], "box ", s.Box.Name)
	if s.Report >= 0 {
		p := &s.packet
		p.Record = Record{Format: Format, Kind: Done}
		n := copy(p.data[:], s.Box.ID())
		host.Send(s.Report, unsafe.Pointer(p), unsafe.Sizeof(p.Record)+uintptr(n))
		host.Unwatch(s.set, s.Report) // others may have its description for a moment
		host.Close(s.Report)
		s.Report = -1
	}
}

// note writes live: see register.Box.Live.
func (s *Shim) note() {
	mark := early.Mark()
	var list [10 + len(s.Shares)]string
	me := host.PID()
	list[0] = early.Concat("shim=", decimal(uint64(me)))
	list[1] = early.Concat("shim_start=", began(me))
	list[2] = early.Concat("init=", decimal(uint64(s.pid)))
	list[3] = early.Concat("init_start=", began(s.pid))
	list[4] = early.Concat("command=", decimal(uint64(s.command)))
	list[5] = early.Concat("boot=", bootID())
	list[6] = early.Concat("started=", decimal(uint64(s.since)))
	list[7] = "stop="
	if s.Stop != 0 {
		list[7] = early.Concat("stop=", decimal(uint64(s.Stop)))
	}
	list[8] = early.Concat("runtime=", s.register.Places.Runtime)
	list[9] = early.Concat("restarts=", decimal(uint64(s.Total)))
	n := 10
	for _, shares := range s.Shares {
		if shares != "" {
			list[n] = early.Concat("shares=", shares)
			n++
		}
	}
	s.Box.Put("live", list[:n])
	early.Release(mark)
}

// Halted is told that the command was stopped by a signal. If nobody waits for the box, nobody does who could let it go on: clients
// can, by SIGCONT, and the shim still has to answer them.
func (s *Shim) Halted(unix.Signal) bool { return s.Detach }

// Terminal takes the master of the command's terminal over, unless it is the caller's.
func (s *Shim) Terminal(master int) bool {
	if !s.Detach {
		return false
	}
	s.master = master
	host.Fcntl(master, unix.F_SETFL, unix.O_NONBLOCK)
	host.Watch(s.set, master, unix.EPOLLIN, onMaster)
	return true
}

// decimal returns a number in decimal.
func decimal(n uint64) string {
	return early.String(early.Digits(early.Buffer(early.MaxDigits), n, 10))
}

// bootID returns the number of this start of the machine, see random(4).
func bootID() string {
	buffer := early.Buffer(64)
	id := host.ReadFile("/proc/sys/kernel/random/boot_id", buffer)
	for len(id) > 0 && id[len(id)-1] == '\n' {
		id = id[:len(id)-1]
	}
	return id
}

// began returns when a process began, see proc_pid_stat(5): "" if that is not to be seen.
func began(pid int) string {
	var name early.Text
	name.Add("/proc/")
	name.AddNumber(uint64(pid))
	name.Add("/stat")
	buffer := early.Buffer(512)
	text := host.ReadFile(name.String(), buffer)
	for len(text) > 0 && text[len(text)-1] != ')' { // the name before it may have spaces
		text = text[:len(text)-1]
	}
	rest := early.String(buffer[len(text):])
	const start = 20 // fields after the name
	for range start {
		rest = after(rest)
	}
	for i := range len(rest) {
		if rest[i] == ' ' {
			return rest[:i]
		}
	}
	return ""
}

// after returns what comes after the first space.
func after(text string) string {
	for i := range len(text) {
		if text[i] == ' ' {
			return text[i+1:]
		}
	}
	return ""
}
