package project

import (
	"box/internal/early"
	"box/internal/host"

	"golang.org/x/sys/unix"
)

// reader reads a git configuration, see git-config(1), value by value. It needs no heap, and no more memory for a long value: what
// is too long for a Text is no path.
type reader struct {
	fd   int
	data [4 << 10]byte
	at   int // the next byte of data
	have int
	left int // how many bytes of the file may still be read
	line int
	// wrong is what can't be read, or "". Then next returns false.
	wrong string
	begun bool
	// quoted, spaces and kept are the state of a value that next returns in parts; kept is the byte that the next one begins with.
	quoted bool
	spaces int
	kept   int
	// section is the present one, with the dot after it; its subsection keeps its case. key is that of the value: section and
	// variable.
	section early.Text
	key     early.Text
	// whole is the value.
	whole early.Text
}

// longValue is from which length on a value is returned in parts, which end between two words.
const longValue = unix.PathMax * 3 / 4

// maxConfig is how long a configuration may be, in bytes. A longer one is nobody's.
const maxConfig = 1 << 20

// end is what get returns at the end of the file.
const end = -1

// open opens the file at name below dir, and reports whether there is one. One that can't be opened is wrong.
func (r *reader) open(dir int, name string) bool {
	r.at, r.have, r.left, r.line, r.wrong, r.begun, r.kept = 0, 0, maxConfig, 1, "", false, end
	r.section.Reset()
	var errno unix.Errno
	// O_NONBLOCK: a FIFO in the place of the file makes nobody wait.
	r.fd, errno = host.OpenAt(dir, name, unix.O_RDONLY|unix.O_NONBLOCK)
	switch errno {
	case 0:
	case unix.ENOENT, unix.ENOTDIR:
		return false
	default:
		r.wrong = "it can't be opened"
		return true
	}
	if f, errno := host.Look(r.fd, ""); errno != 0 || !f.Is(unix.S_IFREG) {
		r.wrong = "it is no file"
	}
	return true
}

func (r *reader) close() {
	if r.fd >= 0 {
		host.Close(r.fd)
	}
	r.fd = -1
}

// get returns the next byte, or end. A carriage return before a line's end is not there, as in git.
func (r *reader) get() int {
	c := r.byte()
	if c == '\r' {
		if next := r.byte(); next != '\n' {
			r.unget(next)
			return '\r'
		}
		c = '\n'
	}
	if c == '\n' {
		r.line++
	}
	return c
}

func (r *reader) byte() int {
	if r.at == r.have {
		if r.wrong != "" || r.left == 0 {
			return end
		}
		// The first byte stays free for unget.
		n, errno := host.Read(r.fd, r.data[1:min(len(r.data), r.left+1)])
		switch {
		case errno != 0:
			r.wrong = "it can't be read"
			return end
		case n <= 0:
			r.left = 0
			return end
		}
		if r.left -= n; r.left == 0 {
			r.wrong = "it is larger than 1 MiB"
		}
		r.at, r.have = 1, 1+n
	}
	c := r.data[r.at]
	r.at++
	return int(c)
}

// unget takes back the last byte that byte has returned.
func (r *reader) unget(c int) {
	if c != end {
		r.at--
		r.data[r.at] = byte(c)
	}
}

// next reads up to the next value, or the next part of one, and reports whether there is one. key and whole have it then.
func (r *reader) next() bool {
	if r.kept != end {
		r.whole.Reset()
		add(&r.whole, r.kept)
		r.kept = end
		r.text()
		return r.wrong == ""
	}
	if !r.begun {
		r.begun = true
		r.mark()
	}
	for r.wrong == "" {
		switch c := r.get(); {
		case c == end:
			return false
		case isSpace(c):
		case c == '#', c == ';':
			r.comment()
		case c == '[':
			r.heading()
		case isLetter(c) && r.section.Len() > 0:
			r.value(c)
			return r.wrong == ""
		default:
			r.wrong = "a line is not one of a configuration"
		}
	}
	return false
}

