package mounts

const (
	sshConfig = "/etc/ssh/ssh_config.d"
	noteSSH   = "base view: ssh refuses what belongs to nobody"
)

// sshConfig hides the files that /etc/ssh/ssh_config includes, if there are any. ssh(1) takes them from root or the user only, and
// ends if one belongs to somebody else ("Bad owner or permissions"). In a user namespace root's files belong to nobody, unless root
// itself has made it.
func (v *view) sshConfig() {
	if v.h.UID == root || !v.s.OwnsUser() {
		return
	}
	if filled(sshConfig) {
		v.add(emptyDir(sshConfig, noteSSH))
	}
}
