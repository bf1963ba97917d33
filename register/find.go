package register

import (
	"errors"
	"os"
	"sort"
	"strconv"
	"strings"

	"box/internal/early"
	"box/internal/host"

	"golang.org/x/sys/unix"
)

// What verbs ask. All of it needs the Go runtime.

// Find opens a box by its name, or by its number. ErrNone: there is none.
func (r *Register) Find(name string) (*Box, error) {
	early.Ordinary()
	if !IsName(name) {
		return nil, ErrNone
	}
	b, err := r.named(name)
	if !errors.Is(err, ErrNone) || len(name) != idSize {
		return b, err
	}
	list, wrong := r.List()
	if wrong != nil {
		return nil, err
	}
	b = nil
	for _, other := range list {
		if other.ID() == name {
			b, err = other, nil
		} else {
			other.Close()
		}
	}
	return b, err
}

// named is Find for a name. EACCES: the directory is somebody else's, or others may write there.
func (r *Register) named(name string) (*Box, error) {
	dir, errno := host.OpenAt(r.boxes, name, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_NOFOLLOW)
	if errno == unix.ENOENT {
		return nil, ErrNone
	}
	if errno != 0 {
		return nil, problem("open", r.State+"/boxes/"+name, errno)
	}
	if f, errno := host.Look(dir, ""); errno != 0 || !ours(f) {
		host.Close(dir)
		return nil, problem("open", r.State+"/boxes/"+name, unix.EACCES)
	}
	b := &Box{Name: name, in: r, dir: dir, lock: -1}
	b.readID()
	return b, nil
}

// List opens all boxes, sorted by name. Close each.
func (r *Register) List() ([]*Box, error) {
	early.Ordinary()
	var list []*Box
	r.Unread = nil
	var names host.Names
	if !names.OpenAt(r.boxes, ".") {
		return nil, problem("read", r.State+"/boxes", unix.EACCES)
	}
	for name := names.Next(); name != ""; name = names.Next() {
		if !IsName(name) {
			continue // a draft
		}
		b, err := r.named(strings.Clone(name))
		if err == nil {
			list = append(list, b)
		} else if !errors.Is(err, ErrNone) {
			r.Unread = append(r.Unread, err)
		}
	}
	sort.Slice(list, func(i, j int) bool { return list[i].Name < list[j].Name })
	return list, nil
}

// State is how a box is.
type State int

// The states. Up: a monitor holds the lock, or what it has left is ending. Exited: it has ended, and is known how. Lost: nobody
// holds the lock and nobody has said how it ended: the monitor was killed, or the machine began anew.
const (
	Up State = iota
	Exited
	Lost
)

// String returns the state as people read it.
func (s State) String() string { return [...]string{"Up", "Exited", "Lost"}[s] }

// State returns how the box is.
func (b *Box) State() State {
	if b.Held() || b.Lingers() {
		return Up
	}
	if b.Exit() != nil {
		return Exited
	}
	return Lost
}

// Rests reports whether the box is between two starts: it has ended, and its monitor starts it again.
func (b *Box) Rests() bool {
	live := b.Live()
	return live != nil && live.Number("init") == 0 && b.State() == Up
}

// Held reports whether a monitor has the lock.
func (b *Box) Held() bool {
	fd, errno := host.OpenAt(b.dir, "lock", unix.O_RDWR|unix.O_NOFOLLOW|unix.O_NONBLOCK)
	if errno != 0 {
		return false
	}
	defer host.Close(fd)
	held, _ := host.Locked(fd)
	return held
}

// Lingers reports whether pid 1 of a box without a monitor has not ended yet. It is found by its number and the time at which it
// began, on a machine that has not begun anew.
func (b *Box) Lingers() bool {
	live := b.Live()
	return live != nil && live.Value("boot") == BootID() && live.Value("init_start") != "" &&
		StartTime(live.Number("init")) == live.Value("init_start")
}

// Facts are the words NAME=value of a file.
type Facts []string

// Value returns the first value of a name, or "".
func (f Facts) Value(name string) string {
	for _, fact := range f {
		if value, ok := strings.CutPrefix(fact, name+"="); ok {
			return value
		}
	}
	return ""
}

