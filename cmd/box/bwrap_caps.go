package main

import (
	"strings"

	"golang.org/x/sys/unix"
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

func (b *bwrap) capAdd(w []string) error {
	return b.changeCaps(w[1], func(set, c uint64) uint64 { return set | c })
}

func (b *bwrap) capDrop(w []string) error {
	return b.changeCaps(w[1], func(set, c uint64) uint64 { return set &^ c })
}

// changeCaps does one of --cap-add and --cap-drop. An ordinary user begins with none, root with what it has.
func (b *bwrap) changeCaps(word string, change func(set, c uint64) uint64) error {
	c, ok := capNamed(word)
	if !ok {
		return die("unknown cap: %s", word)
	}
	if !b.capsGiven && unix.Getuid() == 0 {
		b.caps = effectiveCaps()
	}
	b.capsGiven = true
	b.caps = change(b.caps, c)
	return nil
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

// effectiveCaps returns the process's own effective set, see capget(2).
func effectiveCaps() uint64 {
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var data [2]unix.CapUserData
	if unix.Capget(&header, &data[0]) != nil {
		return 0
	}
	return uint64(data[0].Effective) | uint64(data[1].Effective)<<32
}

// capabilities decides what the command has: root keeps all that it has if nothing is said.
func (b *bwrap) capabilities() {
	c := &b.spec.Caps
	switch {
	case b.capsGiven:
		c.Keep = b.caps
	case unix.Getuid() == 0:
		c.Callers, c.Keep = true, effectiveCaps()
	}
}
