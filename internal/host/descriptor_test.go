package host

import (
	"errors"
	"os"
	"os/exec"
	"strings"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"
)

// A process is told of by a descriptor, and ended by it.
func TestProcessByDescriptor(t *testing.T) {
	cmd := exec.Command("/bin/sleep", "100")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	fd, errno := OpenProcess(cmd.Process.Pid)
	if errno != 0 {
		t.Fatal(errno)
	}
	KillProcess(fd, unix.SIGTERM)
	err := cmd.Wait()
	exit, ok := errors.AsType[*exec.ExitError](err)
	if !ok || exit.Sys() == nil || !strings.Contains(err.Error(), "terminated") {
		t.Errorf("it ended with %v", err)
	}
	Close(fd)
	if _, errno := OpenProcess(cmd.Process.Pid); errno != unix.ESRCH {
		t.Errorf("a process that is gone: %v", errno)
	}
	if PID() != os.Getpid() || Parent() != os.Getppid() {
		t.Errorf("this is process %d of %d", PID(), Parent())
	}
	if before, after := Clock(), Clock(); before <= 0 || after < before {
		t.Errorf("the clock goes from %d to %d", before, after)
	}
}

// sockets returns a pair that is closed with the test.
func sockets(t *testing.T) (a, b int) {
	t.Helper()
	pair, errno := SocketPair()
	if errno != 0 {
		t.Fatal(errno)
	}
	t.Cleanup(func() { Close(int(pair[0])); Close(int(pair[1])) })
	return int(pair[0]), int(pair[1])
}

