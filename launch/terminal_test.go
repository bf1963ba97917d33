package launch

import (
	"os"
	"os/exec"
	"strconv"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// Keys wait for the job that is to have the terminal: as long as its session's leader has it, a ^C would ask that.
func TestKeysWaitForTheForegroundJob(t *testing.T) {
	master, err := os.OpenFile("/dev/ptmx", unix.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer master.Close()
	fd := int(master.Fd())
	n, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err == nil {
		err = unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0)
	}
	if err != nil {
		t.Fatal(err)
	}
	slave, err := os.OpenFile("/dev/pts/"+strconv.Itoa(n), unix.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer slave.Close()
	leader := exec.Command("bash", "--norc", "-ic", "read x; sleep 100; true")
	leader.Stdin, leader.SysProcAttr = slave, &unix.SysProcAttr{Setsid: true, Setctty: true}
	if err := leader.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		unix.Close(fd) // the job gets SIGHUP
		_ = leader.Process.Kill()
		_ = leader.Wait()
	}()
	tty := &terminal{master: fd, toBox: []byte("\x03")}
	if tty.holds() {
		t.Error("keys of a command in the background wait, which has none")
	}
	if tty.front = true; !tty.holds() {
		t.Error("they don't wait, and the leader has the terminal")
	}
	if other := (&terminal{master: fd, toBox: tty.toBox, front: true, leads: true}); other.holds() {
		t.Error("they wait, and the leader is the command")
	}
	if _, err := master.WriteString("go\n"); err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(patience / 2); tty.holds(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("they wait for a job that is there")
		}
	}
	if session, _ := unix.IoctlGetInt(fd, unix.TIOCGSID); session != leader.Process.Pid {
		t.Errorf("the session is %d, not %d", session, leader.Process.Pid)
	}
	if tty.holds() {
		t.Error("a job that has been there is waited for again")
	}
	tty.front = false
	tty.holds()
	if tty.front = true; tty.placed {
		t.Error("a job that was in the background since is not waited for")
	}
}