// mark skips a byte order mark, which git skips, too.
func (r *reader) mark() {
	if c := r.byte(); c != 0xef {
		r.unget(c)
		return
	}
	if r.byte() != 0xbb || r.byte() != 0xbf {
		r.wrong = "a line is not one of a configuration"
	}
}

func (r *reader) comment() {
	for c := r.get(); c != end && c != '\n'; {
		c = r.get()
	}
}

// heading reads what follows a bracket: [section], [section "Subsection"], or the old [section.subsection].
func (r *reader) heading() {
	r.section.Reset()
	for {
		switch c := r.get(); {
		case c == ']':
			r.section.Add(".")
			return
		case isLetter(c), isDigit(c), c == '-', c == '.':
			add(&r.section, lower(c))
		case c == ' ', c == '\t':
			r.subsection()
			return
		default:
			r.wrong = "a section has no end"
			return
		}
	}
}

// subsection reads the quoted part of a heading.
func (r *reader) subsection() {
	c := r.get()
	for c == ' ' || c == '\t' {
		c = r.get()
	}
	if c != '"' {
		r.wrong = "a section has no end"
		return
	}
	r.section.Add(".")
	for c = r.get(); c != '"'; c = r.get() {
		if c == '\\' {
			c = r.get()
		}
		if c == end || c == '\n' {
			r.wrong = "a section has no end"
			return
		}
		add(&r.section, c)
	}
	if r.get() != ']' {
		r.wrong = "a section has no end"
	}
	r.section.Add(".")
}

// value reads a variable, whose name begins with c, and its value.
func (r *reader) value(c int) {
	r.key.Reset()
	r.whole.Reset()
	r.quoted, r.spaces = false, 0
	r.key.Add(r.section.String())
	for isLetter(c) || isDigit(c) || c == '-' {
		add(&r.key, lower(c))
		c = r.get()
	}
	for c == ' ' || c == '\t' {
		c = r.get()
	}
	switch c {
	case end, '\n': // as "true"
	case '=':
		r.text()
	default:
		r.wrong = "a variable has no value"
	}
}

// text reads a value: quotes, a backslash before what would mean something else, and comments.
func (r *reader) text() {
	for {
		c := r.get()
		switch {
		case c == end, c == '\n':
			if r.quoted {
				r.wrong = "a quote has no end"
			}
			return
		case !r.quoted && isSpace(c):
			r.spaces++
			continue
		case !r.quoted && (c == '#' || c == ';'):
			r.comment()
			return
		case c == '"':
			r.quoted = !r.quoted
			continue
		}
		if c == '\\' {
			if c = r.escaped(); c == end {
				if r.wrong != "" {
					return
				}
				continue
			}
		}
		if r.whole.Len() > longValue && (r.spaces > 0 || isSpace(c)) {
			r.kept, r.spaces = c, 0
			return
		}
		for ; r.spaces > 0; r.spaces-- { // those in front of the value, and at its end, are not of it
			if r.whole.Len() > 0 {
				r.whole.Add(" ")
			}
		}
		add(&r.whole, c)
	}
}

// escaped returns what a backslash and the next byte mean; end is nothing.
func (r *reader) escaped() int {
	switch c := r.get(); c {
	case '\n':
		return end
	case '"', '\\':
		return c
	case 'n':
		return '\n'
	case 't':
		return '\t'
	case 'b':
		return '\b'
	}
	r.wrong = "a backslash stands before what needs none"
	return end
}

// add appends a byte to a text.
func add(t *early.Text, c int) {
	b := [1]byte{byte(c)}
	t.Add(early.String(b[:]))
}

func isSpace(c int) bool  { return c == ' ' || c >= '\t' && c <= '\r' }
func isDigit(c int) bool  { return c >= '0' && c <= '9' }
func isLetter(c int) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }

func lower(c int) int {
	if c >= 'A' && c <= 'Z' {
		return c | 0x20
	}
	return c
}
