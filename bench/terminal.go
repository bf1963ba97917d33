package main

import (
	"fmt"
	"os"
	"os/exec"

	"golang.org/x/sys/unix"
)

// terminal is a pair of a terminal and what would be its screen and its keyboard.
type terminal struct{ master, slave *os.File }

// openTerminal makes a terminal of the measured user.
func (l *lab) openTerminal() (*terminal, error) {
	master, err := os.OpenFile("/dev/ptmx", unix.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		return nil, err
	}
	t := &terminal{master: master}
	if err := t.open(l.account); err != nil {
		t.close()
		return nil, fmt.Errorf("a terminal: %w", err)
	}
	return t, nil
}

// open opens the side of the programs.
func (t *terminal) open(a account) error {
	fd := int(t.master.Fd())
	n, err := unix.IoctlGetUint32(fd, unix.TIOCGPTN)
	if err == nil {
		err = unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0)
	}
	if err != nil {
		return err
	}
	if t.slave, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), unix.O_RDWR|unix.O_NOCTTY, 0); err != nil {
		return err
	}
	if !a.switched {
		return nil
	}
	return t.slave.Chown(a.uid, a.gid)
}

// give makes it the terminal of a process that has not been started. Its errors still go where they are read.
func (t *terminal) give(cmd *exec.Cmd) {
	cmd.Stdin, cmd.Stdout = t.slave, t.slave
	cmd.SysProcAttr.Setsid, cmd.SysProcAttr.Setctty = true, true
}

func (t *terminal) close() {
	_ = t.master.Close() // nothing is kept of it
	if t.slave != nil {
		_ = t.slave.Close()
	}
}
