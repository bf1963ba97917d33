package kernel

import (
	"os"

	"golang.org/x/sys/unix"
)

// selinuxfs is where SELinux is spoken to, see selinux(8).
const selinuxfs = "/sys/fs/selinux"

// SELinux reports whether SELinux is on: is_selinux_enabled(3).
func SELinux() bool {
	_, mounted := os.Stat(selinuxfs + "/enforce")
	_, configured := os.Stat("/etc/selinux/config")
	return mounted == nil && configured == nil
}

// CheckLabel asks SELinux whether its policy has a context, see security_check_context(3). An error is the kernel's errno.
func CheckLabel(label string) error {
	fd, err := unix.Open(selinuxfs+"/context", unix.O_RDWR|unix.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	_, err = unix.Write(fd, append([]byte(label), 0))
	return err
}
