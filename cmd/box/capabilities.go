package main

import (
	"strconv"
	"strings"
)

// capNames are the capabilities in the order of their numbers, see linux/capability.h.
var capNames = [...]string{
	"chown", "dac_override", "dac_read_search", "fowner", "fsetid", "kill", "setgid", "setuid", "setpcap", "linux_immutable",
	"net_bind_service", "net_broadcast", "net_admin", "net_raw", "ipc_lock", "ipc_owner", "sys_module", "sys_rawio",
	"sys_chroot", "sys_ptrace", "sys_pacct", "sys_admin", "sys_boot", "sys_nice", "sys_resource", "sys_time",
	"sys_tty_config", "mknod", "lease", "audit_write", "audit_control", "setfcap", "mac_override", "mac_admin", "syslog",
	"wake_alarm", "block_suspend", "audit_read", "perfmon", "bpf", "checkpoint_restore",
}

const allCaps = 1<<len(capNames) - 1

// capChoice is what --cap-add and --cap-drop have chosen, in order.
type capChoice struct {
	set   uint64
	given bool
}

// add and drop return false for a word that is no capability.
func (c *capChoice) add(word string) bool {
	return c.change(word, func(set, named uint64) uint64 { return set | named })
}

func (c *capChoice) drop(word string) bool {
	return c.change(word, func(set, named uint64) uint64 { return set &^ named })
}

func (c *capChoice) change(word string, change func(set, named uint64) uint64) bool {
	named, ok := capNamed(word)
	if ok {
		c.set, c.given = change(c.set, named), true
	}
	return ok
}

// capNamed returns the bit of a capability by the names of cap_from_name(3): cap_kill, CAP_KILL, a number; ALL is all.
func capNamed(word string) (uint64, bool) {
	if strings.EqualFold(word, "ALL") {
		return allCaps, true
	}
	if n, ok := strtol(word); ok && n >= 0 && n < 64 {
		return 1 << n, true
	}
	name, ok := strings.CutPrefix(strings.ToLower(word), "cap_")
	for n := range capNames {
		if ok && capNames[n] == name {
			return 1 << n, true
		}
	}
	return 0, false
}

// capList returns the names of the capabilities in a set, as --cap-add takes them.
func capList(set uint64) (names []string) {
	if set == allCaps {
		return []string{"ALL"}
	}
	for n := range 64 {
		switch {
		case set>>n&1 == 0:
		case n < len(capNames):
			names = append(names, "CAP_"+strings.ToUpper(capNames[n]))
		default:
			names = append(names, strconv.Itoa(n)) // of a newer kernel
		}
	}
	return names
}
