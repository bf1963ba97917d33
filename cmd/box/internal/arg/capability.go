package arg

import (
	"strings"
)

// CapabilityNames are the capabilities in the order of their numbers, see
// linux/capability.h. They have no "cap_" in front, and are those up to Linux
// 5.9, which has checkpoint_restore.
var CapabilityNames = [...]string{
	"chown", "dac_override", "dac_read_search", "fowner", "fsetid", "kill", "setgid", "setuid", "setpcap", "linux_immutable",
	"net_bind_service", "net_broadcast", "net_admin", "net_raw", "ipc_lock", "ipc_owner", "sys_module", "sys_rawio",
	"sys_chroot", "sys_ptrace", "sys_pacct", "sys_admin", "sys_boot", "sys_nice", "sys_resource", "sys_time",
	"sys_tty_config", "mknod", "lease", "audit_write", "audit_control", "setfcap", "mac_override", "mac_admin", "syslog",
	"wake_alarm", "block_suspend", "audit_read", "perfmon", "bpf", "checkpoint_restore",
}

// AllCapabilities has a bit for each of them. It has none for capabilities of a
// newer kernel, which only a number names.
const AllCapabilities = 1<<len(CapabilityNames) - 1

// Capabilities is what --cap-add and --cap-drop have chosen, in order. Set has
// bit n for capability n. Given says that at least one flag has changed it,
// even to nothing.
type Capabilities struct {
	Set   uint64
	Given bool
}

// Add and Drop return false for a word that is not a capability.
func (c *Capabilities) Add(word string) bool {
	return c.change(word, func(set, named uint64) uint64 { return set | named })
}

// Drop takes back what Add has added.
func (c *Capabilities) Drop(word string) bool {
	return c.change(word, func(set, named uint64) uint64 { return set &^ named })
}

// change does what both have in common. A word that is not a capability leaves Set and
// Given as they are.
func (c *Capabilities) change(word string, change func(set, named uint64) uint64) bool {
	named, ok := capability(word)
	if ok {
		c.Set, c.Given = change(c.Set, named), true
	}
	return ok
}

// capability returns the bit of a capability by the names of cap_from_name(3):
// cap_kill, CAP_KILL, a number; ALL is all.
func capability(word string) (uint64, bool) {
	if strings.EqualFold(word, "ALL") {
		return AllCapabilities, true
	}
	if n, ok := Strtol(word); ok && n >= 0 && n < 64 {
		return 1 << n, true
	}
	name, ok := strings.CutPrefix(strings.ToLower(word), "cap_")
	for n := range CapabilityNames {
		if ok && CapabilityNames[n] == name {
			return 1 << n, true
		}
	}
	return 0, false
}
