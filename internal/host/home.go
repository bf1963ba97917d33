package host

import (
	"unsafe"

	"box/internal/early"

	"golang.org/x/sys/unix"
)

// Home returns the home directory of a user as /etc/passwd has it, see passwd(5), or "". Other sources of names (nsswitch.conf(5))
// can't be asked without the C library.
func Home(uid int) string {
	var p path
	p.set("/etc/passwd")
	fd, errno := open(&p, unix.O_RDONLY)
	if errno != 0 {
		return ""
	}
	var data [16 << 10]byte
	home := ""
	for have := 0; home == ""; { // of data, the beginning of a line first
		n, errno := Read(fd, data[have:])
		if errno != 0 || n == 0 {
			break
		}
		have += n
		line := 0
		for home == "" {
			end := line
			for end < have && data[end] != '\n' {
				end++
			}
			if end == have {
				break
			}
			home, line = homeIn(unsafe.String(&data[line], end-line), uid), end+1
		}
		have = copy(data[:], data[line:have])
		if have == len(data) {
			break // no line is that long
		}
	}
	Close(fd)
	return home
}

// homeIn returns the home directory in a line of passwd(5), if it is of the user: name:password:uid:gid:comment:home:shell.
func homeIn(line string, uid int) string {
	const uidField, homeField = 2, 5
	field := 0
	for start := 0; start <= len(line); field++ {
		end := start
		for end < len(line) && line[end] != ':' {
			end++
		}
		text := line[start:end]
		switch field {
		case uidField:
			if n, ok := decimal([]byte(text)); !ok || n != uid {
				return ""
			}
		case homeField:
			return early.Concat(text)
		}
		start = end + 1
	}
	return ""
}
