package shim

import (
	"bytes"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// logIn returns a log in a new directory.
func logIn(t *testing.T, limit int64) (*log, string) {
	t.Helper()
	dir := t.TempDir()
	fd, err := unix.Open(dir, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	l := new(log)
	if errno := l.open(fd, limit); errno != 0 {
		t.Fatal(errno)
	}
	t.Cleanup(func() { unix.Close(fd); unix.Close(l.fd) })
	return l, dir
}

func read(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

var record = regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z (stdout|stderr|box) [FP] `)

// A line is a record, and what has no end yet is a part of one. Bytes stay as they are.
func TestLogRecords(t *testing.T) {
	l, dir := logIn(t, 0)
	l.add(stdout, []byte("one\ntwo\x1b[0m\x00\xff\n\npart"))
	l.add(stderr, []byte(" of a line\n"))
	l.say("from box")
	var got []string
	for line := range strings.Lines(read(t, dir+"/log")) {
		if !record.MatchString(line) {
			t.Errorf("%q is no record", line)
			continue
		}
		stamp, rest, _ := strings.Cut(line, " ")
		if at, err := time.Parse(time.RFC3339Nano, stamp); err != nil || time.Since(at).Abs() > time.Minute {
			t.Errorf("%s: %v", stamp, err)
		}
		got = append(got, rest)
	}
	want := []string{
		"stdout F one\n",
		"stdout F two\x1b[0m\x00\xff\n", "stdout F \n", "stdout P part\n", "stderr F  of a line\n", "box F from box\n",
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%q", got)
	}
}

// A long line is several records, and nothing of it is lost.
func TestLogOfALongLine(t *testing.T) {
	l, dir := logIn(t, 1<<20)
	long := bytes.Repeat([]byte("0123456789"), 5000)
	l.add(stdout, append(long, '\n'))
	text, ended := "", false
	for line := range strings.Lines(read(t, dir+"/log")) {
		mark := record.FindString(line)
		text += strings.TrimSuffix(line[len(mark):], "\n")
		ended = strings.HasSuffix(mark, "F ")
	}
	if text != string(long) || !ended {
		t.Errorf("%d bytes, ended: %v", len(text), ended)
	}
}

// Lines that come together, more than are written at a time, are all there, and each is a record.
func TestLogOfManyLines(t *testing.T) {
	l, dir := logIn(t, 0)
	var said, want bytes.Buffer
	for i := range 5000 {
		fmt.Fprintf(&said, "line %d\n", i)
		fmt.Fprintf(&want, "stderr F line %d\n", i)
	}
	said.WriteString("the last has no end")
	want.WriteString("stderr P the last has no end\n")
	l.add(stderr, said.Bytes())
	var got bytes.Buffer
	for line := range strings.Lines(read(t, dir+"/log")) {
		_, rest, _ := strings.Cut(line, " ")
		got.WriteString(rest)
	}
	if got.String() != want.String() {
		t.Errorf("%d bytes, want %d: %.100q", got.Len(), want.Len(), got.String())
	}
}

// Two files are kept, none longer than the limit, and each begins with a record.
func TestLogRotates(t *testing.T) {
	const limit = 64 << 10
	l, dir := logIn(t, limit)
	for i := range 20000 {
		l.add(stdout, fmt.Appendf(nil, "line %d\n", i))
	}
	first, second := read(t, dir+"/log.1"), read(t, dir+"/log")
	if len(first) > limit || len(second) > limit || len(first) < limit/2 {
		t.Errorf("%d and %d bytes", len(first), len(second))
	}
	if !record.MatchString(first) || !record.MatchString(second) || !strings.HasSuffix(second, "line 19999\n") {
		t.Errorf("%.60q, %.60q", first, second)
	}
	files, _ := os.ReadDir(dir)
	if len(files) != 2 {
		t.Errorf("%v", files)
	}
}

// A log that can't be written loses what is said, and says how much that was as soon as it can.
func TestLogOfAFullDisk(t *testing.T) {
	l, dir := logIn(t, 0)
	l.add(stdout, []byte("before\n"))
	good := l.fd
	full, err := unix.Open("/dev/full", unix.O_WRONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	l.fd = full
	for range 3 {
		l.add(stdout, []byte("lost\n"))
	}
	unix.Close(full)
	l.fd = good
	l.add(stdout, []byte("after\n"))
	lines := strings.Split(strings.TrimSpace(read(t, dir+"/log")), "\n")
	if len(lines) != 3 || !strings.HasSuffix(lines[0], "before") || !strings.HasSuffix(lines[2], "after") {
		t.Fatalf("%q", lines)
	}
	var lost int
	_, err = fmt.Sscanf(record.ReplaceAllString(lines[1], ""), "%d bytes of the log were lost", &lost)
	if err != nil || lost < 3*45 {
		t.Errorf("%q: %d, %v", lines[1], lost, err)
	}
	if l.lost != 0 {
		t.Errorf("%d bytes are still said to be lost", l.lost)
	}
}

// Days are those of the calendar.
func TestCivil(t *testing.T) {
	for day := range int64(80000) {
		want := time.Unix(day*86400, 0).UTC()
		year, month, date := civil(day)
		if year != int64(want.Year()) || month != int64(want.Month()) || date != int64(want.Day()) {
			t.Fatalf("%d: %d-%d-%d, want %v", day, year, month, date, want)
		}
	}
}

// Only what a Handover has made is its argv[0].
func TestCalled(t *testing.T) {
	for _, want := range []Handover{
		Nothing,
		{Report: 5, Lock: -1, Listener: -1},
		{Report: -1, Lock: 7, Listener: 9, Row: 3, Total: 12, Name: "web", Again: true},
	} {
		if got, is := Called(want.String()); !is || got != want {
			t.Errorf("%s: %+v, want %+v", want.String(), got, want)
		}
	}
	for _, argv0 := range []string{
		"box", "box-shim:", "box-shim:x:1:::web", "/bin/box-shim:5:7:::", "box-shim:5:7:web", "box-shim:-1:1::::",
	} {
		if got, is := Called(argv0); is || got != Nothing {
			t.Errorf("%s: %+v", argv0, got)
		}
	}
}
