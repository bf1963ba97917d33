package launch

import (
	"fmt"
	"strings"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"
)

// tableOf returns a machine with a mount table that has this text, and zeros after it as the kernel's copy has.
func tableOf(text string) *machine {
	m := new(machine)
	memory := make([]byte, len(text)+unix.PathMax)
	copy(memory, text)
	m.table.text, m.table.size = uintptr(unsafe.Pointer(&memory[0])), uintptr(len(text))
	m.table.capacity = uintptr(len(memory))
	tables = append(tables, memory)
	return m
}

// tables keeps the texts alive: the machine has their addresses only.
var tables [][]byte

// at returns the text from one address to another.
func at(from, to uintptr) string {
	return unsafe.String(*(**byte)(unsafe.Pointer(&from)), int(to-from))
}

func TestParseALineOfTheMountTable(t *testing.T) {
	const ro, nosuid, nodev, noexec = unix.MS_RDONLY, unix.MS_NOSUID, unix.MS_NODEV, unix.MS_NOEXEC
	for _, c := range []struct {
		line       string
		id, parent uintptr
		point      string
		flags      uintptr
	}{
		{"36 35 98:0 / / rw,relatime - ext4 /dev/sda1 rw\n", 36, 35, "/", 0},
		{"36 35 98:0 /root /mnt ro,nosuid master:1 - ext4 /dev/sda1 rw\n", 36, 35, "/mnt", ro | nosuid},
		{"36 35 98:0 / /mnt rw,nodev,noexec,noatime shared:1 master:2 - tmpfs none ro\n", 36, 35, "/mnt", nodev | noexec},
		{"4294967295 1 0:1 / /a\\040b\\011c ro - tmpfs a\\040b ro,nosuid\n", 1<<32 - 1, 1, `/a\040b\011c`, ro},
		{"1 0 0:1 / /x nosymfollow - tmpfs none rw\n", 1, 0, "/x", unix.MS_NOSYMFOLLOW},
		{"1 0 0:1 / /x rox,xro,nosuid2 - tmpfs none rw\n", 1, 0, "/x", 0}, // whole names only
		{"36 35 98:0 / /mnt ro - ext4 /dev/sda1 rw", 36, 35, "/mnt", ro},  // no end of the last line
		{"36 35 98:0 / /mnt ro", 36, 35, "/mnt", ro},                      // nor of its fields
		{"36 35 98:0 /", 36, 35, "", 0},
	} {
		m := tableOf(c.line)
		l, end := &m.table.line, m.table.text+m.table.size
		next := l.parse(m.table.text)
		if l.id != c.id || l.parent != c.parent || at(l.point, l.end) != c.point || l.flags != c.flags || next < end {
			t.Errorf("%q: mount %d on %d at %q, flags %#x; the next line is %d bytes before the end",
				c.line, l.id, l.parent, at(l.point, l.end), l.flags, int(end)-int(next))
		}
	}
}

// A mount table has its lines in any order, mounts on mounts, and mounts beside others that cover the directory above them.
func TestMountsThatOthersHide(t *testing.T) {
	const table = `20 1 0:1 / / rw - tmpfs none rw
21 20 0:2 / /a/b rw - tmpfs none rw
22 20 0:3 / /a rw - tmpfs none rw
23 22 0:4 / /a/c rw - tmpfs none rw
24 20 0:5 / /ab rw - tmpfs none rw
25 24 0:6 / /ab rw - tmpfs none rw
`
	m := tableOf(table)
	hidden := map[uintptr]bool{21: true} // /a lies over what /a/b is mounted in
	covered := map[uintptr]bool{24: true}
	for at := m.table.text; at < m.table.text+m.table.size; {
		at = m.table.line.parse(at)
		id := m.table.line.id
		if id == 20 {
			continue
		}
		if m.table.hidden() != hidden[id] || m.table.covered() != covered[id] {
			t.Errorf("mount %d: hidden %v, covered %v", id, m.table.hidden(), m.table.covered())
		}
	}
	if !m.table.findTop(23) || at(m.table.top.point, m.table.top.end) != "/a/c" || m.table.findTop(99) {
		t.Error("findTop finds the mount with a number, and none with another")
	}
}

// Names are taken from the mount that is looked at, and without the escapes of the table.
func TestNamesBelowAMount(t *testing.T) {
	for _, c := range []struct{ top, point, want string }{
		{"/", "/usr/lib", "usr/lib"},
		{"/usr", "/usr/lib", "lib"},
		{"/usr", "/usr", ""},
		{"/a\\040b", "/a\\040b/c\\134d\\012e", "c\\d\ne"},
		{"/", "/" + strings.Repeat("x", 5000), strings.Repeat("x", unix.PathMax-1)}, // cut, and found by nobody
	} {
		m := tableOf("20 1 0:1 / " + c.top + " rw - tmpfs none rw\n21 20 0:1 / " + c.point + " rw - tmpfs none rw\n")
		m.table.line.parse(m.table.top.parse(m.table.text))
		m.table.nameBelow()
		if got := unix.ByteSliceToString(m.table.name[:]); got != c.want {
			t.Errorf("%s below %s: %q", c.point, c.top, got)
		}
	}
}

// More mounts than there is room for are refused: none of them may stay as it was.
func TestMoreMountsThanTheTableHasRoomFor(t *testing.T) {
	var table strings.Builder
	table.WriteString("10 1 0:1 / / rw - tmpfs none rw\n")
	for i := range 1 << 10 {
		fmt.Fprintf(&table, "%d 10 0:1 / /m%d ro - tmpfs none rw\n", 100+i, i)
	}
	m := tableOf(table.String())
	m.table.findTop(10)
	m.table.want = unix.MS_RDONLY // all of them have it, so nothing is remounted
	if errno := m.below(^uintptr(0)); unix.Errno(errno) != unix.E2BIG {
		t.Errorf("1025 mounts: %v", unix.Errno(errno))
	}
	cut := strings.LastIndexByte(strings.TrimSuffix(table.String(), "\n"), '\n') + 1
	m = tableOf(table.String()[:cut])
	m.table.findTop(10)
	m.table.want = unix.MS_RDONLY
	if errno := m.below(^uintptr(0)); errno != 0 || m.table.nids != 1<<10 {
		t.Errorf("1024 mounts: %v, %d found", unix.Errno(errno), m.table.nids)
	}
}

// A line can come before that of the mount it is on.
func TestLinesInAnyOrder(t *testing.T) {
	m := tableOf(`30 29 0:1 / /a/b/c ro - tmpfs none rw
29 28 0:1 / /a/b ro - tmpfs none rw
28 10 0:1 / /a ro - tmpfs none rw
40 11 0:1 / /elsewhere/x rw - tmpfs none rw
10 1 0:1 / / ro - tmpfs none rw
`)
	m.table.findTop(10)
	m.table.want = unix.MS_RDONLY
	if errno := m.below(^uintptr(0)); errno != 0 || m.table.nids != 4 || m.table.has(40) {
		t.Errorf("%v, %d found", unix.Errno(errno), m.table.nids)
	}
}