// Values returns all values of a name.
func (f Facts) Values(name string) (values []string) {
	for _, fact := range f {
		if value, ok := strings.CutPrefix(fact, name+"="); ok {
			values = append(values, value)
		}
	}
	return values
}

// Number returns the value of a name as a number; 0 if it is not a number.
func (f Facts) Number(name string) int {
	n, err := strconv.Atoi(f.Value(name))
	if err != nil || n < 0 {
		return 0
	}
	return n
}

// Facts returns what Create has noted; nil if it is not whole. The names are: format, id, created (in nanoseconds since 1970),
// policy, version, remove (yes, or nothing), dir, device and inode (of the working directory), and for each word of their own:
// command, word (of the command line after run), env (a variable that the box is started with), volume (a name).
func (b *Box) Facts() Facts {
	facts := b.read("box")
	if facts.Value("whole") == "" {
		return nil
	}
	return facts
}

// Words returns the words of the command line after run.
func (f Facts) Words() []string { return f.Values("word") }

// Cwd returns the working directory that the box is started in, and its device and inode then.
func (f Facts) Cwd() (path string, device, inode uint64) {
	device, err := strconv.ParseUint(f.Value("device"), 10, 64)
	inode, wrong := strconv.ParseUint(f.Value("inode"), 10, 64)
	if errors.Join(err, wrong) != nil {
		return "", 0, 0
	}
	return f.Value("dir"), device, inode
}

// Live returns what the monitor has noted of its processes; nil if it has not yet. The names are: shim (the monitor's pid),
// shim_start, init (pid 1 of the box; 0 if it has ended and is started again soon), init_start, command (the pid of the command;
// init with --as-pid-1), boot, started, runtime (the directory of its socket), restarts (how often its monitor has started it
// again), and for each namespace that it has in common with another box: shares (its name in plan.SpaceKinds, the name of that box
// and its id). The times *_start are as in proc_pid_stat(5), started in nanoseconds since 1970.
func (b *Box) Live() Facts { return b.read("live") }

// RuntimeOf returns the descriptor of the directory that the socket of a box is in: that of the register, or another one that the
// monitor has noted, which the caller closes. It is below 0 if that is not there, or not the user's own.
func (r *Register) RuntimeOf(b *Box) int {
	path := b.Live().Value("runtime")
	if path == "" || path == r.Places.Runtime {
		return r.runtime
	}
	dir, errno := host.OpenAt(host.Here, path, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_NOFOLLOW)
	if errno != 0 {
		return -1
	}
	if f, errno := host.Look(dir, ""); errno != 0 || !ours(f) {
		host.Close(dir)
		return -1
	}
	return dir
}

// Exit returns what the monitor has noted of the end; nil if it has not. The names are: status (0 to 255), signal (a number, if one
// ended it), ended (nanoseconds since 1970), why: nothing if it has ended by itself, or one of stop, kill, time, caller, start (it
// could not be started again), space (with the box whose processes it shared), safety, lost (its pid 1 was killed).
func (b *Box) Exit() Facts { return b.read("exit") }

// sizeMax is more than any of these files has: a command line has 2 MiB at most, see execve(2).
const sizeMax = 8 << 20

// read returns the words of a file. It is nil if the file is not there or not whole: the last word, too, is ended by a NUL.
func (b *Box) read(name string) Facts {
	fd, errno := host.OpenAt(b.dir, name, unix.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK)
	if errno != 0 {
		return nil
	}
	f := os.NewFile(uintptr(fd), name)
	defer f.Close()
	info, err := f.Stat()
	if err != nil || !info.Mode().IsRegular() || info.Size() > sizeMax {
		return nil
	}
	data := make([]byte, info.Size())
	n, _ := f.ReadAt(data, 0)
	text := string(data[:n])
	if text == "" || text[len(text)-1] != 0 {
		return nil
	}
	return strings.Split(text[:len(text)-1], "\x00")
}

// Open opens one of the files for reading, such as log and log.1.
func (b *Box) Open(name string) (*os.File, error) {
	fd, errno := host.OpenAt(b.dir, name, unix.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK)
	if errno != 0 {
		return nil, problem("open", b.in.State+"/boxes/"+b.Name+"/"+name, errno)
	}
	return os.NewFile(uintptr(fd), name), nil
}

