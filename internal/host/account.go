package host

import (
	"unsafe"

	"box/internal/early"

	"golang.org/x/sys/unix"
)

// Account is what a line of passwd(5) says of a user, or one of group(5) of a group: that has no home and no shell. Other sources
// of names (nsswitch.conf(5)) can't be asked without the C library.
type Account struct{ Name, Home, Shell string }

// User returns what /etc/passwd says of a user id; nothing if it is not there.
func User(uid int) Account { return account("/etc/passwd", uid) }

// Home returns the home directory of a user id as /etc/passwd has it, or "".
func Home(uid int) string { return User(uid).Home }

// Group returns what /etc/group says of a group id; nothing if it is not there.
func Group(gid int) Account { return account("/etc/group", gid) }

// account returns what the first line for an id says in a file.
func account(file string, id int) (a Account) {
	var p path
	p.set(file)
	fd, errno := open(&p, unix.O_RDONLY)
	if errno != 0 {
		return a
	}
	var data [16 << 10]byte
	for have, found := 0, false; !found; { // of data, the beginning of a line first
		n, errno := Read(fd, data[have:])
		if errno != 0 || n == 0 {
			break
		}
		have += n
		line := 0
		for !found {
			end := line
			for end < have && data[end] != '\n' {
				end++
			}
			if end == have {
				break
			}
			a, found = accountIn(unsafe.String(&data[line], end-line), id)
			line = end + 1
		}
		have = copy(data[:], data[line:have])
		if have == len(data) {
			break // no line is that long
		}
	}
	Close(fd)
	return a
}

// accountIn reads a line of passwd(5), name:password:uid:gid:comment:home:shell, or of group(5), name:password:gid:members. It
// reports whether the line is for id.
func accountIn(line string, id int) (a Account, is bool) {
	const idField, homeField, shellField = 2, 5, 6
	name := ""
	field := 0
	for start := 0; start <= len(line); field++ {
		end := start
		for end < len(line) && line[end] != ':' {
			end++
		}
		text := line[start:end]
		switch field {
		case 0:
			name = text
		case idField:
			if n, ok := decimal([]byte(text)); !ok || n != id {
				return Account{}, false
			}
			a.Name, is = early.Concat(name), true
		case homeField:
			a.Home = early.Concat(text)
		case shellField:
			a.Shell = early.Concat(text)
		}
		start = end + 1
	}
	return a, is
}
