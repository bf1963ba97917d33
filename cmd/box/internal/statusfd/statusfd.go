// Package statusfd tells callers about a sandbox by descriptors: --info-fd and
// --json-status-fd, in the formats of bubblewrap.
//
// The formats are those of bubblewrap byte by byte, including blanks. Flatpak
// and others find by them the process whose namespaces they enter.
package statusfd

import (
	"box/cmd/box/internal/inputs"
	"box/internal/early"
	"box/internal/host"
	"box/launch"
	"box/plan"
	"box/spec"

	"golang.org/x/sys/unix"
)

// Informer is the act of writing to --info-fd and --json-status-fd which
// process the sandbox is, while it waits, and of waiting for --userns-block-fd.
// Info, Status and Mapped are the descriptors of the three flags; new is which
// namespaces are the sandbox's own; Box is set by whoever has started the
// sandbox.
type Informer struct {
	Info, Status, Mapped spec.FD
	new                  spec.Namespaces
	Box                  *launch.Sandbox // it waits
}

// Wanted reports whether there is anything to do.
func (a *Informer) Wanted() bool { return a.Info.Given() || a.Status.Given() || a.Mapped.Given() }

// Prepare lets a sandbox wait for the act. It is called when all flags are
// read: it copies which namespaces are new.
func (a *Informer) Prepare(s *spec.Spec) {
	a.new = s.New
	s.Life.Await, s.Life.TellExec = a.Wanted(), a.Status.Given()
	s.IDs.Given = a.Mapped.Given()
}

// Release lets go of the caller's descriptors, but for those of the act. Who
// reads --json-status-fd hears of the end later, so it stays open.
func (a *Informer) Release() { inputs.Release(a.Info, a.Status, a.Mapped) }

// Ended tells the command's exit status, if it ran. A status of a sandbox whose
// command never ran would be box's own, and is not told.
func (a *Informer) Ended(status int) {
	if !a.Status.Given() || !a.Box.Ran() {
		return
	}
	var d early.Text
	d.Add("{ \"exit-code\": ")
	d.AddNumber(uint64(status))
	d.Add(" }\n")
	_ = a.write(a.Status, &d) // nothing can be changed any more
}

// String is how --dry-run prints the act.
func (a *Informer) String() string { return "tell --info-fd and --json-status-fd" }

// namespacesTold are the members for namespaces, in this order.
var namespacesTold = [...]struct {
	name string
	ns   spec.Namespaces
}{{"cgroup", spec.Cgroup}, {"ipc", spec.IPC}, {"mnt", spec.Mount}, {"net", spec.Net}, {"pid", spec.PID}, {"uts", spec.UTS}}

// Do writes the documents. A member is there for each namespace that is the
// sandbox's own. pid is the sandbox's, in the caller's pid namespace. There is
// nothing to undo. The child waits meanwhile.
func (a *Informer) Do(pid int) (undo func() error, err error) {
	if a.Info.Given() {
		if err := a.document(a.Info, pid, "{\n    ", ",\n    ", "\n}\n"); err != nil {
			return nil, err
		}
		if a.Info.Number() > 2 && a.Info.Number() != a.Status.Number() {
			host.Close(a.Info.Number()) // who reads it waits for its end
		}
	}
	if a.Status.Given() {
		if err := a.document(a.Status, pid, "{ ", ", ", " }\n"); err != nil {
			return nil, err
		}
	}
	if a.Mapped.Given() {
		if err := a.Box.Await(a.Mapped.Number(), unix.POLLIN); err != nil {
			return nil, err
		}
		var data [1]byte
		if _, errno := host.Read(a.Mapped.Number(), data[:]); errno != 0 {
			return nil, a.refuse(a.Mapped, errno)
		}
		host.Close(a.Mapped.Number())
	}
	return nil, nil
}

// document writes the members between begin and end. It waits until the
// descriptor can be written: a pipe that nobody reads must not keep box from
// noticing that the sandbox or the caller has ended.
func (a *Informer) document(fd spec.FD, pid int, begin, between, end string) error {
	var d early.Text
	d.Add(begin)
	d.Add("\"child-pid\": ")
	d.AddNumber(uint64(pid))
	for _, n := range namespacesTold {
		if id := namespaceID(pid, n.name); id != 0 && a.new.Has(n.ns) {
			d.Add(between)
			d.Add("\"")
			d.Add(n.name)
			d.Add("-namespace\": ")
			d.AddNumber(id)
		}
	}
	d.Add(end)
	if err := a.Box.Await(fd.Number(), unix.POLLOUT); err != nil {
		return err
	}
	return a.write(fd, &d)
}

// namespaceID returns the inode number of a namespace of a process, see
// namespaces(7); 0 if it isn't to be seen. The link's text is a name, a colon
// and the number in brackets; no name of a namespace has a digit.
func namespaceID(pid int, name string) (id uint64) {
	var path early.Text
	path.Add("/proc/")
	path.AddNumber(uint64(pid))
	path.Add("/ns/")
	path.Add(name)
	var buffer [64]byte
	for _, c := range []byte(host.Readlink(path.String(), buffer[:])) { // net:[4026531840]
		if c >= '0' && c <= '9' {
			id = id*10 + uint64(c-'0')
		}
	}
	return id
}

// write writes to a descriptor of the caller. An error is its errno.
func (a *Informer) write(fd spec.FD, d *early.Text) error {
	if _, errno := host.Write(fd.Number(), d.String()); errno != 0 {
		return a.refuse(fd, errno)
	}
	return nil
}

// refused is the number of the descriptor that could not be used. It outlasts
// the change to the ordinary way, see package early.
var refused int

// refuse returns the error for a descriptor that can't be used.
func (a *Informer) refuse(fd spec.FD, errno unix.Errno) error {
	refused = fd.Number()
	return host.Boxed(errno)
}

// Refusal returns the flag that named the refused descriptor, and why it was refused, if err says that one was.
//
//go:noinline
func (a *Informer) Refusal(err error) (words string, cause error) {
	early.Ordinary()
	act, ok := launch.ActIn(err)
	if !ok || act.Act != plan.Act(a) {
		return "", nil
	}
	for _, fd := range []spec.FD{a.Info, a.Status, a.Mapped} {
		if fd.Number() == refused {
			return fd.Origin.String(), act.Err
		}
	}
	return "", act.Err
}
