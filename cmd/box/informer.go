package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"

	"box/launch"
	"box/spec"

	"golang.org/x/sys/unix"
)

// informer is the act of telling --info-fd and --json-status-fd who the sandbox is, while it waits, and of waiting for
// --userns-block-fd.
type informer struct {
	info, status, mapped spec.FD
	new                  spec.Namespaces
	await                func(fd int, events int16) error // see launch.Sandbox.Await
}

// wanted says whether there is anything to do.
func (a *informer) wanted() bool { return a.info.Given() || a.status.Given() || a.mapped.Given() }

// prepare lets a sandbox wait for the act.
func (a *informer) prepare(s *spec.Spec) {
	a.new = s.New
	s.Life.Await, s.Life.Report = a.wanted(), a.status.Given()
	s.IDs.Given = a.mapped.Given()
}

// release lets go of the caller's descriptors, but for those of the act.
func (a *informer) release() { closeInherited(a.info, a.status, a.mapped) }

// ended tells the command's exit status, if it ran.
func (a *informer) ended(box *launch.Sandbox, status int) {
	if a.status.Given() && box.Ran() {
		_ = writeFD(a.status, fmt.Sprintf("{ \"exit-code\": %d }\n", status)) // nothing can be changed any more
	}
}

func (a *informer) String() string { return "tell --info-fd and --json-status-fd" }

// namespacesTold are the members for namespaces, in this order.
var namespacesTold = [...]struct {
	name string
	ns   spec.Namespaces
}{{"cgroup", spec.Cgroup}, {"ipc", spec.IPC}, {"mnt", spec.Mount}, {"net", spec.Net}, {"pid", spec.PID}, {"uts", spec.UTS}}

// Do writes the documents. A member is there for each namespace that is the sandbox's own.
func (a *informer) Do(pid int) (undo func() error, err error) {
	members := []string{"\"child-pid\": " + strconv.Itoa(pid)}
	for _, n := range namespacesTold {
		if id := namespaceID(strconv.Itoa(pid), n.name); id != "" && a.new.Has(n.ns) {
			members = append(members, fmt.Sprintf("\"%s-namespace\": %s", n.name, id))
		}
	}
	if a.info.Given() {
		if err := a.write(a.info, "{\n    "+strings.Join(members, ",\n    ")+"\n}\n"); err != nil {
			return nil, err
		}
		if a.info.Number() > 2 && a.info.Number() != a.status.Number() {
			unix.Close(a.info.Number()) // who reads it waits for its end
		}
	}
	if a.status.Given() {
		if err := a.write(a.status, "{ "+strings.Join(members, ", ")+" }\n"); err != nil {
			return nil, err
		}
	}
	if a.mapped.Given() {
		if err := a.await(a.mapped.Number(), unix.POLLIN); err != nil {
			return nil, err
		}
		_, err = unix.Read(a.mapped.Number(), make([]byte, 1))
		unix.Close(a.mapped.Number())
	}
	return nil, err
}

// namespaceID returns the inode number of a namespace of a process, see namespaces(7).
func namespaceID(process, name string) string {
	link, err := os.Readlink("/proc/" + process + "/ns/" + name)
	if err != nil {
		return ""
	}
	_, id, _ := strings.Cut(strings.TrimSuffix(link, "]"), "[")
	return id
}

// tellError is returned when a descriptor for words about the sandbox can't be written.
type tellError struct {
	fd  spec.FD
	err error
}

func (e *tellError) Error() string {
	return fmt.Sprintf("%s: it can't be written: %s", e.fd.Origin, e.err)
}

// write writes to a descriptor of the caller. An error is a *tellError, or that of await.
func (a *informer) write(fd spec.FD, text string) error {
	if err := a.await(fd.Number(), unix.POLLOUT); err != nil {
		return err
	}
	return writeFD(fd, text)
}

// writeFD writes to a descriptor of the caller. An error is a *tellError.
func writeFD(fd spec.FD, text string) error {
	if _, err := unix.Write(fd.Number(), []byte(text)); err != nil {
		return &tellError{fd, err}
	}
	return nil
}
