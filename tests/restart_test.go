package tests

import (
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// kept returns what a monitor keeps when it starts its box again: its process, the file that it has the lock of, and its socket.
func (b *boxes) kept(name, id string) (all [3]uint64) {
	var lock, socket unix.Stat_t
	if err := unix.Stat(filepath.Join(b.state, "box/boxes", name, "lock"), &lock); err != nil {
		b.t.Error(err)
	}
	if err := unix.Stat(filepath.Join(b.runtime, "box", id+".sock"), &socket); err != nil {
		b.t.Error(err)
	}
	return [3]uint64{uint64(b.live(name, "shim")), lock.Ino, socket.Ino}
}

// kill ends the command of a box from outside, and waits until the box is up again.
func (b *boxes) kill(name string) {
	b.t.Helper()
	was := b.live(name, "command")
	if err := unix.Kill(was, unix.SIGKILL); err != nil {
		b.t.Fatal(err)
	}
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		if is := b.live(name, "command"); is != 0 && is != was {
			return
		}
	}
	b.t.Fatalf("box %s has not started again: %s", name, b.must("logs", name))
}

// A box that is started again and again has the same monitor, lock and socket, and that does not grow: neither in memory nor in
// descriptors, nor does it leave files.
func TestBoxesStartedAgain(t *testing.T) {
	b := newBoxes(t)
	id := b.must("run", "-d", "--name", "again", "--restart", "always", "sleep", "1000")
	before := b.kept("again", id)
	var anon, table int
	var files []string
	n := many(30, 1000)
	for i := range n {
		if i == n/10 { // what is made once is there
			anon, table = weight(int(before[0]))
			files = b.files()
		}
		if i%10 == 0 { // each has a pause after it
			b.kill("again")
		} else {
			b.must("restart", "again")
		}
	}
	if after := b.kept("again", id); after != before {
		t.Errorf("process, lock and socket are %v, and were %v", after, before)
	}
	if out := b.must("inspect", "-f", "{{.State.Status}}", "again"); out != "running" {
		t.Error(out)
	}
	if a, d := weight(int(before[0])); a > anon+64 || d > table {
		t.Errorf("the monitor has grown: from %d kB to %d, from %d descriptors to %d", anon, a, table, d)
	}
	for _, f := range added(files, b.files()) {
		t.Error("more than before: " + f)
	}
	b.must("remove", "-f", "again")
}
