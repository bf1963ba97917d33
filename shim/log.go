package shim

import (
	"bytes"

	"box/internal/early"
	"box/internal/host"

	"golang.org/x/sys/unix"
)

// log is what a box has said: lines of the Container Runtime Interface, such as
//
//	2026-11-27T02:46:00.986051173Z stdout F text
//
// The stream is stdout, stderr or box: what box itself has to say. F ends a line, and P is a part of one. When the file log is full
// it becomes log.1, and a new one is begun. What can't be written is lost, and how much that was is written as soon as that works.
type log struct {
	dir    int
	fd     int // -1 is no log
	size   int64
	limit  int64
	lost   int64
	ended  bool // what was read last has ended
	day    int64
	date   [len("2026-11-27T")]byte
	n      int
	input  [64 << 10]byte
	output [64 << 10]byte
}

// logLimit is the size of a file of the log if nobody says another.
const logLimit = 8 << 20

// What comes after the time.
var streams = [...]string{stdout: " stdout F ", stderr: " stderr F ", own: " box F "}

// stampMost is how long a stamp is at most.
const stampMost = len("2026-11-27T02:46:00.986051173Z stderr F ")

// open begins a log in a directory, after what is there.
func (l *log) open(dir int, limit int64) (errno unix.Errno) {
	l.dir, l.limit, l.day, l.fd = dir, limit, -1, -1
	if limit == 0 {
		l.limit = logLimit
	}
	const flags = unix.O_WRONLY | unix.O_CREAT | unix.O_APPEND | unix.O_NOFOLLOW
	if l.fd, errno = host.CreateAt(dir, "log", flags, 0o600); errno != 0 {
		return errno
	}
	f, errno := host.Look(l.fd, "")
	l.size = f.Size
	return errno
}

// take reads what there is. It is nil if there is nothing at present, or nothing any more: then ended is true.
func (l *log) take(fd int) []byte {
	n, errno := host.Read(fd, l.input[:])
	l.ended = errno == 0 && n == 0 || errno != 0 && errno != unix.EAGAIN && errno != unix.EINTR
	if errno != 0 || n <= 0 {
		return nil
	}
	return l.input[:n]
}

// lineMost is how much of a line one record has.
const lineMost = 16 << 10

// add writes what was said.
func (l *log) add(stream int, data []byte) {
	if l.fd < 0 {
		return
	}
	if l.lost > 0 {
		l.tellLost()
	}
	var stamp [stampMost]byte
	head := l.stamp(stamp[:0], stream)
	for len(data) > 0 {
		end := 1 + bytes.IndexByte(data[:min(len(data), lineMost)], '\n')
		if end > 0 {
			l.record(head, data[:end])
		} else {
			end = min(len(data), lineMost)
			l.part(head, data[:end])
		}
		data = data[end:]
	}
	l.flush()
}

// record adds a record to what is written next: a line, with its end. The log takes many of them, one after the other.
func (l *log) record(head, line []byte) {
	if len(l.output)-l.n < len(head)+len(line) {
		l.flush()
	}
	l.n += copy(l.output[l.n:], head)
	l.n += copy(l.output[l.n:], line)
}

// part adds a record of a line that has no end yet.
func (l *log) part(head, text []byte) {
	if len(l.output)-l.n < len(head)+len(text)+1 {
		l.flush()
	}
	l.n += copy(l.output[l.n:], head)
	l.output[l.n-len("P ")] = 'P'
	l.n += copy(l.output[l.n:], text)
	l.output[l.n] = '\n'
	l.n++
}

// flush writes what was added: whole records, or none of them.
func (l *log) flush() {
	n := int64(l.n)
	l.n = 0
	if n == 0 {
		return
	}
	if l.size+n > l.limit && l.size > 0 {
		l.rotate()
	}
	if errno := host.WriteAll(l.fd, early.String(l.output[:n])); errno != 0 {
		host.Truncate(l.fd, l.size)
		l.lost += n
		return
	}
	l.size += n
}

// rotate begins a new file.
func (l *log) rotate() {
	const flags = unix.O_WRONLY | unix.O_CREAT | unix.O_APPEND | unix.O_NOFOLLOW | unix.O_TRUNC
	host.RemoveAt(l.dir, "log.1", 0) // where a name takes that of another, file systems write the file to the disk first
	host.Replace(l.dir, "log", "log.1")
	fd, errno := host.CreateAt(l.dir, "log", flags, 0o600)
	if errno != 0 {
		return // the old one has its other name, and is longer than it should be
	}
	host.Close(l.fd)
	l.fd, l.size = fd, 0
}

// tellLost writes how much was lost. As long as that fails, it is lost as well.
func (l *log) tellLost() {
	var stamp [stampMost]byte
	var digits [early.MaxDigits]byte
	lost := l.lost
	l.record(l.stamp(stamp[:0], own), early.Digits(digits[:], uint64(lost), 10))
	l.n += copy(l.output[l.n:], " bytes of the log were lost: they could not be written\n")
	if l.flush(); l.lost == lost {
		l.lost = 0
		return
	}
	l.lost = lost
}

// say writes a line of the shim's own.
func (l *log) say(text string) {
	if l.fd < 0 {
		return
	}
	var stamp [stampMost]byte
	l.record(l.stamp(stamp[:0], own), nil)
	l.n += copy(l.output[l.n:], text)
	l.n += copy(l.output[l.n:], "\n")
	l.flush()
}

// stamp appends what a record of a whole line begins with: the time and the stream. to has room for them.
func (l *log) stamp(to []byte, stream int) []byte {
	now := host.Now()
	const second = int64(1e9)
	const minute, hour, day = 60 * second, 3600 * second, 86400 * second
	if d := now / day; d != l.day {
		l.day = d
		year, month, date := civil(d)
		put(l.date[0:4], year)
		put(l.date[5:7], month)
		put(l.date[8:10], date)
		l.date[4], l.date[7], l.date[10] = '-', '-', 'T'
	}
	to = to[:len("2026-11-27T02:46:00.986051173Z")]
	copy(to, l.date[:])
	put(to[11:13], now%day/hour)
	put(to[14:16], now%hour/minute)
	put(to[17:19], now%minute/second)
	put(to[20:29], now%second)
	to[13], to[16], to[19], to[29] = ':', ':', '.', 'Z'
	n := len(to)
	to = to[:n+len(streams[stream])]
	copy(to[n:], streams[stream])
	return to
}

// put writes a number with zeros in front.
func put(to []byte, n int64) {
	for i := len(to) - 1; i >= 0; i-- {
		to[i] = byte('0' + n%10)
		n /= 10
	}
}

// civil returns the date of a day since 1970-01-01. It is the algorithm of Howard Hinnant's civil_from_days, for days after that.
func civil(day int64) (year, month, date int64) {
	const era = 146097 // days in 400 years
	z := day + 719468  // days since 0000-03-01
	doe := z % era
	yoe := (doe - doe/1460 + doe/36524 - doe/146096) / 365
	doy := doe - (365*yoe + yoe/4 - yoe/100)
	mp := (5*doy + 2) / 153 // months since March
	year, month, date = yoe+z/era*400, mp+3, doy-(153*mp+2)/5+1
	if month > 12 {
		year, month = year+1, month-12
	}
	return year, month, date
}