// Take takes the lock of a box that is not up, to start it again or to remove it. ErrUp: it is. ErrNone: somebody has removed it
// since it was found; another box may have its name by now.
func (b *Box) Take() error {
	_, errno := b.take()
	switch {
	case b.Gone():
		if errno == 0 {
			b.Unlock()
		}
		return ErrNone
	case errno == unix.EAGAIN || errno == unix.EACCES && b.Held():
		return ErrUp
	case errno != 0:
		return problem("lock", b.in.State+"/boxes/"+b.Name+"/lock", errno)
	}
	return nil
}

// Remove removes a box that is not up. ErrUp: it is.
func (b *Box) Remove() error {
	if err := b.Take(); err != nil {
		return err
	}
	if dir := b.in.RuntimeOf(b); dir >= 0 {
		host.RemoveAt(dir, b.ID()+".sock", 0)
		if dir != b.in.runtime {
			host.Close(dir)
		}
	}
	b.Discard()
	return nil
}

// Gone reports whether the box is no longer in the register: somebody else has removed it.
func (b *Box) Gone() bool {
	there, errno := host.Look(b.in.boxes, b.Name)
	here, wrong := host.Look(b.dir, "")
	return errno != 0 || wrong != 0 || !there.Same(here)
}

// Unlock lets go of the lock, unless another process has its description.
func (b *Box) Unlock() {
	host.Close(b.lock)
	b.lock = -1
}

// Sweep removes what is left of boxes whose start or removal was interrupted, and sockets that nobody listens at.
func (r *Register) Sweep() {
	early.Ordinary()
	keep := map[string]bool{}
	list, _ := r.List()
	for _, b := range list {
		keep[b.ID()+".sock"] = true
		b.Close()
	}
	r.sweepDrafts(keep)
	var names host.Names
	if !names.OpenAt(r.runtime, ".") {
		return
	}
	for name := names.Next(); name != ""; name = names.Next() {
		if strings.HasSuffix(name, ".sock") && len(name) == idSize+len(".sock") && !keep[name] && r.deserted(name) {
			host.RemoveAt(r.runtime, name, 0)
		}
	}
}

// deserted reports whether nobody listens at a socket. One that is listened at is a box's whose state is in another directory
// (XDG_STATE_HOME), or could not be read.
func (r *Register) deserted(name string) bool {
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return false
	}
	defer unix.Close(fd)
	path := "/proc/self/fd/" + strconv.Itoa(r.runtime) + "/" + name // sun_path is short, see unix(7)
	return unix.Connect(fd, &unix.SockaddrUnix{Name: path}) == unix.ECONNREFUSED
}

// sweepDrafts removes directories that have no name yet, or none any more, unless somebody has their lock. The sockets of those are
// kept.
func (r *Register) sweepDrafts(keep map[string]bool) {
	var names host.Names
	if !names.OpenAt(r.boxes, ".") {
		return
	}
	for name := names.Next(); name != ""; name = names.Next() {
		if !strings.HasPrefix(name, ".new-") && !strings.HasPrefix(name, ".old-") {
			continue
		}
		b, err := r.named(strings.Clone(name))
		if err != nil {
			continue
		}
		if b.Take() == nil {
			b.empty()
			host.RemoveAt(r.boxes, b.Name, unix.AT_REMOVEDIR)
		} else {
			keep[b.Name[len(".new-"):]+".sock"] = true
		}
		b.Close()
	}
}

// BootID returns the number of this start of the machine, see random(4); "" if it is not to be read.
func BootID() string {
	data, _ := os.ReadFile("/proc/sys/kernel/random/boot_id")
	return strings.TrimSpace(string(data))
}

// StartTime returns when a process began, see proc_pid_stat(5): "" if there is none.
func StartTime(pid int) string {
	if pid <= 0 {
		return ""
	}
	data, _ := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	end := strings.LastIndexByte(string(data), ')') // the name before it may have spaces
	fields := strings.Fields(string(data[end+1:]))
	const state, start = 3, 22
	if len(fields) <= start-state || fields[0] == "Z" || fields[0] == "X" {
		return ""
	}
	return fields[start-state]
}
