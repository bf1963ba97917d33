package mounts

import (
	"strings"

	"box/internal/early"
	"box/internal/host"
)

// noteRegistries is the note of a file without its passwords.
const noteRegistries = "base view: without the lines that log in"

// registries are the system's files in which npm and pip find package registries, see npmrc(5) and pip's Configuration. They may
// hold the passwords for these.
var registries = [...]string{
	"/etc/npmrc", "/usr/etc/npmrc", "/usr/local/etc/npmrc", "/etc/pip.conf", "/etc/xdg/pip/pip.conf",
}

// registries puts in the place of each such file that logs in somewhere the same without that. What is too long to be looked
// through is empty.
func (v *view) registries() {
	for _, path := range registries {
		if !v.isFile(path) {
			continue
		}
		var buffer [16 << 10]byte
		content := host.ReadFile(path, buffer[:])
		kept := 0
		if len(content) < len(buffer) {
			kept = withoutLogins(buffer[:len(content)])
		}
		if kept == len(content) {
			continue // nearly always; or it can't be read, and not in the sandbox either
		}
		v.replace(path, early.String(buffer[:kept]))
		v.s.Tree[v.at-1].Origin.Note = noteRegistries
	}
}

// withoutLogins removes from an ini file the lines whose key is one that logs in, with what continues them, and from each URL what
// stands before an @. The address itself stays: another registry may have a package of somebody else's by the same name. It works
// in place and returns the new length.
func withoutLogins(data []byte) (n int) {
	dropped := false
	for start := 0; start < len(data); {
		end := start
		for end < len(data) && data[end] != '\n' {
			end++
		}
		end = min(end+1, len(data))
		line := data[start:end]
		start = end
		// A line that is indented continues the one before it, even after empty ones.
		if dropped = logsIn(line) || dropped && strings.IndexByte(" \t\r\n", line[0]) >= 0; !dropped {
			n += withoutUser(data[n:], line)
		}
	}
	return n
}

// logins are parts of keys that log in, in small letters: //registry.example/:_authToken, _password.
var logins = [...]string{"_auth", "password", "passwd", "token", "secret", "username"}

// logsIn reports whether the key of a line is one of them, or that of npm's own private key.
func logsIn(line []byte) bool {
	end := 0
	// In npmrc(5) a colon is a part of the key, in pip's files it ends it.
	for end < len(line) && line[end] != '=' && (line[end] != ':' || end+1 < len(line) && line[end+1] != ' ') {
		end++
	}
	if end == len(line) {
		return false
	}
	for end > 0 && (line[end-1] == ' ' || line[end-1] == '\t') {
		end--
	}
	key := early.String(line[:end])
	if key == "key" || strings.HasSuffix(key, ":key") {
		return true
	}
	for _, word := range logins {
		for at := range len(key) {
			if foldedPrefix(key[at:], word) {
				return true
			}
		}
	}
	return false
}

// foldedPrefix reports whether a text begins with a word in small letters, written in whatever letters.
func foldedPrefix(text, word string) bool {
	if len(text) < len(word) {
		return false
	}
	for i := range len(word) {
		c := text[i]
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		if c != word[i] {
			return false
		}
	}
	return true
}

// withoutUser copies a line to a place that is not after it, but for the name and the password in a URL, and returns how long the
// copy is.
func withoutUser(to, line []byte) (n int) {
	for i := 0; i < len(line); {
		to[n] = line[i]
		n++
		i++
		// What is copied is looked at: the place before line[i] may have something else already.
		if n < 3 || to[n-1] != '/' || to[n-2] != '/' || to[n-3] != ':' {
			continue
		}
		for at := i; at < len(line) && strings.IndexByte("/?#\"' \t\r\n,", line[at]) < 0; at++ {
			if line[at] == '@' {
				i = at + 1
			}
		}
	}
	return n
}
