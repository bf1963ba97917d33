package kernel

import (
	"strings"

	"golang.org/x/sys/unix"
)

// WhyNoLandlock returns why this kernel has no Landlock that box can use, see landlock(7), or "".
func WhyNoLandlock() string {
	const version = unix.LANDLOCK_CREATE_RULESET_VERSION
	abi, _, errno := unix.RawSyscall(unix.SYS_LANDLOCK_CREATE_RULESET, 0, 0, version)
	switch {
	case errno == unix.ENOSYS && Filtered():
		return "a system call filter around box hides it"
	case errno == unix.ENOSYS:
		return "Linux " + Release() + " has none: 5.13 is the first, and box needs what came with 5.19"
	case errno == unix.EOPNOTSUPP:
		return "it is not turned on: lsm= on the kernel's command line lists what is" + turnedOn()
	case errno == 0 && abi < 2:
		return "Linux " + Release() + " has its first version, in which no file can be renamed into another directory; " +
			"5.19 has the next"
	}
	return ""
}

// turnedOn returns the security modules that are on, as far as they can be read.
func turnedOn() string {
	if list := read("/sys/kernel/security/lsm"); list != "" {
		return ", here " + strings.ReplaceAll(list, ",", ", ")
	}
	return ""
}
