package launch

import (
	"errors"
	"unsafe"

	"box/internal/early"
	"box/internal/host"

	"golang.org/x/sys/unix"
)

// ErrPlanted is returned by Wait if the sandbox was ended because a .git has appeared in the project. All about it has been told
// as News.
var ErrPlanted = errors.New("a .git has appeared in the project")

// UnwatchedError is returned by Start if new names can't be watched for, and nothing may start then.
type UnwatchedError struct{ Errno unix.Errno }

func (e *UnwatchedError) Error() string {
	return "new names in the project can't be watched for: " + e.Errno.Error()
}

// Unwrap returns the errno.
func (e *UnwatchedError) Unwrap() error { return e.Errno }

// newNames watches for names that appear at the top of the project. An event does not say who has made a name: the command, or
// the user outside.
//
// Most commands make nothing there. So it begins with a signal for whatever appears, which costs nothing at the end: see
// fcntl(2), F_NOTIFY. The first signal makes an inotify(7) instance, which knows what has appeared even if that is gone when box
// looks; close(2) of one that has had a watch waits for the kernel for 5 to 20 ms (synchronize_srcu).
type newNames struct {
	watch   int           // an inotify descriptor, or -1
	top     int           // the project's top, or -1
	signals bool          // there is a SIGIO when a name appears
	stirred bool          // there has been one, and nobody has looked yet
	errno   unix.Errno    // why there is no watch
	began   unix.Timespec // what changes from then on is new
	told    uint64        // bit n: Names[n] has appeared, and that has been dealt with
	planted bool          // a .git has appeared
	over    bool          // the sandbox has ended
	events  host.Events
	name    early.Text // what a held .git is called; from and as are for News of it
	from    early.Text
	as      early.Text
}

// gitDir is the name that ends a sandbox.
const gitDir = ".git"

// watchProject opens the project and watches it. It is for Start, before there is a sandbox: a descriptor leads to the directory
// that the sandbox gets, whatever its path leads to later.
func (b *Sandbox) watchProject() error {
	n, p := &b.names, &b.spec.Project
	n.watch, n.top, n.signals, n.stirred, n.told, n.planted, n.over = -1, -1, false, false, 0, false, false
	if p.Top == "" {
		return nil
	}
	n.began = host.RealTime()
	n.top, n.errno = host.OpenAt(host.Here, p.Source, unix.O_RDONLY|unix.O_DIRECTORY)
	if n.errno == 0 {
		n.begin()
	} else {
		n.top = -1
	}
	if n.errno != 0 && p.Required.Words != nil {
		n.close()
		early.Ordinary()
		return &UnwatchedError{n.errno}
	}
	return nil
}

// begin begins with signals if there are such. Else errno is 0 if there is an inotify instance.
func (n *newNames) begin() {
	if !early.Running() {
		letSIGIO()
	}
	if n.signals = host.NotifyCreate(n.top) == 0; !n.signals {
		n.errno = n.takeInstance()
	}
}

// letSIGIO lets the signal come even if the caller has blocked it. The Go runtime's threads, if it has begun, have a handler of
// box's.
//
//go:noinline
func letSIGIO() {
	early.Ordinary()
	block(unix.SIG_UNBLOCK, bit(unix.SIGIO))
}

// takeInstance makes an inotify instance that watches the top.
func (n *newNames) takeInstance() (errno unix.Errno) {
	if n.watch, errno = host.Inotify(); errno != 0 {
		n.watch = -1
		return errno
	}
	if errno = host.WatchDir(n.watch, n.top, unix.IN_CREATE|unix.IN_MOVED_TO|unix.IN_ONLYDIR); errno != 0 {
		host.Close(n.watch)
		n.watch = -1
	}
	return errno
}

// tells reports whether a signal tells of new names. One may have been on its way when an inotify instance took over.
func (n *newNames) tells(s unix.Signal) bool { return s == unix.SIGIO && (n.signals || n.watch >= 0) }

// unwatched reports whether nothing tells of new names.
func (n *newNames) unwatched() bool { return n.watch < 0 && !n.signals }

// close closes what is open.
func (n *newNames) close() {
	for _, fd := range [...]int{n.watch, n.top} {
		if fd >= 0 {
			host.Close(fd)
		}
	}
	n.watch, n.top = -1, -1
}

// beginNames tells that there is no watch, or looks for what has appeared before there was one.
func (b *Sandbox) beginNames() error {
	n := &b.names
	switch {
	case b.spec.Project.Top == "":
		return nil
	case n.top < 0:
		b.report(News{What: Unseen, Errno: n.errno})
		return nil
	case n.unwatched():
		b.report(News{What: Unwatched, Errno: n.errno})
		return nil
	}
	return b.lookAtNames()
}