// A packet comes with the descriptor and the sender that were sent with it. What is too much is closed, and told.
func TestReceive(t *testing.T) {
	null, err := unix.Open("/dev/null", unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer Close(null)
	for _, c := range []struct {
		name   string
		data   string
		fds    int
		sender bool
		n      int
		fd     bool
		more   bool
	}{
		{name: "data", data: "four", n: 4},
		{name: "with a descriptor", data: "four", fds: 1, n: 4, fd: true},
		{name: "with two", data: "four", fds: 2, n: 4, fd: true},
		{name: "with thirty", data: "four", fds: 30, n: 4, fd: true, more: true}, // more than there is room for
		{name: "too long", data: "longer than there is room for", n: 8, more: true},
		{name: "with its sender", data: "four", sender: true, n: 4},
		{name: "with both", data: "four", fds: 1, sender: true, n: 4, fd: true},
	} {
		a, b := sockets(t)
		if c.sender {
			SetOption(a, unix.SO_PASSCRED, 1)
		}
		var control []byte
		if c.fds > 0 {
			fds := make([]int, c.fds)
			for i := range fds {
				fds[i] = null
			}
			control = unix.UnixRights(fds...)
		}
		if err := unix.Sendmsg(b, []byte(c.data), control, nil, 0); err != nil {
			t.Fatal(err)
		}
		before, data := open1(t), [8]byte{}
		n, got, errno := Receive(a, unsafe.Pointer(&data), uintptr(len(data)), 0)
		if errno != 0 || n != c.n || string(data[:n]) != c.data[:n] {
			t.Errorf("%s: %d bytes, %q, %v", c.name, n, data, errno)
		}
		if got.FD >= 0 != c.fd || got.More != c.more || got.Sender != 0 != c.sender || c.sender && got.Sender != os.Getpid() {
			t.Errorf("%s: %+v", c.name, got)
		}
		if c.fd {
			flags, errno := Fcntl(got.FD, unix.F_GETFD, 0)
			if errno != 0 || flags&unix.FD_CLOEXEC == 0 {
				t.Errorf("%s: the descriptor's flags are %#x, %v", c.name, flags, errno)
			}
		}
		got.Close()
		if open1(t) != before {
			t.Errorf("%s: a descriptor stays open", c.name)
		}
	}
}

// Nothing comes from a socket without a packet, or without another side.
func TestReceiveNothing(t *testing.T) {
	a, b := sockets(t)
	var data [8]byte
	n, c, errno := Receive(a, unsafe.Pointer(&data), uintptr(len(data)), unix.MSG_DONTWAIT)
	if errno != unix.EAGAIN || n != 0 || c.FD != -1 {
		t.Errorf("an empty socket: %d, %+v, %v", n, c, errno)
	}
	text := [8]byte{'x'}
	Send(b, unsafe.Pointer(&text), uintptr(len(text)))
	if Unsent(b) == 0 {
		t.Error("a packet that nobody has taken counts as sent")
	}
	if n, _, errno := Receive(a, unsafe.Pointer(&data), uintptr(len(data)), 0); n != 8 || errno != 0 || Unsent(b) != 0 {
		t.Errorf("a packet: %d, %v, %d bytes are left", n, errno, Unsent(b))
	}
	Shutdown(b)
	if n, c, errno := Receive(a, unsafe.Pointer(&data), uintptr(len(data)), 0); n != 0 || errno != 0 || c.FD != -1 {
		t.Errorf("the end: %d, %+v, %v", n, c, errno)
	}
	Send(b, unsafe.Pointer(&text), uintptr(len(text))) // and no SIGPIPE
	if Unsent(-1) != 0 {
		t.Error("no socket has something unsent")
	}
}

// A control message that does not end where it should doesn't lead further than the buffer.
func TestParseControlMessages(t *testing.T) {
	header := func(length uint64, level, kind int32, values ...int32) []byte {
		const size = int(unsafe.Sizeof(unix.Cmsghdr{}))
		data := make([]byte, (size+4*len(values)+7)&^7)
		h := (*unix.Cmsghdr)(unsafe.Pointer(&data[0]))
		h.Len, h.Level, h.Type = length, level, kind
		for i, v := range values {
			*(*int32)(unsafe.Pointer(&data[size+4*i])) = v
		}
		return data
	}
	const socket, rights, credentials = unix.SOL_SOCKET, unix.SCM_RIGHTS, unix.SCM_CREDENTIALS
	for _, c := range []struct {
		name    string
		control []byte
		want    Control
	}{
		{"nothing", nil, Control{FD: -1, Second: -1}},
		{"too short", make([]byte, 8), Control{FD: -1, Second: -1}},
		{"a descriptor", header(20, socket, rights, 1000), Control{FD: 1000, Second: -1, Count: 1}},
		{"two descriptors", header(24, socket, rights, 1000, 1001), Control{FD: 1000, Second: 1001, Count: 2}},
		{
			"three descriptors", header(28, socket, rights, 1000, 1001, 1002),
			Control{FD: 1000, Second: 1001, Rest: [8]int{1002}, Count: 3},
		},
		{"its length is zero", header(0, socket, rights, 1000), Control{FD: -1, Second: -1}},
		{"its length is all there is", header(1<<40, socket, rights, 1000, 1001), Control{FD: 1000, Second: 1001, Count: 2}},
		{"another level", header(20, unix.SOL_IP, rights, 1000), Control{FD: -1, Second: -1}},
		{"another type", header(20, socket, 77, 1000), Control{FD: -1, Second: -1}},
		{"a sender", header(28, socket, credentials, 4711, 1, 2), Control{FD: -1, Second: -1, Sender: 4711}},
		{
			"both", append(header(28, socket, credentials, 4711, 1, 2), header(20, socket, rights, 1000)...),
			Control{FD: 1000, Second: -1, Count: 1, Sender: 4711},
		},
		{
			"two messages", append(header(20, socket, rights, 1000), header(20, socket, rights, 1001)...),
			Control{FD: 1000, Second: 1001, Count: 2},
		},
	} {
		if got := parse(c.control); got != c.want {
			t.Errorf("%s: %+v, want %+v", c.name, got, c.want)
		}
	}
}
