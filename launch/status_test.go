package launch

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unsafe"

	"box/plan"
	"box/spec"

	"golang.org/x/sys/unix"
)

// Each wait status that ends a process is one for the monitor, and means the same to a pid 1 that tells it by its own exit status.
func TestEveryEnd(t *testing.T) {
	ends := 0
	for status := range uint32(1 << 17) {
		w := unix.WaitStatus(status)
		end := status < 1<<16 && (w.Exited() && status&0x80 == 0 || w.Signaled() && w.Signal() <= lastSignal && status>>8 == 0)
		if isEnd(status) != end {
			t.Fatalf("status %#x ends a process: %v, want %v", status, isEnd(status), end)
		}
		if !end {
			continue
		}
		ends++
		if want := statusOf(w).Exit(); int(exitOf(status)) != want {
			t.Fatalf("status %#x: pid 1 ends with %d, and the monitor with %d", status, exitOf(status), want)
		}
	}
	if ends != 256+2*lastSignal {
		t.Errorf("%d ends", ends)
	}
}

// A signal goes to whom a terminal or kill(1) would send it, and each one that can be sent is caught.
func TestSignals(t *testing.T) {
	set := Signals()
	for s := unix.Signal(1); s < 32; s++ {
		caught := set&bit(s) != 0
		never := s == unix.SIGKILL || s == unix.SIGSTOP
		faults := s == unix.SIGSEGV || s == unix.SIGBUS || s == unix.SIGFPE || s == unix.SIGILL ||
			s == unix.SIGTRAP || s == unix.SIGSYS
		ignored := s == unix.SIGCHLD || s == unix.SIGURG || s == unix.SIGPIPE || s == unix.SIGTTIN || s == unix.SIGTTOU
		if caught == (never || faults || ignored) {
			t.Errorf("signal %d is caught: %v", s, caught)
		}
		if forward[s].toGroup && !forward[s].sent || ends[s] && !forward[s].sent {
			t.Errorf("signal %d is not passed on, but has a receiver", s)
		}
	}
}

// What the monitor does with a signal depends on what the caller ignores and on whom it belongs to.
func TestPass(t *testing.T) {
	for _, c := range []struct {
		name    string
		signal  unix.Signal
		ignored uint64
		own     bool
		passed  bool
		sent    []plan.Record // to pid 1
	}{
		{"to the command", unix.SIGTERM, 0, false, true, []plan.Record{{
			Kind: plan.Signal, Step: toLeader,
			Value: uint32(unix.SIGTERM),
		}}},
		{"to its group", unix.SIGINT, 0, false, true, []plan.Record{{
			Kind: plan.Signal, Step: toGroup,
			Value: uint32(unix.SIGINT),
		}}},
		{"ignored by the caller", unix.SIGINT, bit(unix.SIGINT), false, true, nil},
		{"the monitor's own", unix.SIGTSTP, 0, true, true, nil},
		{"another's", unix.SIGTSTP, 0, false, true, []plan.Record{{Kind: plan.Signal, Step: toGroup, Value: uint32(unix.SIGTSTP)}}},
		{"one that ends the monitor", unix.SIGALRM, 0, false, false, nil},
		{"one that would, but is ignored", unix.SIGALRM, bit(unix.SIGALRM), false, true, nil},
	} {
		h := listening(t, plain("/usr/bin/true"))
		h.spec.Life.Ignored, h.own = c.ignored, c.own
		if passed := h.pass(c.signal); passed != c.passed {
			t.Errorf("%s: passed %v", c.name, passed)
		}
		var r plan.Record
		n, _, _ := unix.Recvfrom(h.peer, unsafe.Slice((*byte)(unsafe.Pointer(&r)), unsafe.Sizeof(r)), unix.MSG_DONTWAIT)
		if n > 0 != (c.sent != nil) || n > 0 && r != c.sent[0] {
			t.Errorf("%s: %+v was sent", c.name, r)
		}
		h.over()
	}
}

