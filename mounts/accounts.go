package mounts

import (
	"box/internal/early"
	"box/internal/host"

	"golang.org/x/sys/unix"
)

// The ids that have a name on every system. What no id of the sandbox is mapped to belongs to nobody, see user_namespaces(7).
const (
	root   = 0
	nobody = 65534
)

// accounts makes the files of users and groups: who the command is, root and nobody. Nobody else owns anything in a user namespace
// of the sandbox's own, and of the other users the command learns nothing. Without such a namespace ids are what they are, and so
// are the files.
//
// The caller's groups, but for the first one, are not mapped: they are nobody's, too.
func (v *view) accounts() {
	if !v.s.OwnsUser() {
		return
	}
	name := v.callersName()
	if v.isFile("/etc/passwd") {
		v.passwd(name)
	}
	if v.isFile("/etc/group") {
		v.group(name)
	}
}

// passwd makes the file of users, see passwd(5). Of an id the first line counts.
func (v *view) passwd(name string) {
	const rootLine, nobodyLine = "root:x:0:0::/root:/bin/sh\n", "nobody:x:65534:65534::/nonexistent:/usr/sbin/nologin\n"
	uid, gid := v.s.IDs.UID, v.s.IDs.GID
	home, shell := v.h.Home, v.h.Account.Shell
	if !plainField(home) || home[0] != '/' {
		home = "/"
	}
	if !plainField(shell) {
		shell = "/bin/sh"
	}
	var own early.Text
	own.Add(idName(uid, name, "nobody"))
	own.Add(":x:")
	own.AddNumber(uint64(uid))
	own.Add(":")
	own.AddNumber(uint64(gid))
	own.Add("::")
	v.replace("/etc/passwd",
		own.String(), home, ":", shell, "\n", unless(uid == root, rootLine), unless(uid == nobody, nobodyLine))
}

// group makes the file of groups, see group(5).
func (v *view) group(name string) {
	const rootLine, nobodyLine = "root:x:0:\n", "nogroup:x:65534:\n"
	gid := v.s.IDs.GID
	if group := host.Group(unix.Getgid()).Name; plainField(group) {
		name = group
	}
	var own early.Text
	own.Add(":x:")
	own.AddNumber(uint64(gid))
	own.Add(":\n")
	v.replace("/etc/group",
		idName(gid, name, "nogroup"), own.String(), unless(gid == root, rootLine), unless(gid == nobody, nobodyLine))
}

// callersName returns the name of the caller. A user whom /etc/passwd doesn't have is called as the environment says.
func (v *view) callersName() string {
	for _, name := range [...]string{v.h.Account.Name, v.h.User} {
		if plainField(name) && len(name) <= maxName {
			return name
		}
	}
	return "user"
}

// maxName is the longest name of a user, see useradd(8).
const maxName = 256

// idName returns the name of an id: the one that it has on every system, or the given one.
func idName(id uint32, name, nobodys string) string {
	switch id {
	case root:
		return "root"
	case nobody:
		return nobodys
	}
	return name
}

// unless returns a line, if no other has its place.
func unless(has bool, line string) string {
	if has {
		return ""
	}
	return line
}

// plainField reports whether a text is one field of a line in such a file.
func plainField(text string) bool {
	for i := range len(text) {
		if c := text[i]; c < ' ' || c == ':' || c == 0x7f {
			return false
		}
	}
	return text != ""
}
