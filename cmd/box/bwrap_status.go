package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"

	"box/plan"

	"golang.org/x/sys/unix"
)

// informer is the act of telling --info-fd and --json-status-fd who the sandbox is, while it waits, and of waiting for
// --userns-block-fd.
type informer struct{ info, status, block int }

// informer returns the act, or nil if nobody wants to know.
func (b *bwrap) informer() plan.Act {
	if !b.spec.Life.Await {
		return nil
	}
	return &informer{b.info, b.status, b.userns}
}

func (a *informer) String() string { return "tell --info-fd and --json-status-fd" }

// namespacesTold are the members for namespaces, in this order.
var namespacesTold = [...]string{"cgroup", "ipc", "mnt", "net", "pid", "uts"}

// Do writes the documents. A member is there for each namespace that is not the caller's.
func (a *informer) Do(pid int) (undo func() error, err error) {
	members := []string{"\"child-pid\": " + strconv.Itoa(pid)}
	for _, name := range namespacesTold {
		id := namespaceID(strconv.Itoa(pid), name)
		if id != "" && (name == "mnt" || id != namespaceID("self", name)) {
			members = append(members, fmt.Sprintf("\"%s-namespace\": %s", name, id))
		}
	}
	if a.info >= 0 {
		writeFD(a.info, "{\n    "+strings.Join(members, ",\n    ")+"\n}\n")
		unix.Close(a.info)
	}
	if a.status >= 0 {
		writeFD(a.status, "{ "+strings.Join(members, ", ")+" }\n")
	}
	if a.block >= 0 {
		_, err = unix.Read(a.block, make([]byte, 1))
		unix.Close(a.block)
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

// writeFD writes to a descriptor of the caller; that it can't be written is the caller's own affair.
func writeFD(fd int, text string) { _, _ = unix.Write(fd, []byte(text)) }
