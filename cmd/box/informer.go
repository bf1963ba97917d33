package main

import (
	"errors"

	"box/internal/early"
	"box/internal/host"
	"box/launch"
	"box/plan"
	"box/spec"

	"golang.org/x/sys/unix"
)

// informer is the act of telling --info-fd and --json-status-fd who the sandbox is, while it waits, and of waiting for
// --userns-block-fd.
type informer struct {
	info, status, mapped spec.FD
	new                  spec.Namespaces
	box                  *launch.Sandbox // it waits
}

// wanted says whether there is anything to do.
func (a *informer) wanted() bool { return a.info.Given() || a.status.Given() || a.mapped.Given() }

// prepare lets a sandbox wait for the act.
func (a *informer) prepare(s *spec.Spec) {
	a.new = s.New
	s.Life.Await, s.Life.TellExec = a.wanted(), a.status.Given()
	s.IDs.Given = a.mapped.Given()
}

// release lets go of the caller's descriptors, but for those of the act.
func (a *informer) release() { closeInherited(a.info, a.status, a.mapped) }

// ended tells the command's exit status, if it ran.
func (a *informer) ended(status int) {
	if !a.status.Given() || !a.box.Ran() {
		return
	}
	var d early.Text
	d.Add("{ \"exit-code\": ")
	d.AddNumber(uint64(status))
	d.Add(" }\n")
	_ = a.write(a.status, &d) // nothing can be changed any more
}

func (a *informer) String() string { return "tell --info-fd and --json-status-fd" }

// namespacesTold are the members for namespaces, in this order.
var namespacesTold = [...]struct {
	name string
	ns   spec.Namespaces
}{{"cgroup", spec.Cgroup}, {"ipc", spec.IPC}, {"mnt", spec.Mount}, {"net", spec.Net}, {"pid", spec.PID}, {"uts", spec.UTS}}

// Do writes the documents. A member is there for each namespace that is the sandbox's own.
func (a *informer) Do(pid int) (undo func() error, err error) {
	if a.info.Given() {
		if err := a.document(a.info, pid, "{\n    ", ",\n    ", "\n}\n"); err != nil {
			return nil, err
		}
		if a.info.Number() > 2 && a.info.Number() != a.status.Number() {
			host.Close(a.info.Number()) // who reads it waits for its end
		}
	}
	if a.status.Given() {
		if err := a.document(a.status, pid, "{ ", ", ", " }\n"); err != nil {
			return nil, err
		}
	}
	if a.mapped.Given() {
		if err := a.box.Await(a.mapped.Number(), unix.POLLIN); err != nil {
			return nil, err
		}
		var data [1]byte
		if _, errno := host.Read(a.mapped.Number(), data[:]); errno != 0 {
			return nil, a.refuse(a.mapped, errno)
		}
		host.Close(a.mapped.Number())
	}
	return nil, nil
}

// document writes the members between begin and end.
func (a *informer) document(fd spec.FD, pid int, begin, between, end string) error {
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
	if err := a.box.Await(fd.Number(), unix.POLLOUT); err != nil {
		return err
	}
	return a.write(fd, &d)
}

// namespaceID returns the inode number of a namespace of a process, see namespaces(7); 0 if it isn't to be seen.
func namespaceID(pid int, name string) (id uint64) {
	var path early.Text
	path.Add("/proc/")
	path.AddNumber(uint64(pid))
	path.Add("/ns/")
	path.Add(name)
	var room [64]byte
	for _, c := range []byte(host.Readlink(path.String(), room[:])) { // net:[4026531840]
		if c >= '0' && c <= '9' {
			id = id*10 + uint64(c-'0')
		}
	}
	return id
}

// write writes to a descriptor of the caller. An error is its errno.
func (a *informer) write(fd spec.FD, d *early.Text) error {
	if _, errno := host.Write(fd.Number(), d.String()); errno != 0 {
		return a.refuse(fd, errno)
	}
	return nil
}

// refused is the number of the descriptor that could not be used. It outlasts the change to the ordinary way, see package early.
var refused int

// refuse returns the error for a descriptor that can't be used.
func (a *informer) refuse(fd spec.FD, errno unix.Errno) error {
	refused = fd.Number()
	return host.Boxed(errno)
}

// refusal returns the words that named the refused descriptor, and why it was refused, if err says that one was.
//
//go:noinline
func (a *informer) refusal(err error) (words string, cause error) {
	early.Ordinary()
	act, ok := errors.AsType[*launch.ActError](err)
	if !ok || act.Act != plan.Act(a) {
		return "", nil
	}
	for _, fd := range []spec.FD{a.info, a.status, a.mapped} {
		if fd.Number() == refused {
			return fd.Origin.String(), act.Err
		}
	}
	return "", act.Err
}
