package mounts

import (
	"box/internal/host"
	"box/spec"

	"golang.org/x/sys/unix"
)

// noteWithheld is the note of what hides one of them.
const noteWithheld = "base view: keys and passwords are kept there"

// withheld are the files and directories of /etc that hold keys and passwords, and nothing that a program needs which is not
// theirs. Most systems let only root read them; many are opened to a group, or to all, so that one service can.
var withheld = [...]string{
	// Package managers.
	"/etc/apt/auth.conf", "/etc/apt/auth.conf.d",
	// Networks.
	"/etc/wireguard", "/etc/openvpn", "/etc/ipsec.secrets", "/etc/ipsec.d", "/etc/swanctl", "/etc/vpnc", "/etc/tinc",
	"/etc/NetworkManager/system-connections", "/etc/wpa_supplicant", "/etc/netplan",
	// Mail and file servers.
	"/etc/msmtprc", "/etc/ssmtp", "/etc/exim4/passwd.client", "/etc/postfix/sasl_passwd", "/etc/davfs2/secrets",
	// Keys of the machine and of services.
	"/etc/ssl/private", "/etc/letsencrypt", "/etc/krb5.keytab", "/etc/boto.cfg", "/etc/rclone.conf", "/etc/cloudflared",
	"/etc/gitlab-runner", "/etc/kubernetes", "/etc/rancher",
}

// withhold hides what the command could read of them.
func (v *view) withhold() {
	for _, path := range withheld {
		mode, errno := host.Stat(path, unix.AT_SYMLINK_NOFOLLOW)
		if errno != 0 {
			continue
		}
		link := mode&unix.S_IFMT == unix.S_IFLNK
		// A link is followed as in the sandbox, and for root some are hidden already.
		if (link || v.h.UID == root) && !Has(v.s, path) {
			continue
		}
		if link {
			mode, errno = host.Stat(path, 0)
		}
		switch {
		case errno != 0:
		case mode&unix.S_IFMT == unix.S_IFDIR && host.Access(path, unix.X_OK) && !host.Empty(path):
			v.add(emptyDir(path, noteWithheld))
		case mode&unix.S_IFMT == unix.S_IFREG && host.Access(path, unix.R_OK):
			v.add(emptyFile(path, noteWithheld))
		}
	}
}

// emptyDir is an empty directory, read-only, in the place of one of the host's.
func emptyDir(path, note string) spec.Entry {
	e := spec.Entry{Kind: spec.Tmpfs, RO: true, There: true, Dest: path, Perms: 0o755}
	e.Origin.Note = note
	return e
}

// emptyFile is an empty file, read-only, in the place of one of the host's.
func emptyFile(path, note string) spec.Entry {
	e := spec.Entry{Kind: spec.Data, RO: true, There: true, Dest: path, Perms: 0o444}
	e.Origin.Note = note
	return e
}