// A mount point that was made on the host is removed if it is as it was made and nobody else has it, and nothing else is.
func TestMountPointsAreRemovedIfEmptyAndUnused(t *testing.T) {
	const marked = os.ModeSticky | 0o755
	file := func(p string, data string) error {
		f, err := os.OpenFile(p, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0)
		if err == nil {
			_, err = f.WriteString(data)
			_ = f.Close()
		}
		return err
	}
	dir := func(p string) error { return errors.Join(os.Mkdir(p, 0o755), os.Chmod(p, marked)) }
	for _, c := range []struct {
		name  string
		make  func(path string) error
		after func(path string) error // while it is locked
		gone  bool
	}{
		{"directory", dir, nil, true},
		{"with a file in it", dir, func(p string) error { return os.WriteFile(p+"/x", nil, 0o644) }, false},
		{"file", func(p string) error { return file(p, "") }, nil, true},
		{"written to", func(p string) error { return file(p, "x") }, nil, false},
		{"with another mode", func(p string) error { return errors.Join(file(p, ""), os.Chmod(p, 0o600)) }, nil, false},
		{"replaced by a file", dir, func(p string) error { return errors.Join(os.Remove(p), os.WriteFile(p, nil, 0o644)) }, false},
		{"replaced by a link", dir, func(p string) error { return errors.Join(os.Remove(p), os.Symlink("/", p)) }, false},
		{"gone", dir, os.Remove, true},
		{"in use", dir, func(p string) error {
			other, err := unix.Open(p, unix.O_RDONLY|unix.O_CLOEXEC, 0)
			if err == nil {
				t.Cleanup(func() { unix.Close(other) })
				err = unix.Flock(other, unix.LOCK_SH)
			}
			return err
		}, false},
	} {
		above := t.TempDir()
		path := filepath.Join(above, "point")
		if err := c.make(path); err != nil {
			t.Fatal(err)
		}
		fd, err := unix.Open(above, unix.O_PATH|unix.O_CLOEXEC, 0)
		if err != nil {
			t.Fatal(err)
		}
		info, err := os.Lstat(path)
		if err == nil && info.Mode().IsRegular() { // to open it takes a capability that the test has not
			err = os.Chmod(path, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
		lock, err := unix.Open(path, unix.O_RDONLY|unix.O_CLOEXEC, 0)
		if err == nil && info.Mode().IsRegular() {
			err = os.Chmod(path, info.Mode())
		}
		if err == nil {
			err = unix.Flock(lock, unix.LOCK_SH)
		}
		if err == nil && c.after != nil {
			err = c.after(path)
		}
		if err != nil {
			t.Fatal(c.name, err)
		}
		mountPoint{dir: fd, lock: lock, call: &plan.Call{Nr: plan.Claim, Args: [6]uintptr{
			0,
			addressOf("point"),
		}}}.remove("/nowhere")
		if _, err := os.Lstat(path); os.IsNotExist(err) != c.gone {
			t.Errorf("%s: %v", c.name, err)
		}
		for _, fd := range []int{fd, lock} {
			if _, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0); err != unix.EBADF {
				t.Errorf("%s: a descriptor stays open", c.name)
			}
		}
	}
	mountPoint{dir: -1, lock: -1}.remove("") // whose descriptors have not come
}

// A program is looked for as execvp(3) does it.
func TestSearchForTheProgram(t *testing.T) {
	for _, c := range []struct {
		file string
		env  []string
		want string // the paths that are tried, with spaces between them
	}{
		{"sh", []string{"PATH=/a:/b"}, "/a/sh /b/sh"},
		{"sh", []string{"PATH=/a"}, "/a/sh"},
		{"sh", []string{"PATH=:/b"}, "./sh /b/sh"},
		{"sh", []string{"PATH=/a:"}, "/a/sh"},
		{"sh", []string{"PATH=/a::/b"}, "/a/sh ./sh /b/sh"},
		{"sh", []string{"PATHS=/x", "XPATH=/y"}, "/bin/sh /usr/bin/sh"},
		{"sh", []string{"PATH=/first", "PATH=/second"}, "/first/sh"},
		{"./sh", []string{"PATH=/a"}, "./sh"},
		{"/x/y", nil, "/x/y"},
		{"", []string{"PATH=/a"}, ""},
	} {
		s := plain("true")
		s.Command.File, s.Command.Env = c.file, c.env
		b := new(plan.Builder)
		b.Reset()
		execute(b, s, b.Strings(s.Command.Env))
		var tried []string
		for i := range b.Inside {
			if call := &b.Inside[i]; call.Nr == unix.SYS_EXECVE && call.When == 0 {
				tried = append(tried, unix.BytePtrToString(*(**byte)(unsafe.Pointer(&call.Args[0]))))
			}
		}
		if got := strings.Join(tried, " "); got != c.want {
			t.Errorf("%q in %q: %q, want %q", c.file, c.env, got, c.want)
		}
		if s.Command.File != "" && !strings.Contains(c.file, "/") && b.Inside[len(b.Inside)-1].Nr != plan.GiveUp {
			t.Errorf("%q: the search does not give up", c.file)
		}
	}
}

// A text comes in pieces, and ends at its first zero; what is longer than there is memory for is cut.
func TestTextOfAFailure(t *testing.T) {
	for _, want := range []string{"", "x", "12345678", "a longer target of a link", strings.Repeat("long", 1025)} {
		p := new(problem)
		for _, r := range textRecords(want) {
			p.noteText(&r)
		}
		f := p.notStarted(&plan.Call{Nr: unix.SYS_MKDIRAT, For: spec.Box}, 3, unix.EEXIST)
		if f.Text != want[:min(len(want), len(p.text))] || f.Step != 3 || f.Errno != unix.EEXIST {
			t.Errorf("%d bytes: %d bytes, step %d, %v", len(want), len(f.Text), f.Step, f.Errno)
		}
	}
}

// A path that leads to what a descriptor has open, for who could read it by that path.
func TestPathOfADescriptor(t *testing.T) {
	dir := t.TempDir()
	open := func(name string, before func(path string)) int {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte("x"), 0o644); err != nil {
			t.Fatal(err)
		}
		fd, err := unix.Open(path, unix.O_RDONLY|unix.O_CLOEXEC, 0)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { unix.Close(fd) })
		before(path)
		return fd
	}
	null, err := unix.Open("/dev/null", unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(null)
	pipe := make([]int, 2)
	if err := unix.Pipe2(pipe, unix.O_CLOEXEC); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		fd   int
		want string
	}{
		"a file":     {open("file", func(string) {}), dir + "/file"},
		"a device":   {null, "/dev/null"},
		"a pipe":     {pipe[0], ""},
		"deleted":    {open("deleted", func(p string) { _ = os.Remove(p) }), ""},
		"replaced":   {open("replaced", func(p string) { _ = os.Remove(p); _ = os.WriteFile(p, nil, 0o644) }), ""},
		"renamed":    {open("old", func(p string) { _ = os.Rename(p, dir+"/new") }), dir + "/new"},
		"unreadable": {open("secret", func(p string) { _ = os.Chmod(p, 0) }), ""},
		"none":       {999, ""},
	} {
		if got := pathOf(c.fd); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}
