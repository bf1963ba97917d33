package launch

import (
	"bytes"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"box/plan"
	"box/spec"

	"golang.org/x/sys/unix"
)

// looksAt returns a Sandbox that reads a mount table from a file.
func looksAt(t *testing.T, path string) *Sandbox {
	t.Helper()
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Close(fd) })
	return &Sandbox{mounts: fd, spec: &spec.Spec{}, plan: &plan.Plan{}}
}

// Only the number that a line begins with is a mount's, however long lines are: a path in one may look like a line.
func TestLookForMasks(t *testing.T) {
	long := strings.Repeat("x", 10_000)
	table := "21 1 8:1 / / rw - ext4 /dev/sda rw\n" +
		"1234567 21 0:5 /a\\0128 /99\\0127 rw - tmpfs 30 rw\n" +
		"31 21 0:6 / /" + long + " rw - tmpfs 32 rw\n" +
		"33 31 0:7 / /b rw - tmpfs x rw"
	file := t.TempDir() + "/table"
	if err := os.WriteFile(file, []byte(table), 0o600); err != nil {
		t.Fatal(err)
	}
	b := looksAt(t, file)
	want := map[int]bool{
		21: true, 1234567: true, 31: true, 33: true,
		1: false, 8: false, 5: false, 99: false, 30: false, 32: false, 0: false, 2: false, 12345: false, 3: false,
	}
	for n := range want {
		b.masks = append(b.masks, mask{mount: n})
	}
	for range 2 {
		if errno := b.lookForMasks(); errno != 0 {
			t.Fatal(errno)
		}
		for i := range b.masks {
			if m := &b.masks[i]; m.there != want[m.mount] {
				t.Errorf("mount %d: there %v", m.mount, m.there)
			}
		}
	}
}

// The kernel's own table, with more than fits into what is read at once.
func TestLookForMasksInTheKernelsTable(t *testing.T) {
	const some = 200
	script := "mount -t tmpfs x /mnt && for i in $(seq " + strconv.Itoa(some) +
		"); do mkdir /mnt/$i && mount --bind /mnt/$i /mnt/$i || exit 1; done; cat /proc/self/mountinfo"
	out, err := exec.Command("unshare", "-Urm", "sh", "-c", script).Output()
	if err != nil {
		t.Fatal(err)
	}
	file := t.TempDir() + "/table"
	if err := os.WriteFile(file, out, 0o600); err != nil {
		t.Fatal(err)
	}
	b := looksAt(t, file)
	lines := bytes.Split(bytes.TrimSuffix(out, []byte("\n")), []byte("\n"))
	if len(lines) < some {
		t.Fatalf("%d lines", len(lines))
	}
	for _, line := range lines {
		number, _, _ := strings.Cut(string(line), " ")
		n, err := strconv.Atoi(number)
		if err != nil {
			t.Fatalf("%q", line)
		}
		b.masks = append(b.masks, mask{mount: n})
	}
	b.masks = append(b.masks, mask{mount: 1 << 30})
	if errno := b.lookForMasks(); errno != 0 {
		t.Fatal(errno)
	}
	for i := range b.masks {
		if m := &b.masks[i]; m.there != (m.mount != 1<<30) {
			t.Errorf("mount %d: there %v", m.mount, m.there)
		}
	}
}

// A mount that hides something and is gone ends the sandbox; a lock that is gone is told, once, and later where it could not be.
func TestLostMask(t *testing.T) {
	file := t.TempDir() + "/table"
	if err := os.WriteFile(file, []byte("40 1 0:1 / / rw - tmpfs x rw\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	b := looksAt(t, file)
	b.spec.Tree = []spec.Entry{{Kind: spec.Lock, Dest: "/lock"}, {Kind: spec.Tmpfs, Dest: "/hide"}}
	b.plan.Inside = []plan.Call{{For: spec.EntryRef(0)}, {For: spec.EntryRef(1)}}
	told, ready := 0, false
	b.OnNews(func(n *News) bool {
		if n.What != Unlocked || n.Entry != &b.spec.Tree[0] {
			t.Errorf("%+v", n)
		}
		told++
		return ready
	})
	b.masks = []mask{{step: 0, mount: 40}, {step: 1, mount: 40}}
	if err := b.lostMask(); err != nil || told != 0 {
		t.Errorf("both are there: %v, told %d", err, told)
	}
	b.masks[0].mount = 41
	for range 2 {
		if err := b.lostMask(); err != nil || told != 1 {
			t.Errorf("the lock is gone: %v, told %d", err, told)
		}
	}
	ready = true
	b.tellLostLocks()
	if told != 2 {
		t.Errorf("at the end: told %d", told)
	}
	b.masks[1].mount = 42
	err := b.lostMask()
	if lost, is := err.(*LostMaskError); !is || lost.For != spec.EntryRef(1) { //nolint:errorlint // as it is returned
		t.Errorf("what hides is gone: %v", err)
	}
	// A table that can't be read is an error: what is hidden may be open.
	unix.Close(b.mounts)
	b.mounts = -1
	if err := b.lostMask(); err == nil {
		t.Error("no table, and nothing is lost")
	}
}