// stir is told by a signal that something has appeared, whatever its name. It returns ErrPlanted when the sandbox has to end.
// Without an inotify instance, each signal has box look.
func (b *Sandbox) stir() error {
	n := &b.names
	n.stirred = false
	if n.signals && n.takeInstance() == 0 {
		host.NotifyNothing(n.top)
		n.signals = false
	}
	return b.lookAtNames()
}

// tookNames takes what events there are. It returns ErrPlanted when the sandbox has to end.
func (b *Sandbox) tookNames() error {
	n := &b.names
	// A buffer that is nearly full is a flood of events. What is behind it is not waited for.
	size := n.events.Read(n.watch)
	look := size > int(unsafe.Sizeof(n.events))/2
	for {
		event, name, ok := n.events.Next()
		if !ok {
			break
		}
		i := b.watched(name)
		if i >= 0 {
			b.appeared(i)
		}
		// Events have been lost; or a file system that ignores case may know the name by another spelling.
		look = look || event&unix.IN_Q_OVERFLOW != 0 || i < 0 && name != "" && name[0] == '.'
	}
	if look {
		return b.lookAtNames()
	}
	return b.planted()
}

// lastNames is for the end: it deals with what has happened before that and has not been heard of.
func (b *Sandbox) lastNames() error {
	n := &b.names
	if n.unwatched() {
		return nil
	}
	for n.watch >= 0 && n.events.Read(n.watch) > 0 {
		for {
			_, name, ok := n.events.Next()
			if !ok {
				break
			}
			if i := b.watched(name); i >= 0 {
				b.appeared(i)
			}
		}
	}
	err := b.lookAtNames()
	if n.planted { // there may have been another one, until all processes had ended
		b.reportHeld("", gitDir, b.hold(n.top, gitDir))
	}
	return err
}

// lookAtNames looks for each of the names that was not there.
func (b *Sandbox) lookAtNames() error {
	p := &b.spec.Project
	for i := range p.Names {
		if p.There>>i&1 == 0 && b.names.told>>i&1 == 0 {
			if _, errno := host.Look(b.names.top, p.Names[i]); errno == 0 {
				b.appeared(i)
			}
		}
	}
	return b.planted()
}

// planted returns ErrPlanted if a .git has appeared.
func (b *Sandbox) planted() error {
	if b.names.planted {
		return ErrPlanted
	}
	return nil
}

// watched returns which of the project's names a name is, or -1.
func (b *Sandbox) watched(name string) int {
	for i, n := range b.spec.Project.Names {
		if n == name {
			return i
		}
	}
	return -1
}

// appeared deals with Names[i], once. A .git ends the sandbox: git outside would run what the command has written into it.
// Nothing of the sandbox has ended when the name is taken away, but little of it still runs.
func (b *Sandbox) appeared(i int) {
	n, p := &b.names, &b.spec.Project
	name, bit := p.Names[i], uint64(1)<<i
	if n.told&bit != 0 {
		return
	}
	n.told |= bit
	switch {
	case p.Allows(name):
	case name == gitDir:
		n.planted = true
		b.strike()
		errno := b.hold(n.top, gitDir)
		b.report(News{What: Planted, Name: name})
		b.reportHeld("", gitDir, errno)
	case p.There&bit != 0 && b.locks(name): // it is a lock that is lost, and told as one
	default:
		b.report(News{What: Appeared, Name: name})
	}
}

// strike kills the sandbox without waiting for its end. One that may be about to make a mount point on the host has no command
// yet, and is given the time to report it.
func (b *Sandbox) strike() {
	switch {
	case b.gone || b.building():
	case b.spec.OwnsPID() || b.spec.Life.Direct:
		b.kill()
	default:
		host.Shutdown(b.conn) // pid 1 has descendants to kill
	}
}

// locks reports whether a name at the top of the project is locked.
func (b *Sandbox) locks(name string) bool {
	locks := b.spec.Project.Locks
	for i := range locks {
		if locks[i].Path == name {
			return true
		}
	}
	return false
}

// remains tells which of the names that are new are still there.
func (b *Sandbox) remains() {
	p := &b.spec.Project
	for i, name := range p.Names {
		if p.There>>i&1 != 0 || name == gitDir || p.Allows(name) {
			continue
		}
		if _, errno := host.Look(b.names.top, name); errno == 0 {
			b.report(News{What: Remains, Name: name})
		}
	}
}
