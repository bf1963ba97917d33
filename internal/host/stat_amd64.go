package host

import "golang.org/x/sys/unix"

const sysStatat = unix.SYS_NEWFSTATAT
