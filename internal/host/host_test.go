package host

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// tree makes a directory with one thing of each kind in it, and returns its path.
func tree(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for _, err := range []error{
		os.Mkdir(filepath.Join(dir, "dir"), 0o750),
		os.WriteFile(filepath.Join(dir, "file"), []byte("text"), 0o640),
		os.Symlink("dir", filepath.Join(dir, "to-dir")),
		os.Symlink("file", filepath.Join(dir, "to-file")),
		os.Symlink("nothing", filepath.Join(dir, "dangling")),
		os.Symlink("loop", filepath.Join(dir, "loop")),
		unix.Mkfifo(filepath.Join(dir, "pipe"), 0o600),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// What is at a name, with links followed and without.
func TestStat(t *testing.T) {
	dir := tree(t)
	for _, c := range []struct {
		name   string
		flags  int
		mode   uint32
		errno  unix.Errno
		isDir  bool
		exists bool
	}{
		{"dir", 0, unix.S_IFDIR | 0o750, 0, true, true},
		{"file", 0, unix.S_IFREG | 0o640, 0, false, true},
		{"pipe", 0, unix.S_IFIFO | 0o600, 0, false, true},
		{"to-dir", 0, unix.S_IFDIR | 0o750, 0, true, true},
		{"to-dir", unix.AT_SYMLINK_NOFOLLOW, unix.S_IFLNK | 0o777, 0, true, true},
		{"to-file/", 0, 0, unix.ENOTDIR, false, false},
		{"dangling", 0, 0, unix.ENOENT, false, true},
		{"loop", 0, 0, unix.ELOOP, false, true},
		{"file/x", 0, 0, unix.ENOTDIR, false, false},
		{"nothing", 0, 0, unix.ENOENT, false, false},
		{"di\x00r", 0, 0, unix.ENAMETOOLONG, false, false}, // no path that the kernel takes
		{strings.Repeat("x", unix.PathMax), 0, 0, unix.ENAMETOOLONG, false, false},
	} {
		path := dir + "/" + c.name
		mode, errno := Stat(path, c.flags)
		if errno != c.errno || errno == 0 && mode != c.mode {
			t.Errorf("%q: mode %#o, %v, want %#o, %v", c.name, mode, errno, c.mode, c.errno)
		}
		if IsDir(path) != c.isDir || Exists(path) != c.exists {
			t.Errorf("%q: a directory %v, there %v", c.name, IsDir(path), Exists(path))
		}
		mode, uid, errno := Owner(path, 0)
		if c.flags == 0 && (errno != c.errno || errno == 0 && (mode != c.mode || int(uid) != os.Getuid())) {
			t.Errorf("%q: mode %#o, owner %d, %v", c.name, mode, uid, errno)
		}
	}
	if _, errno := Stat("", 0); errno != unix.ENOENT {
		t.Errorf("the empty name: %v", errno)
	}
}

// A name is taken up to the length that the kernel takes.
func TestLongestName(t *testing.T) {
	for n, want := range map[int]bool{0: true, 1: true, unix.PathMax - 1: true, unix.PathMax: false} {
		var p path
		for i := range p {
			p[i] = 'y'
		}
		if p.set(strings.Repeat("x", n)) != want || want && (p[n] != 0 || n > 0 && p[n-1] != 'x') {
			t.Errorf("%d bytes: taken %v", n, !want)
		}
	}
}

func TestReadlink(t *testing.T) {
	dir := tree(t)
	long := strings.Repeat("y", 300)
	if err := os.Symlink(long, dir+"/long"); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, want string
		buffer     int
	}{
		{"to-dir", "dir", 100},
		{"dangling", "nothing", 100},
		{"to-dir", "di", 2}, // cut, as readlink(2) does it
		{"to-dir", "", 0},
		{"long", long, 4096},
		{"file", "", 100},
		{"nothing", "", 100},
		{"to\x00dir", "", 100},
	} {
		if got := Readlink(dir+"/"+c.name, make([]byte, c.buffer)); got != c.want {
			t.Errorf("%q into %d bytes: %q, want %q", c.name, c.buffer, got, c.want)
		}
	}
}

// The path of a name has no links. Where the kernel has no such path, the answer is empty.
func TestRealPath(t *testing.T) {
	dir, err := filepath.EvalSymlinks(tree(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(dir)
	for name, want := range map[string]string{
		dir + "/to-dir": dir + "/dir", dir + "/./dir/../to-file": dir + "/file", "to-dir": dir + "/dir", ".": dir, "/": "/",
		"dangling": "", "loop": "", "nothing": "", "": "", "pipe": dir + "/pipe", "/proc/self/ns/net": "", "a\x00b": "",
	} {
		before := open1(t)
		if got := RealPath(name, make([]byte, unix.PathMax)); got != want {
			t.Errorf("%q: %q, want %q", name, got, want)
		}
		if after := open1(t); after != before {
			t.Errorf("%q: a descriptor stays open", name)
		}
	}
}

// open1 returns the lowest descriptor that is free.
func open1(t *testing.T) int {
	t.Helper()
	fd, err := unix.Open("/dev/null", unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	unix.Close(fd)
	return fd
}

// Two names of one file are the same, and two files are not.
func TestSame(t *testing.T) {
	dir := tree(t)
	if err := os.Link(dir+"/file", dir+"/hard"); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		a, b string
		want bool
	}{
		{"file", "to-file", true},
		{"file", "hard", true},
		{"dir", "to-dir", true},
		{"dir", "dir/.", true},
		{"file", "dir", false},
		{"dangling", "dangling", false},
		{"nothing", "nothing", false},
		{"file", "nothing", false},
		{"a\x00", "a\x00", false},
	} {
		if Same(dir+"/"+c.a, dir+"/"+c.b) != c.want {
			t.Errorf("%s and %s: %v", c.a, c.b, !c.want)
		}
	}
}

// A directory holds another if that is in it, by whatever name.
func TestHolds(t *testing.T) {
	dir := tree(t)
	if err := os.MkdirAll(dir+"/dir/deep/deeper", 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("dir/deep/deeper", dir+"/short"); err != nil {
		t.Fatal(err)
	}
	t.Chdir(dir + "/dir/deep")
	for name, want := range map[string]bool{
		dir + "/dir/deep/deeper": true, "deeper": true, dir + "/short": true, "..": false, ".": false, dir: false, "/": false,
		dir + "/file": false, dir + "/nothing": false, "": false,
	} {
		before := open1(t)
		here, _ := Look(Here, ".")
		if Holds(here, name) != want {
			t.Errorf("%q: %v", name, !want)
		}
		if open1(t) != before {
			t.Errorf("%q: a descriptor stays open", name)
		}
	}
	t.Chdir("/")
	if root, _ := Look(Here, "/"); !Holds(root, dir) {
		t.Error("/ is not above a directory")
	}
}

// The working directory, or nothing: a deleted one has no path, nor has one that does not fit.
func TestGetwd(t *testing.T) {
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(dir)
	if got := Getwd(make([]byte, unix.PathMax)); got != dir {
		t.Errorf("%q, want %q", got, dir)
	}
	if got := Getwd(make([]byte, len(dir))); got != "" { // no room for the NUL
		t.Errorf("without room: %q", got)
	}
	if err := os.Mkdir("gone", 0o755); err != nil {
		t.Fatal(err)
	}
	t.Chdir("gone")
	if err := os.Remove(dir + "/gone"); err != nil {
		t.Fatal(err)
	}
	if got := Getwd(make([]byte, unix.PathMax)); got != "" {
		t.Errorf("a deleted one: %q", got)
	}
}

// How a descriptor was opened, and what it has open.
func TestDescription(t *testing.T) {
	dir := tree(t)
	for _, c := range []struct {
		name  string
		flags int
		kind  uint32
	}{
		{"file", unix.O_RDONLY, unix.S_IFREG},
		{"file", unix.O_WRONLY | unix.O_APPEND, unix.S_IFREG},
		{"dir", unix.O_RDONLY, unix.S_IFDIR},
		{"dir", unix.O_PATH, unix.S_IFDIR},
		{"pipe", unix.O_RDWR, unix.S_IFIFO},
	} {
		fd, err := unix.Open(dir+"/"+c.name, c.flags|unix.O_CLOEXEC, 0)
		if err != nil {
			t.Fatal(err)
		}
		const kept = unix.O_ACCMODE | unix.O_APPEND | unix.O_PATH
		mode, flags, errno := Description(fd)
		if errno != 0 || mode&unix.S_IFMT != c.kind || flags&kept != c.flags&kept {
			t.Errorf("%s opened with %#x: mode %#o, flags %#x, %v", c.name, c.flags, mode, flags, errno)
		}
		if IsTerminal(fd) || OnReadOnlyMount(fd) {
			t.Errorf("%s: a terminal %v, on a read-only mount %v", c.name, IsTerminal(fd), OnReadOnlyMount(fd))
		}
		Close(fd)
		if _, _, errno := Description(fd); errno != unix.EBADF {
			t.Errorf("closed: %v", errno)
		}
	}
	if OnReadOnlyMount(-1) {
		t.Error("nothing is on a read-only mount")
	}
}

// A terminal is one, whichever side.
func TestIsTerminal(t *testing.T) {
	master, err := unix.Open("/dev/ptmx", unix.O_RDWR|unix.O_NOCTTY|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer Close(master)
	null, err := unix.Open("/dev/null", unix.O_RDWR|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer Close(null)
	if !IsTerminal(master) || IsTerminal(null) || IsTerminal(-1) {
		t.Errorf("a terminal %v, /dev/null %v, none %v", IsTerminal(master), IsTerminal(null), IsTerminal(-1))
	}
}

// What is read and written arrives, and a failure is its errno.
func TestReadAndWrite(t *testing.T) {
	var pipe [2]int
	if err := unix.Pipe2(pipe[:], unix.O_CLOEXEC|unix.O_NONBLOCK); err != nil {
		t.Fatal(err)
	}
	if n, errno := Write(pipe[1], "text"); n != 4 || errno != 0 {
		t.Errorf("write: %d, %v", n, errno)
	}
	data := make([]byte, 10)
	if n, errno := Read(pipe[0], data); n != 4 || errno != 0 || string(data[:4]) != "text" {
		t.Errorf("read: %d, %v, %q", n, errno, data)
	}
	if _, errno := Read(pipe[0], data); errno != unix.EAGAIN {
		t.Errorf("read from an empty pipe: %v", errno)
	}
	if n, errno := Read(pipe[0], nil); n != 0 || errno != 0 {
		t.Errorf("read of nothing: %d, %v", n, errno)
	}
	Close(pipe[1])
	if n, errno := Read(pipe[0], data); n != 0 || errno != 0 {
		t.Errorf("read at the end: %d, %v", n, errno)
	}
	Close(pipe[0])
	if _, errno := Write(pipe[1], "x"); errno != unix.EBADF {
		t.Errorf("write to nothing: %v", errno)
	}
}

// An errno as an error is that errno for everybody, and there is one for each.
func TestBoxed(t *testing.T) {
	for _, errno := range []unix.Errno{1, unix.ENOENT, unix.EHWPOISON} {
		err := Boxed(errno)
		if !errors.Is(err, errno) || err.Error() != errno.Error() {
			t.Errorf("%d: %v", errno, err)
		}
	}
	for _, errno := range []unix.Errno{0, unix.EHWPOISON + 1, 4095} {
		if err := Boxed(errno); err != nil {
			t.Errorf("%d: %v", errno, err)
		}
	}
}

// result tells errnos from values: the kernel's errnos end at 4095.
func TestResult(t *testing.T) {
	for r, want := range map[uintptr]unix.Errno{0: 0, 5: 0, ^uintptr(4095): 0, ^uintptr(4094): 4095, ^uintptr(0): unix.EPERM} {
		if got, errno := result(r); errno != want || errno == 0 && got != r {
			t.Errorf("%#x: %#x, %v", r, got, errno)
		}
	}
	if r := raw(unix.SYS_GETPID, 0, 0, 0); int(r) != os.Getpid() {
		t.Errorf("getpid: %d", r)
	}
	if _, errno := result(raw(unix.SYS_CLOSE, ^uintptr(0), 0, 0)); errno != unix.EBADF {
		t.Errorf("close(-1): %v", errno)
	}
}

// Capabilities are those of the process, see proc_pid_status(5).
func TestCapabilities(t *testing.T) {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Fatal(err)
	}
	_, after, found := strings.Cut(string(status), "\nCapEff:\t")
	var want uint64
	if _, err := fmt.Sscanf(after, "%x", &want); err != nil || !found {
		t.Fatal(err)
	}
	if got := Capabilities(); got != want {
		t.Errorf("%#x, want %#x", got, want)
	}
	if want == 0 && Gained() {
		t.Error("a process without capabilities has gained some")
	}
}

// Wait takes one process away, and Poll tells of the end of a pipe.
func TestWaitAndPoll(t *testing.T) {
	var pipe [2]int
	if err := unix.Pipe2(pipe[:], unix.O_CLOEXEC); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("/bin/sh", "-c", "exit 5")
	cmd.ExtraFiles = []*os.File{os.NewFile(uintptr(pipe[1]), "pipe")}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.ExtraFiles[0].Close()
	set := []unix.PollFd{{Fd: int32(pipe[0]), Events: unix.POLLIN}, {Fd: -1}}
	for {
		if errno := Poll(set); errno != unix.EINTR {
			break
		}
	}
	if set[0].Revents&unix.POLLHUP == 0 || set[1].Revents != 0 {
		t.Errorf("events %#x and %#x", set[0].Revents, set[1].Revents)
	}
	var status unix.WaitStatus
	for {
		pid, errno := Wait(cmd.Process.Pid, &status, 0)
		if errno == unix.EINTR {
			continue
		}
		if pid != cmd.Process.Pid || errno != 0 || status.ExitStatus() != 5 {
			t.Errorf("%d, %v, status %#x", pid, errno, status)
		}
		break
	}
	if _, errno := Wait(cmd.Process.Pid, nil, 0); errno != unix.ECHILD {
		t.Errorf("once more: %v", errno)
	}
	_ = cmd.Process.Release()
	Close(pipe[0])
}
