package mounts

import (
	"box/internal/early"
	"box/internal/host"
	"box/spec"

	"golang.org/x/sys/unix"
)

// resolvConf names the servers that names are asked of, see resolv.conf(5).
const resolvConf = "/etc/resolv.conf"

// noteResolver is the note of what it leads to.
const noteResolver = "base view: what " + resolvConf + " leads to, with the caller's network"

// resolver brings the file that /etc/resolv.conf leads to, where the network is the caller's and the link leads out of the base
// view: that of systemd-resolved lies in /run. The file is put where the link leads to in the sandbox, whatever other links the way
// has on the host. Only root can have made them, as far as /etc is concerned, and it is nothing but a file that is brought.
func (v *view) resolver() {
	if !v.s.Callers(spec.Net) {
		return
	}
	mode, errno := host.Stat(resolvConf, unix.AT_SYMLINK_NOFOLLOW)
	if errno != 0 || mode&unix.S_IFMT != unix.S_IFLNK {
		return
	}
	f := finder{s: v.s}
	if f.find(resolvConf) || f.tooLong() {
		return
	}
	if mode, errno := host.Stat(resolvConf, 0); errno != 0 || mode&unix.S_IFMT != unix.S_IFREG {
		return
	}
	e := spec.Entry{Kind: spec.Bind, RO: true, Try: true, Source: RealPath(resolvConf), Dest: f.missing()}
	e.Origin.Note = noteResolver
	v.add(e)
}

// missing returns the path that would have to exist for find to go on: what it has come to, and the rest.
func (f *finder) missing() string { return Spelled(early.Concat(f.at.String(), "/", f.rest.String())) }
